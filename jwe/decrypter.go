package jwe

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/durward-auth/durward"
)

// MaxTokenSize bounds an encrypted token, in bytes. A durward.Verifier has a lower limit of its own, which comes first.
const MaxTokenSize = 64 << 10

// A Decrypter opens encrypted tokens. It is immutable and safe for concurrent use.
type Decrypter struct{ keys map[keyName]*DecryptionKey }

type keyName struct {
	pair
	id string
}

// NewDecrypter makes a decrypter of one or more keys: the present one, and for a while the one before. Two keys with one
// key id are refused, and so are two of one pair of algorithms without an id.
func NewDecrypter(keys ...*DecryptionKey) (*Decrypter, error) {
	if len(keys) == 0 {
		return nil, errors.New("decrypter: a key is required")
	}
	d := &Decrypter{keys: make(map[keyName]*DecryptionKey, len(keys))}
	ids := map[string]bool{}
	for _, key := range keys {
		if key == nil {
			return nil, errors.New("decrypter: a key is nil")
		}
		name := keyName{key.public.pair, key.ID()}
		if d.keys[name] != nil || key.ID() != "" && ids[key.ID()] {
			return nil, fmt.Errorf("decrypter: two keys have the id %q", key.ID())
		}
		if len(key.ID()) > maxKeyID {
			return nil, fmt.Errorf("decrypter: a key id has %d bytes, it may have %d", len(key.ID()), maxKeyID)
		}
		ids[key.ID()] = true
		d.keys[name] = key
	}
	return d, nil
}

// Decrypt opens an encrypted token in compact form (RFC 7516 §5.2) and returns the signed token that it holds, not yet
// verified: hand it to a durward.Verifier and to nothing else. Decryption proves nothing about who made the token.
//
// The order is fixed: size and form, header, key, the lengths of the parts, the ephemeral key, decryption, and that the content
// is a signed token. Every refusal is under durward.ErrTokenEncryption.
func (d *Decrypter) Decrypt(compact string) (string, error) {
	plaintext, h, err := d.open(compact)
	if err != nil {
		return "", refuse(err)
	}
	if !h.isToken() {
		return "", refuse(errors.New(`the header does not announce a token (cty "JWT")`))
	}
	inner := string(plaintext)
	if err := checkSigned(inner); err != nil {
		return "", refuse(fmt.Errorf("the content is %w", err))
	}
	return inner, nil
}

// Unwrap is Decrypt in the form that the Unwrap of a durward.Config has.
func (d *Decrypter) Unwrap(_ context.Context, token string) (string, error) { return d.Decrypt(token) }

func refuse(err error) error { return fmt.Errorf("%w: %w", durward.ErrTokenEncryption, err) }

// errOpen is every failure behind the look at the lengths: a sender learns nothing about the key from it.
var errOpen = errors.New("the content cannot be decrypted")

func (d *Decrypter) open(compact string) ([]byte, header, error) {
	parts, err := split(compact)
	if err != nil {
		return nil, header{}, err
	}
	h, err := parseHeader(parts[0])
	if err != nil {
		return nil, header{}, err
	}
	key := d.keys[keyName{h.pair, h.id}]
	if key == nil {
		return nil, header{}, errors.New("no key has the token's algorithms and key id")
	}
	if err := key.checkParts(h, parts); err != nil {
		return nil, header{}, err
	}
	alg, enc := h.jose()
	parsed, err := jose.ParseEncryptedCompact(compact, []jose.KeyAlgorithm{alg}, []jose.ContentEncryption{enc})
	if err != nil {
		return nil, header{}, errOpen
	}
	plaintext, err := parsed.Decrypt(key.private)
	if err != nil {
		return nil, header{}, errOpen
	}
	return plaintext, h, nil
}

// split decodes the five parts of a compact token.
func split(compact string) (parts [5][]byte, err error) {
	if len(compact) > MaxTokenSize {
		return parts, fmt.Errorf("the token has %d bytes, it may have %d", len(compact), MaxTokenSize)
	}
	if strings.Count(compact, ".") != len(parts)-1 {
		return parts, errors.New("the token has not five parts")
	}
	for i := range parts {
		text, rest, _ := strings.Cut(compact, ".")
		if i == 0 && len(text) > maxHeader/3*4+4 {
			return parts, errors.New("the header is too long")
		}
		var ok bool
		if parts[i], ok = decode(text); !ok {
			return parts, errors.New("a part is not canonical base64url")
		}
		compact = rest
	}
	return parts, nil
}

// checkParts holds the lengths to the algorithms, and the ephemeral key to ours.
func (k *DecryptionKey) checkParts(h header, parts [5][]byte) error {
	encryptedKey, iv, ciphertext, tag := parts[1], parts[2], parts[3], parts[4]
	want := 0
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		want = private.Size()
	case *ecdsa.PrivateKey:
		if h.key == ECDHESA256KW {
			want = wrappedKeySize
		}
	}
	if len(encryptedKey) != want || len(iv) != h.ivSize() || len(tag) != tagSize || !h.fits(len(ciphertext)) {
		return errors.New("a part has another length than the algorithms give it")
	}
	if private, ok := k.private.(*ecdsa.PrivateKey); ok {
		return h.checkEphemeral(private)
	}
	return nil
}

// checkSigned says whether the text has the form of a signed token; a durward.Verifier looks at it closer.
func checkSigned(text string) error {
	if strings.Count(text, ".") != 2 {
		return errors.New("not a signed token: it has not three parts")
	}
	for part := range strings.SplitSeq(text, ".") {
		if part == "" || strings.Trim(part, alphabet) != "" {
			return errors.New("not a signed token: a part is empty or not base64url")
		}
	}
	return nil
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
