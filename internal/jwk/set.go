package jwk

import (
	"errors"
	"fmt"

	"github.com/durward-auth/durward/internal/strictjson"
)

const (
	maxSetBytes   = 1 << 20
	maxSetKeys    = 256
	maxSetMembers = 16 << 10
)

// ParseSet reads a set of public keys (RFC 7517 §5) of at most 1 MiB and 256 keys.
//
// Keys that are not understood or not for signatures (an unknown kty, crv or alg, use "enc", other key_ops) are
// left out; skipped has a reason for each, wrapping ErrUnsupported. Anything else that is wrong with any key
// spoils the whole set: a weak, malformed, private or secret key, or a kid that two keys share. With an error
// both slices are nil. Keys of the further types are understood too; they have Further and no Material.
func ParseSet(data []byte, further ...Type) (keys []Key, skipped []error, err error) {
	elements, err := setElements(data)
	if err != nil {
		return nil, nil, err
	}
	keyIDs := make(map[string]bool)
	for i, element := range elements {
		members, ok := element.AppendMembers(nil)
		if !ok {
			return nil, nil, invalid("keys[%d] is not an object", i)
		}
		o := object(members)
		at := fmt.Sprintf("keys[%d]", i)
		if kid, _, err := o.text("kid"); err == nil && kid != "" {
			at += fmt.Sprintf(" (kid %.40q)", kid)
			if keyIDs[kid] {
				return nil, nil, invalid("%s: another key of the set has the same kid (RFC 7517 §4.5)", at)
			}
			keyIDs[kid] = true
		}
		if err := o.refusePrivate(further); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", at, err)
		}
		key, err := parse(o, further)
		switch {
		case errors.Is(err, ErrUnsupported):
			skipped = append(skipped, fmt.Errorf("%s: %w", at, err))
		case err != nil:
			return nil, nil, fmt.Errorf("%s: %w", at, err)
		default:
			keys = append(keys, key)
		}
	}
	return keys, skipped, nil
}

func setElements(data []byte) ([]strictjson.Value, error) {
	if len(data) > maxSetBytes {
		return nil, invalid("key set has %d bytes, at most %d are accepted", len(data), maxSetBytes)
	}
	members, err := strictjson.AppendObject(nil, string(data), strictjson.Limits{Members: maxSetMembers})
	if err != nil {
		return nil, invalid("key set is not a strict JSON object: %v", err)
	}
	list, ok := object(members).find("keys")
	if !ok {
		return nil, invalid("key set has no member keys (RFC 7517 §5.1)")
	}
	elements, ok := list.AppendElements(nil)
	if !ok {
		return nil, invalid("keys is not an array (RFC 7517 §5.1)")
	}
	if len(elements) > maxSetKeys {
		return nil, invalid("key set has %d keys, at most %d are accepted", len(elements), maxSetKeys)
	}
	return elements, nil
}

// refusePrivate finds what a published set must not hold, even in keys that would be skipped.
func (o object) refusePrivate(types []Type) error {
	if kty, _, err := o.text("kty"); err == nil && kty == "oct" {
		return invalid("a secret (oct) in a set of public keys: it must be considered published")
	}
	names := privateNames()
	if t, ok := o.typeOf(types); ok {
		names = append(names, t.Private...)
	}
	for _, name := range names {
		if o.has(name) {
			return invalid("private member %s in a set of public keys: the key must be considered published", name)
		}
	}
	return nil
}
