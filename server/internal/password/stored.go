package password

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrMalformedHash says that a stored hash is of no kind that Verify knows, is not spelt as that kind
// is, or costs more than is computed here.
var ErrMalformedHash = errors.New("malformed password hash")

// A stored hash whose costs are within bounds. Its types have no String method on purpose: they are
// never printed.
type stored interface {
	// matches says, in constant time, whether a password in its normal form is the one of the hash.
	matches(password string) (bool, error)
	// outdated says that a hash with these parameters is to take its place.
	outdated(policy Params) bool
}

// A parser reads what stands behind the beginning by which a kind is known.
type parser func(rest string) (stored, error)

var kinds = []struct {
	beginning string
	parse     parser
}{
	{"$argon2id$", func(rest string) (stored, error) { return parseArgon2("$argon2id$"+rest, false) }},
	{"$2", func(rest string) (stored, error) { return parseBcrypt("$2"+rest, false) }},
	{"$scrypt$", parsePHCScrypt},
	{"$pbkdf2$", parsePasslib(digestSHA1)},
	{"$pbkdf2-sha256$", parsePasslib(digestSHA256)},
	{"$pbkdf2-sha512$", parsePasslib(digestSHA512)},

	{"scrypt:", parseWerkzeugScrypt},
	{"pbkdf2:sha1:", parseWerkzeugPBKDF2(digestSHA1)},
	{"pbkdf2:sha256:", parseWerkzeugPBKDF2(digestSHA256)},
	{"pbkdf2:sha512:", parseWerkzeugPBKDF2(digestSHA512)},

	{"argon2$", func(rest string) (stored, error) { return parseArgon2("$"+rest, true) }},
	{"bcrypt$", func(rest string) (stored, error) { return parseBcrypt(rest, false) }},
	{"bcrypt_sha256$", func(rest string) (stored, error) { return parseBcrypt(rest, true) }},
	{"scrypt$", parseDjangoScrypt},
	{"pbkdf2_sha1$", parseDjangoPBKDF2(digestSHA1)},
	{"pbkdf2_sha256$", parseDjangoPBKDF2(digestSHA256)},
}

// KnownHash returns nil if Verify accepts a stored hash, and else an ErrMalformedHash that says what is
// wrong with it, without a part of it. Nothing is hashed. It is for whoever imports users: a hash that
// it refuses never verifies.
func KnownHash(hash string) error {
	_, err := parseStored(hash)
	return err
}

func parseStored(hash string) (stored, error) {
	if len(hash) > maxHashSize {
		return nil, malformed("it is too long")
	}
	for _, kind := range kinds {
		if rest, ok := strings.CutPrefix(hash, kind.beginning); ok {
			return kind.parse(rest)
		}
	}
	return nil, malformed("it is not an argon2id, bcrypt, scrypt or PBKDF2 hash in a form of PHC, crypt, Werkzeug, Django or Passlib")
}

const (
	maxHashSize  = 512
	maxFieldSize = 64 // salt and tag
	minTagSize   = 16
)

// number reads a decimal number as it is written, without a sign or leading zeros.
func number(digits string) (uint32, bool) {
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && strconv.FormatUint(n, 10) == digits
}

// textSalt is the salt of the frameworks: the characters themselves.
func textSalt(salt string) ([]byte, error) {
	if len(salt) < 1 || len(salt) > maxFieldSize {
		return nil, malformed("its salt has a length out of bounds")
	}
	return []byte(salt), nil
}

// hexTag reads a tag in lower-case hexadecimal digits.
func hexTag(text string) ([]byte, error) {
	tag, err := hex.DecodeString(text)
	if err != nil || hex.EncodeToString(tag) != text {
		return nil, malformed("its tag is not in hexadecimal digits")
	}
	return tag, nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformedHash}, args...)...)
}
