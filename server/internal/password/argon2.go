package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	argon2Version = "v=19" // RFC 9106: version 0x13
	saltSize      = 16
	tagSize       = 32
	minSaltSize   = 8
)

// A hash of Argon2id.
type argon2Hash struct {
	params    Params
	salt, tag []byte
	imported  bool
}

func (h argon2Hash) matches(password string) (bool, error) {
	return subtle.ConstantTimeCompare(argon2Tag(password, h.params, h.salt, len(h.tag)), h.tag) == 1, nil
}

func (h argon2Hash) outdated(policy Params) bool {
	return h.imported || h.params.below(policy) || len(h.salt) < saltSize || len(h.tag) < tagSize
}

func argon2Tag(password string, params Params, salt []byte, size int) []byte {
	return argon2.IDKey([]byte(password), salt, params.Iterations, params.MemoryKiB, params.Parallelism, uint32(size))
}

// encode writes the PHC form: $argon2id$v=19$m=19456,t=2,p=1$salt$tag.
func (h argon2Hash) encode() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$%s$m=%d,t=%d,p=%d$%s$%s", argon2Version,
		h.params.MemoryKiB, h.params.Iterations, h.params.Parallelism,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.tag))
}

// parseArgon2 reads what encode writes, and nothing else: one hash has one spelling. An imported hash
// is outdated whatever its parameters.
func parseArgon2(phc string, imported bool) (stored, error) {
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return nil, malformed("it is not an argon2id hash")
	}
	if fields[2] != argon2Version {
		return nil, malformed("its version is not 19")
	}
	params, err := parseParams(fields[3])
	if err != nil {
		return nil, err
	}
	salt, err := parseField(base64.RawStdEncoding, fields[4], minSaltSize)
	if err != nil {
		return nil, err
	}
	tag, err := parseField(base64.RawStdEncoding, fields[5], minTagSize)
	if err != nil {
		return nil, err
	}
	return argon2Hash{params: params, salt: salt, tag: tag, imported: imported}, nil
}

func parseParams(list string) (Params, error) {
	numbers, ok := assignments(list, "m=", "t=", "p=")
	if !ok {
		return Params{}, malformed("its parameters are not m, t and p")
	}
	if numbers[2] > maxParallelism {
		return Params{}, malformed("its parallelism is out of bounds")
	}
	params := Params{MemoryKiB: numbers[0], Iterations: numbers[1], Parallelism: uint8(numbers[2])}
	if err := params.Check(); err != nil {
		return Params{}, fmt.Errorf("%w: %w", ErrMalformedHash, err)
	}
	return params, nil
}

// assignments reads the three parameters of a PHC string, in their one order.
func assignments(list string, names ...string) (numbers [3]uint32, ok bool) {
	values := strings.Split(list, ",")
	if len(values) != len(numbers) {
		return numbers, false
	}
	for i, name := range names {
		digits, named := strings.CutPrefix(values[i], name)
		if numbers[i], ok = number(digits); !named || !ok {
			return numbers, false
		}
	}
	return numbers, true
}

func parseField(encoding *base64.Encoding, text string, minSize int) ([]byte, error) {
	// The decoder passes over line breaks.
	if strings.ContainsAny(text, "\r\n") {
		return nil, malformed("its salt or tag is not base64")
	}
	field, err := encoding.Strict().DecodeString(text)
	if err != nil {
		return nil, malformed("its salt or tag is not base64")
	}
	if len(field) < minSize || len(field) > maxFieldSize {
		return nil, malformed("its salt or tag has a length out of bounds")
	}
	return field, nil
}
