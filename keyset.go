package durward

import (
	"context"
	"errors"
	"fmt"

	"github.com/durward-auth/durward/internal/jwk"
)

// A KeySource finds the one key that may check a token.
type KeySource interface {
	// Lookup returns the key with exactly this algorithm and key id; the id is empty for a
	// token without a kid. It returns ErrTokenKey when there is none, and an error that wraps
	// ErrUnavailable when that cannot be known now. It must not block for long: it is
	// called for every token, cached ones included.
	Lookup(ctx context.Context, algorithm Algorithm, id string) (*VerificationKey, error)
}

// A KeySet is an immutable set of verification keys, no two with the same key id.
type KeySet struct {
	keys  []*VerificationKey
	index map[keyName]*VerificationKey
}

type keyName struct {
	algorithm Algorithm
	id        string
}

// NewKeySet makes a set. Two keys with one id are refused, and so are two keys of one algorithm
// without an id: a token without a kid would have no single key.
func NewKeySet(keys ...*VerificationKey) (*KeySet, error) {
	set := &KeySet{index: make(map[keyName]*VerificationKey, len(keys))}
	ids := make(map[string]bool, len(keys))
	for _, key := range keys {
		if key == nil {
			return nil, errors.New("key set: a key is nil")
		}
		name := keyName{key.algorithm, key.id}
		if set.index[name] != nil || key.id != "" && ids[key.id] {
			return nil, fmt.Errorf("key set: two keys have the id %q", key.id)
		}
		ids[key.id] = true
		set.keys = append(set.keys, key)
		set.index[name] = key
	}
	return set, nil
}

// ParseKeySet reads a JSON Web Key Set of public keys (RFC 7517 §5). Keys that are not for
// signatures, or of kinds that this package does not know, are left out; a key that is weak,
// private or malformed, or an id that occurs twice, makes the whole set refused. A set in
// which no key is left is refused too. Keys of the further types are read as well.
//
// A key without "alg" is left out if its type allows several algorithms, as RSA does; see [ParseKeySetFor].
func ParseKeySet(data []byte, further ...KeyType) (*KeySet, error) {
	return parseKeySet("", data, further)
}

// ParseKeySetFor is [ParseKeySet] for an issuer that leaves "alg" out (RFC 7517 §4.4): a key that names no
// algorithm is bound to this one if it is of its type. A key that names one keeps that, and one of another type is read
// as ParseKeySet does. The algorithm is not one of HMAC.
func ParseKeySetFor(algorithm Algorithm, data []byte, further ...KeyType) (*KeySet, error) {
	if !jwk.Asymmetric(string(algorithm)) {
		return nil, fmt.Errorf("parse key set: %q is no algorithm of public keys", algorithm)
	}
	return parseKeySet(algorithm, data, further)
}

// parseKeySet binds the keys that name no algorithm to preset, if that is not empty and fits.
func parseKeySet(preset Algorithm, data []byte, further []KeyType) (*KeySet, error) {
	types, err := furtherTypes(further)
	if err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	parsed, skipped, err := jwk.ParseSet(data, types...)
	if err != nil {
		return nil, fmt.Errorf("parse key set: %w", err)
	}
	keys := make([]*VerificationKey, 0, len(parsed))
	for _, p := range parsed {
		if p.Further != nil {
			key, err := furtherVerificationKey(further, p)
			switch {
			case errors.Is(err, errors.ErrUnsupported):
				skipped = append(skipped, fmt.Errorf("key %q: %w", p.KeyID, err))
			case err != nil:
				return nil, fmt.Errorf("parse key set: %w", err)
			default:
				keys = append(keys, key)
			}
			continue
		}
		if p.Algorithm == "" && jwk.Check(string(preset), p.Material) == nil {
			p.Algorithm = string(preset)
		}
		algorithm, err := algorithmOf(p)
		if err != nil {
			skipped = append(skipped, fmt.Errorf("key %q: %w", p.KeyID, err))
			continue
		}
		key, err := newVerificationKey(algorithm, p.Material)
		if err != nil {
			return nil, fmt.Errorf("parse key set: %w", err)
		}
		keys = append(keys, key.WithID(p.KeyID))
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("parse key set: no usable key: %w", errors.Join(append(skipped, errors.New("the set holds none"))...))
	}
	return NewKeySet(keys...)
}

// Lookup implements [KeySource].
func (s *KeySet) Lookup(_ context.Context, algorithm Algorithm, id string) (*VerificationKey, error) {
	key, ok := s.index[keyName{algorithm, id}]
	if !ok {
		return nil, ErrTokenKey
	}
	return key, nil
}

// Keys returns the keys in the order in which they were given.
func (s *KeySet) Keys() []*VerificationKey {
	return append([]*VerificationKey(nil), s.keys...)
}

// MarshalJWKS returns the set as a JSON Web Key Set for publication (RFC 7517 §5). HMAC keys are
// left out: they have no public part.
func (s *KeySet) MarshalJWKS() ([]byte, error) {
	public := make([]jwk.Key, 0, len(s.keys))
	for _, key := range s.keys {
		if key.material.Public != nil || key.further != nil {
			public = append(public, key.jwk())
		}
	}
	return jwk.MarshalSet(public)
}
