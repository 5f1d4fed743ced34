package jwk

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Type is a key type that this package does not know itself: its name and those of the members that make a key.
// The value of each is octets in base64url.
type Type struct {
	Name    string   // kty
	Public  []string // members that every key of the type has
	Private []string // members that a private key has besides
}

// Further is the material of a key of a further type, its members by name. It prints without the private ones.
type Further struct {
	Type    string
	Public  map[string][]byte
	Private map[string][]byte // nil for a public key
}

// Known reports whether the name is that of a key type that this package reads itself.
func Known(kty string) bool {
	return slices.Contains([]string{"oct", "RSA", "EC", "OKP"}, kty)
}

// Reserved reports whether a JWK says something else than key material under this name (RFC 7517 §4).
func Reserved(name string) bool {
	return slices.Contains([]string{"", "kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256"}, name)
}

// further reads a key of a further type. Its alg is the type's own matter: the key may name none or any.
func (o object) further(t Type) (Key, error) {
	key, err := o.attributes()
	if err != nil {
		return Key{}, err
	}
	if err := checkFurther(key); err != nil {
		return Key{}, err
	}
	for _, name := range materialNames() {
		if o.has(name) && !slices.Contains(t.Public, name) && !slices.Contains(t.Private, name) {
			return Key{}, invalid("member %s does not belong to a key of kty %.40s", name, t.Name)
		}
	}
	key.Further = &Further{Type: t.Name}
	if key.Further.Public, err = o.all(t.Public); err != nil {
		return Key{}, err
	}
	operation := "verify"
	if slices.ContainsFunc(t.Private, o.has) {
		operation = "sign"
		if key.Further.Private, err = o.all(t.Private); err != nil {
			return Key{}, err
		}
	}
	if key.Operations != nil && !slices.Contains(key.Operations, operation) {
		return Key{}, unsupported("key_ops lacks %s", operation)
	}
	return key, nil
}

func (o object) all(names []string) (map[string][]byte, error) {
	values := make(map[string][]byte, len(names))
	for _, name := range names {
		value, err := o.bytes(name)
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

func checkFurther(key Key) error {
	if err := checkKeyID(key); err != nil {
		return err
	}
	return checkPurpose(key)
}

// typeOf finds the further type that the key names.
func (o object) typeOf(types []Type) (Type, bool) {
	kty, _, _ := o.text("kty")
	i := slices.IndexFunc(types, func(t Type) bool { return t.Name == kty })
	if i < 0 {
		return Type{}, false
	}
	return types[i], true
}

// members are those of the public part, in the order of their names.
func (f *Further) members() []member { return sortedMembers(f.Public) }

func sortedMembers(values map[string][]byte) []member {
	var sorted []member
	for _, name := range slices.Sorted(maps.Keys(values)) {
		sorted = append(sorted, member{name, encode(values[name])})
	}
	return sorted
}

// String names the type and whether the key is public, never what it is made of.
func (f *Further) String() string {
	if f.Private != nil {
		return f.Type + " private key [secret]"
	}
	return f.Type + " public key"
}

// Format writes String for every verb, so that no verb reaches the fields.
func (f *Further) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, f.String()) }

// MarshalJSON is String, quoted. MarshalPublic and MarshalPrivate write keys.
func (f *Further) MarshalJSON() ([]byte, error) { return quote(f.String()), nil }
