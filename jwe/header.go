package jwe

import (
	"crypto/ecdsa"
	"errors"
	"fmt"
	"strings"
)

const (
	maxHeader    = 4 << 10 // decoded, in bytes
	maxKeyID     = 255     // bytes
	maxPartyInfo = 512     // bytes of apu and of apv
)

// header is what a token says about its encryption. It selects among keys and decides nothing.
type header struct {
	pair
	id      string // "kid", empty if absent
	content string // "cty"
	object  object
}

// parseHeader reads a decoded header (RFC 7516 §4). What would make the token mean or cost something else is refused:
// extensions ("crit"), compression ("zip"), passwords ("p2s", "p2c") and members of other key
// algorithms. Keys and addresses of keys ("jwk", "jku", "x5u", "x5c") and unknown members are passed over.
func parseHeader(decoded []byte) (header, error) {
	o, err := parseObject(decoded)
	if err != nil {
		return header{}, fmt.Errorf("the header is %w", err)
	}
	for _, name := range []string{"crit", "zip", "p2s", "p2c", "iv", "tag", "b64"} {
		if _, present := o[name]; present {
			return header{}, fmt.Errorf("the header has %q", name)
		}
	}
	h := header{object: o}
	alg, _, err := o.text("alg")
	if err != nil {
		return header{}, err
	}
	enc, _, err := o.text("enc")
	if err != nil {
		return header{}, err
	}
	h.pair = pair{KeyAlgorithm(alg), ContentAlgorithm(enc)}
	if err := h.pair.check(); err != nil {
		return header{}, err
	}
	if h.id, _, err = o.text("kid"); err != nil {
		return header{}, err
	}
	if len(h.id) > maxKeyID {
		return header{}, errors.New("kid is too long")
	}
	if _, _, err := o.text("typ"); err != nil {
		return header{}, err
	}
	if h.content, _, err = o.text("cty"); err != nil {
		return header{}, err
	}
	return h, h.checkAgreement()
}

// checkAgreement checks the form of what only ECDH-ES has (RFC 7518 §4.6.1).
func (h header) checkAgreement() error {
	if !h.agrees() {
		for _, name := range []string{"epk", "apu", "apv"} {
			if _, present := h.object[name]; present {
				return fmt.Errorf("the header has %q, which is not for %s", name, h.key)
			}
		}
		return nil
	}
	for _, name := range []string{"apu", "apv"} {
		value, _, err := h.object.bytes(name)
		if err != nil {
			return err
		}
		if len(value) > maxPartyInfo {
			return fmt.Errorf("%s is too long", name)
		}
	}
	return nil
}

// checkEphemeral checks that "epk" is a public key on the curve of the recipient's, and holds nothing else.
func (h header) checkEphemeral(private *ecdsa.PrivateKey) error {
	raw, present := h.object["epk"]
	if !present {
		return errors.New("the header has no epk")
	}
	epk, err := parseObject(raw)
	if err != nil {
		return fmt.Errorf("epk is %w", err)
	}
	if len(epk) != 4 {
		return errors.New("epk has other members than kty, crv, x and y")
	}
	kty, _, err := epk.text("kty")
	if err != nil || kty != "EC" {
		return errors.New("epk is not of the type EC")
	}
	curve := private.Curve.Params()
	crv, _, err := epk.text("crv")
	if err != nil || crv != curve.Name {
		return errors.New("epk is on another curve")
	}
	size := (curve.BitSize + 7) / 8
	point := []byte{4} // uncompressed (SEC 1 §2.3.3)
	for _, name := range []string{"x", "y"} {
		coordinate, _, err := epk.bytes(name)
		if err != nil || len(coordinate) != size {
			return errors.New("epk has a malformed coordinate")
		}
		point = append(point, coordinate...)
	}
	if _, err := ecdsa.ParseUncompressedPublicKey(private.Curve, point); err != nil {
		return errors.New("epk is not on its curve")
	}
	return nil
}

// isToken says whether "cty" announces a token (RFC 7519 §5.2).
func (h header) isToken() bool {
	const prefix = "application/"
	content := h.content
	if len(content) > len(prefix) && strings.EqualFold(content[:len(prefix)], prefix) {
		content = content[len(prefix):]
	}
	return strings.EqualFold(content, "JWT")
}
