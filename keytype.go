package durward

import (
	"fmt"
	"slices"

	"github.com/durward-auth/durward/internal/jwk"
)

// A KeyType is a kind of JSON Web Key that another module brings, such as AKP (RFC 9964).
// [ParseKeySet], [ParsePublicJWK] and [ParsePrivateJWK] read keys of the types that they are given.
//
// They check everything that holds for every key: the JSON, the purpose, the key id, that there is no member of
// another type's material, and no private member where public keys are expected.
type KeyType struct {
	// Name is the "kty" (RFC 7517 §4.1). It is not one that this package reads itself.
	Name string
	// Public and Private name the members that hold the key, each of them octets in base64url.
	// Every key has all of Public; a private key has all of Private too.
	Public, Private []string
	// NewVerificationKey makes the key, with [NewVerificationKeyFunc]. It returns an error that wraps
	// errors.ErrUnsupported for a key that may be sound and that it does not know, such as one of another
	// algorithm: a set goes on without it. The key id of the result is of no matter.
	NewVerificationKey func(JWK) (*VerificationKey, error)
	// NewSigningKey does the same for a private key, with [NewSigningKeyFunc]. Without it, private keys
	// of the type are not read.
	NewSigningKey func(JWK) (*SigningKey, error)
}

// A JWK is a key of a further type as it was read. It prints as "[secret]" if it is private.
type JWK struct{ key jwk.Key }

// Algorithm returns the "alg" of the key; empty when it names none. The key that is made of it must have this one.
func (k JWK) Algorithm() Algorithm { return Algorithm(k.key.Algorithm) }

// Bytes returns a copy of a member that the [KeyType] names; nil when the key does not have it.
func (k JWK) Bytes(member string) []byte {
	if value, ok := k.key.Further.Public[member]; ok {
		return slices.Clone(value)
	}
	return slices.Clone(k.key.Further.Private[member])
}

// String names the type of the key and its key id, never the private members.
func (k JWK) String() string { return k.key.String() }

// Format prints String for every verb, so that none reaches the private members.
func (k JWK) Format(f fmt.State, verb rune) { k.key.Format(f, verb) }

// furtherTypes checks the key types and returns what the parser must know of them.
func furtherTypes(types []KeyType) ([]jwk.Type, error) {
	var further []jwk.Type
	for _, t := range types {
		if t.Name == "" || jwk.Known(t.Name) || slices.ContainsFunc(further, func(other jwk.Type) bool { return other.Name == t.Name }) {
			return nil, fmt.Errorf("the key type %q is there already, or has no name", t.Name)
		}
		if len(t.Public) == 0 || t.NewVerificationKey == nil || slices.ContainsFunc(slices.Concat(t.Public, t.Private), jwk.Reserved) {
			return nil, fmt.Errorf("the key type %q does not say how to read its keys", t.Name)
		}
		further = append(further, jwk.Type{Name: t.Name, Public: t.Public, Private: t.Private})
	}
	return further, nil
}

// typeOf finds the type of a key that the parser has read as one of types.
func typeOf(types []KeyType, key jwk.Key) KeyType {
	i := slices.IndexFunc(types, func(t KeyType) bool { return t.Name == key.Further.Type })
	return types[i]
}

func furtherVerificationKey(types []KeyType, parsed jwk.Key) (*VerificationKey, error) {
	key, err := typeOf(types, parsed).NewVerificationKey(JWK{parsed})
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", parsed.Further.Type, err)
	}
	if err := checkMade(key, parsed); err != nil {
		return nil, err
	}
	return key.WithID(parsed.KeyID), nil
}

func furtherSigningKey(types []KeyType, parsed jwk.Key) (*SigningKey, error) {
	t := typeOf(types, parsed)
	if t.NewSigningKey == nil {
		return nil, fmt.Errorf("%s key: private keys are not read", parsed.Further.Type)
	}
	key, err := t.NewSigningKey(JWK{parsed})
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", parsed.Further.Type, err)
	}
	var public *VerificationKey
	if key != nil {
		public = key.public
	}
	if err := checkMade(public, parsed); err != nil {
		return nil, err
	}
	return key.WithID(parsed.KeyID), nil
}

// checkMade holds a key that another module made to what its JWK says.
func checkMade(key *VerificationKey, parsed jwk.Key) error {
	if key == nil || key.further == nil || key.further.Type != parsed.Further.Type {
		return fmt.Errorf("%s key: the key type made no key of its own", parsed.Further.Type)
	}
	if parsed.Algorithm != "" && parsed.Algorithm != string(key.algorithm) {
		return fmt.Errorf("%s key: it names the algorithm %.40q, the key is for %s", parsed.Further.Type, parsed.Algorithm, key.algorithm)
	}
	return nil
}
