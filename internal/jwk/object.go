package jwk

import (
	"math/big"
	"slices"

	"github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/internal/strictjson"
)

// object is a JWK as JSON.
type object []strictjson.Member

func (o object) find(name string) (strictjson.Value, bool) {
	for _, m := range o {
		if m.Name == name {
			return m.Value, true
		}
	}
	return strictjson.Value{}, false
}

func (o object) has(name string) bool {
	_, ok := o.find(name)
	return ok
}

// text reads an optional string.
func (o object) text(name string) (value string, present bool, err error) {
	v, ok := o.find(name)
	if !ok {
		return "", false, nil
	}
	value, ok = v.Text()
	if !ok {
		return "", false, invalid("%s is not a string", name)
	}
	return value, true, nil
}

// nonEmpty is text for members whose absence is told by "".
func (o object) nonEmpty(name string) (value string, present bool, err error) {
	value, present, err = o.text(name)
	if err == nil && present && value == "" {
		return "", false, invalid("%s is empty", name)
	}
	return value, present, err
}

func (o object) required(name string) (string, error) {
	value, present, err := o.nonEmpty(name)
	if err == nil && !present {
		return "", invalid("%s is missing", name)
	}
	return value, err
}

func (o object) bytes(name string) ([]byte, error) {
	text, err := o.required(name)
	if err != nil {
		return nil, err
	}
	data, err := jws.AppendDecoded(nil, text)
	if err != nil {
		return nil, invalid("%s is not canonical base64url without padding (RFC 7515 §2)", name)
	}
	return data, nil
}

// fixed reads bytes of one permitted length.
func (o object) fixed(name string, size int) ([]byte, error) {
	data, err := o.bytes(name)
	if err != nil {
		return nil, err
	}
	if len(data) != size {
		return nil, invalid("%s has %d bytes, it must have exactly %d", name, len(data), size)
	}
	return data, nil
}

// integer reads a Base64urlUInt (RFC 7518 §2) no longer than the largest modulus.
func (o object) integer(name string) (*big.Int, error) {
	data, err := o.bytes(name)
	if err != nil {
		return nil, err
	}
	if data[0] == 0 {
		return nil, invalid("%s begins with a zero byte (RFC 7518 §2)", name)
	}
	if len(data) > maxRSABits/8 {
		return nil, invalid("%s has %d bytes, RSA keys of at most %d bits are supported", name, len(data), maxRSABits)
	}
	return new(big.Int).SetBytes(data), nil
}

// privateNames are the members that must never be public, whatever the kty
// (RFC 7518 §6.2.2, §6.3.2, §6.4; RFC 8037 §2; RFC 9964 §3).
func privateNames() []string {
	return []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}
}

// materialNames are the members that make up a key of one kind or another.
func materialNames() []string {
	return append(privateNames(), "n", "e", "crv", "x", "y", "pub")
}

// onlyMaterialOf refuses a key that carries the material of another kind as well.
func (o object) onlyMaterialOf(kty string) error {
	own := map[string][]string{
		"oct": {"k"},
		"RSA": {"n", "e", "d", "p", "q", "dp", "dq", "qi", "oth"},
		"EC":  {"crv", "x", "y", "d"},
		"OKP": {"crv", "x", "d"},
	}[kty]
	for _, name := range materialNames() {
		if o.has(name) && !slices.Contains(own, name) {
			return invalid("member %s does not belong to a key of kty %s", name, kty)
		}
	}
	return nil
}
