package jwk

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"slices"

	"github.com/durward-auth/durward/internal/jws"
)

// MarshalPublic writes the public part of a key as a JWK without white space, always in the same order:
// kty, kid, use, alg, key_ops, then the material as RFC 7638 orders it. A private key is written as its public
// half, for which key_ops is "verify". Secrets have no public part: an error wrapping ErrInvalid.
// A key that Parse would not accept is an error.
func MarshalPublic(k Key) ([]byte, error) {
	if k.Further != nil {
		if err := checkFurther(k); err != nil {
			return nil, err
		}
		if k.Further.Private != nil && k.Operations != nil {
			k.Operations = []string{"verify"}
		}
		return k.write(k.Further.Type, k.Further.members()).end(), nil
	}
	if err := checkKey(k); err != nil {
		return nil, err
	}
	if k.Secret != nil {
		return nil, invalid("a secret (oct) has no public part")
	}
	if k.Private != nil && k.Operations != nil {
		k.Operations = []string{"verify"}
	}
	return k.writeMaterial().end(), nil
}

// MarshalPrivate writes a private or secret key as a JWK without white space, the order that of MarshalPublic
// with the private members last. A public key, and a key that Parse would not accept, is an error.
func MarshalPrivate(k Key) ([]byte, error) {
	if k.Further != nil {
		return k.marshalFurther()
	}
	if err := checkKey(k); err != nil {
		return nil, err
	}
	if k.Public != nil {
		return nil, invalid("a public key has no private part")
	}
	w := k.writeMaterial()
	switch private := k.Private.(type) {
	case *rsa.PrivateKey:
		p, q := private.Primes[0], private.Primes[1]
		one := big.NewInt(1)
		w.integer("d", private.D)
		w.integer("p", p)
		w.integer("q", q)
		w.integer("dp", new(big.Int).Mod(private.D, new(big.Int).Sub(p, one)))
		w.integer("dq", new(big.Int).Mod(private.D, new(big.Int).Sub(q, one)))
		w.integer("qi", new(big.Int).ModInverse(q, p))
	case *ecdsa.PrivateKey:
		d, _ := private.Bytes() // checkKey has had them already
		w.bytes("d", d)
	case ed25519.PrivateKey:
		w.bytes("d", private.Seed())
	}
	return w.end(), nil
}

func (k Key) marshalFurther() ([]byte, error) {
	if err := checkFurther(k); err != nil {
		return nil, err
	}
	if len(k.Further.Private) == 0 {
		return nil, invalid("a public key has no private part")
	}
	w := k.write(k.Further.Type, k.Further.members())
	for _, m := range sortedMembers(k.Further.Private) {
		w.text(m.name, m.value)
	}
	return w.end(), nil
}

// MarshalSet writes the public parts of the keys as a set (RFC 7517 §5), in the order given.
// A secret, a key that Parse would not accept and a kid that two keys share are errors.
func MarshalSet(keys []Key) ([]byte, error) {
	set := []byte(`{"keys":[`)
	keyIDs := make(map[string]bool)
	for i, key := range keys {
		if key.KeyID != "" && keyIDs[key.KeyID] {
			return nil, invalid("two keys of the set have the kid %q (RFC 7517 §4.5)", key.KeyID)
		}
		keyIDs[key.KeyID] = true
		public, err := MarshalPublic(key)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			set = append(set, ',')
		}
		set = append(set, public...)
	}
	return append(set, "]}"...), nil
}

// writeMaterial begins the JWK of a key: all of a public key and of a secret, the public part of a private key.
func (k Key) writeMaterial() *writer { return k.write(k.Material.kty(), k.Material.members()) }

func (k Key) write(kty string, members []member) *writer {
	w := &writer{}
	w.text("kty", kty)
	if k.KeyID != "" {
		w.text("kid", k.KeyID)
	}
	if k.Use != "" {
		w.text("use", k.Use)
	}
	if k.Algorithm != "" {
		w.text("alg", k.Algorithm)
	}
	if k.Operations != nil {
		w.name("key_ops")
		w.out = append(w.out, '[')
		for i, operation := range k.Operations {
			if i > 0 {
				w.out = append(w.out, ',')
			}
			w.out = append(w.out, quote(operation)...)
		}
		w.out = append(w.out, ']')
	}
	for _, m := range members {
		if m.name != "kty" {
			w.text(m.name, m.value)
		}
	}
	return w
}

// writer writes one JSON object.
type writer struct{ out []byte }

func (w *writer) name(name string) {
	separator := byte(',')
	if len(w.out) == 0 {
		separator = '{'
	}
	w.out = append(w.out, separator)
	w.out = append(w.out, quote(name)...)
	w.out = append(w.out, ':')
}

func (w *writer) text(name, value string) {
	w.name(name)
	w.out = append(w.out, quote(value)...)
}

func (w *writer) bytes(name string, value []byte) { w.text(name, encode(value)) }

func (w *writer) integer(name string, value *big.Int) { w.bytes(name, value.Bytes()) }

func (w *writer) end() []byte { return append(slices.Clip(w.out), '}') }

// quote writes a string as JSON (RFC 8259 §7).
func quote(s string) []byte {
	quoted, _ := json.Marshal(s) // of a string, never an error
	return quoted
}

func encode(data []byte) string { return string(jws.AppendEncoded(nil, data)) }
