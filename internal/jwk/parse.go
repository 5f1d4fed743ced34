package jwk

import (
	"slices"
	"unicode/utf8"

	"github.com/durward-auth/durward/internal/strictjson"
)

const (
	// maxKeyBytes bounds one key: an RSA private key of the greatest size with a chain of certificates fits.
	maxKeyBytes = 64 << 10
	maxKeyID    = 255 // bytes
)

// Parse reads one JWK, public, private or secret (RFC 7517 §4), of at most 64 KiB.
//
// The material must be sound as Check says; if alg is there, it must be one of Algorithms and fit the material.
// A use other than "sig", and key_ops that do not allow what the key is for, are ErrUnsupported.
// Everything is strict: lengths of coordinates (RFC 7518 §6.2.1.2), minimal integers (§2), names, duplicates.
// Members that say nothing about the key itself, such as x5c and x5u, are ignored and never fetched.
//
// A key of one of the further types has Further and no Material.
func Parse(data []byte, further ...Type) (Key, error) {
	if len(data) > maxKeyBytes {
		return Key{}, invalid("JWK has %d bytes, at most %d are accepted", len(data), maxKeyBytes)
	}
	members, err := strictjson.AppendObject(nil, string(data), strictjson.Limits{})
	if err != nil {
		return Key{}, invalid("JWK is not a strict JSON object: %v", err)
	}
	return parse(object(members), further)
}

func parse(o object, types []Type) (Key, error) {
	kty, err := o.required("kty")
	if err != nil {
		return Key{}, err
	}
	if t, ok := o.typeOf(types); ok {
		return o.further(t)
	}
	if !Known(kty) {
		return Key{}, unsupported("kty %.40q is not supported: want RSA, EC, OKP or oct", kty)
	}
	key, err := o.attributes()
	if err != nil {
		return Key{}, err
	}
	if err := checkAttributes(key); err != nil {
		return Key{}, err
	}
	if err := o.onlyMaterialOf(kty); err != nil {
		return Key{}, err
	}
	switch kty {
	case "oct":
		key.Material, err = o.secret()
	case "RSA":
		key.Material, err = o.rsa()
	case "EC":
		key.Material, err = o.ec()
	default:
		key.Material, err = o.okp()
	}
	if err != nil {
		return Key{}, err
	}
	if err := checkMaterial(key); err != nil {
		return Key{}, err
	}
	return key, nil
}

// attributes reads what a JWK says about its key besides the material.
func (o object) attributes() (Key, error) {
	var key Key
	var err error
	if key.KeyID, key.HasKeyID, err = o.text("kid"); err != nil {
		return Key{}, err
	}
	if key.Use, _, err = o.nonEmpty("use"); err != nil {
		return Key{}, err
	}
	if key.Operations, err = o.operations(); err != nil {
		return Key{}, err
	}
	if key.Algorithm, _, err = o.nonEmpty("alg"); err != nil {
		return Key{}, err
	}
	return key, nil
}

func (o object) operations() ([]string, error) {
	v, ok := o.find("key_ops")
	if !ok {
		return nil, nil
	}
	elements, ok := v.AppendElements(nil)
	if !ok {
		return nil, invalid("key_ops is not an array (RFC 7517 §4.3)")
	}
	operations := make([]string, len(elements))
	for i, element := range elements {
		if operations[i], ok = element.Text(); !ok {
			return nil, invalid("key_ops has an element that is not a string (RFC 7517 §4.3)")
		}
	}
	return operations, nil
}

// checkKey checks everything about a key: what it says of itself, then the material.
func checkKey(key Key) error {
	if err := checkAttributes(key); err != nil {
		return err
	}
	return checkMaterial(key)
}

// checkAttributes checks what a key says of itself. It comes first, because a key that is
// not for signatures may be as its owner likes.
func checkAttributes(key Key) error {
	if err := checkKeyID(key); err != nil {
		return err
	}
	if err := checkPurpose(key); err != nil {
		return err
	}
	if key.Algorithm != "" && !Supported(key.Algorithm) {
		return unsupportedAlgorithm(key.Algorithm)
	}
	return nil
}

func checkKeyID(key Key) error {
	if !key.HasKeyID && key.KeyID == "" {
		return nil
	}
	if key.KeyID == "" {
		return invalid("kid is empty")
	}
	if len(key.KeyID) > maxKeyID {
		return invalid("kid has %d bytes, at most %d are accepted", len(key.KeyID), maxKeyID)
	}
	if !utf8.ValidString(key.KeyID) {
		return invalid("kid is not UTF-8")
	}
	return nil
}

// checkPurpose holds use and key_ops to signatures (RFC 7517 §4.2 and §4.3).
func checkPurpose(key Key) error {
	sorted := slices.Sorted(slices.Values(key.Operations))
	if len(slices.Compact(sorted)) != len(key.Operations) {
		return invalid("key_ops names an operation twice (RFC 7517 §4.3)")
	}
	foreign := slices.IndexFunc(key.Operations, func(op string) bool { return op != "sign" && op != "verify" })
	encrypts := slices.IndexFunc(key.Operations, func(op string) bool { return slices.Contains(encryptionOperations(), op) })
	if key.Use == "sig" && encrypts >= 0 {
		return invalid("key_ops names %.40q although use is sig (RFC 7517 §4.3)", key.Operations[encrypts])
	}
	if key.Use != "" && key.Use != "sig" {
		return unsupported("use is %.40q: the key is not for signatures", key.Use)
	}
	if foreign >= 0 {
		return unsupported("key_ops names %.40q: the key is not for signatures alone", key.Operations[foreign])
	}
	return nil
}

// encryptionOperations are those that RFC 7517 §4.3 defines besides "sign" and "verify". Others may be used too, and
// contradict nothing.
func encryptionOperations() []string {
	return []string{"encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"}
}

// checkMaterial checks the material and whether key_ops allows what it is for.
func checkMaterial(key Key) error {
	if key.Operations != nil {
		signs, verifies := slices.Contains(key.Operations, "sign"), slices.Contains(key.Operations, "verify")
		switch {
		case key.Private != nil && !signs:
			return unsupported("key_ops of a private key lacks sign")
		case key.Public != nil && !verifies:
			return unsupported("key_ops of a public key lacks verify")
		case !signs && !verifies:
			return unsupported("key_ops of a secret lacks sign and verify")
		}
	}
	if key.Algorithm == "" {
		return examine(key.Material)
	}
	return Check(key.Algorithm, key.Material)
}
