package password

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	argon2Version = "v=19" // RFC 9106: version 0x13
	saltSize      = 16
	tagSize       = 32
	minSaltSize   = 8
	minTagSize    = 16
	maxFieldSize  = 64 // salt and tag
	maxPHCSize    = 512
)

// ErrMalformedHash says that a stored hash is not an Argon2id hash in PHC form, or that its
// parameters are out of the bounds of Params.Check.
var ErrMalformedHash = errors.New("malformed password hash")

// A stored hash. It has no String method on purpose: it is never printed.
type hash struct {
	params    Params
	salt, tag []byte
}

// encode writes the PHC form: $argon2id$v=19$m=19456,t=2,p=1$salt$tag.
func (h hash) encode() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$%s$m=%d,t=%d,p=%d$%s$%s", argon2Version,
		h.params.MemoryKiB, h.params.Iterations, h.params.Parallelism,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.tag))
}

// parsePHC reads what encode writes, and nothing else: one hash has one spelling. The
// parameters are within bounds.
func parsePHC(phc string) (hash, error) {
	if len(phc) > maxPHCSize {
		return hash{}, malformed("it is too long")
	}
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" {
		return hash{}, malformed("it is not an argon2id hash")
	}
	if fields[2] != argon2Version {
		return hash{}, malformed("its version is not 19")
	}
	params, err := parseParams(fields[3])
	if err != nil {
		return hash{}, err
	}
	salt, err := parseField(fields[4], minSaltSize)
	if err != nil {
		return hash{}, err
	}
	tag, err := parseField(fields[5], minTagSize)
	if err != nil {
		return hash{}, err
	}
	return hash{params: params, salt: salt, tag: tag}, nil
}

func parseParams(list string) (Params, error) {
	values := strings.Split(list, ",")
	if len(values) != 3 {
		return Params{}, malformed("its parameters are not m, t and p")
	}
	var numbers [3]uint32
	for i, name := range [...]string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(values[i], name)
		n, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || strconv.FormatUint(n, 10) != digits {
			return Params{}, malformed("its parameters are not m, t and p")
		}
		numbers[i] = uint32(n)
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

func parseField(text string, minSize int) ([]byte, error) {
	// The decoder passes over line breaks.
	if strings.ContainsAny(text, "\r\n") {
		return nil, malformed("its salt or tag is not base64")
	}
	field, err := base64.RawStdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, malformed("its salt or tag is not base64")
	}
	if len(field) < minSize || len(field) > maxFieldSize {
		return nil, malformed("its salt or tag has a length out of bounds")
	}
	return field, nil
}

func malformed(reason string) error { return fmt.Errorf("%w: %s", ErrMalformedHash, reason) }
