package password

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

const (
	// 128·N·r·p: the memory, and with p the work. OWASP's strongest take 128 MiB of memory.
	maxScryptBytes = maxMemoryKiB * 1024
	maxScryptLogN  = 24
	maxScryptR     = 64
	maxScryptP     = 16
)

// A hash of scrypt (RFC 7914).
type scryptHash struct {
	n, r, p   int
	salt, tag []byte
}

func (h scryptHash) matches(password string) (bool, error) {
	tag, err := scrypt.Key([]byte(password), h.salt, h.n, h.r, h.p, len(h.tag))
	if err != nil {
		return false, fmt.Errorf("compute scrypt: %w", err)
	}
	return subtle.ConstantTimeCompare(tag, h.tag) == 1, nil
}

func (scryptHash) outdated(Params) bool { return true }

// newScrypt checks the bounds of N = 2^logN, r and p.
func newScrypt(logN, r, p uint32, salt, tag []byte) (stored, error) {
	if logN < 1 || logN > maxScryptLogN || r < 1 || r > maxScryptR || p < 1 || p > maxScryptP {
		return nil, malformed("the parameters of scrypt are out of bounds")
	}
	if uint64(128)<<logN*uint64(r)*uint64(p) > maxScryptBytes {
		return nil, malformed("scrypt must take at most %d MiB, counted as 128·N·r·p", maxScryptBytes>>20)
	}
	if len(tag) < minTagSize || len(tag) > maxFieldSize {
		return nil, malformed("its tag has a length out of bounds")
	}
	return scryptHash{n: 1 << logN, r: int(r), p: int(p), salt: salt, tag: tag}, nil
}

// parsePHCScrypt reads $scrypt$ln=16,r=8,p=1$salt$tag, the form of PHC and of Passlib.
func parsePHCScrypt(rest string) (stored, error) {
	fields := strings.Split(rest, "$")
	if len(fields) != 3 {
		return nil, malformed("it is not a scrypt hash of three fields")
	}
	numbers, ok := assignments(fields[0], "ln=", "r=", "p=")
	if !ok {
		return nil, malformed("its parameters are not ln, r and p")
	}
	salt, err := parseField(base64.RawStdEncoding, fields[1], 1)
	if err != nil {
		return nil, err
	}
	tag, err := parseField(base64.RawStdEncoding, fields[2], minTagSize)
	if err != nil {
		return nil, err
	}
	return newScrypt(numbers[0], numbers[1], numbers[2], salt, tag)
}

// parseWerkzeugScrypt reads scrypt:32768:8:1$salt$tag.
func parseWerkzeugScrypt(rest string) (stored, error) {
	fields := strings.Split(rest, "$")
	if len(fields) != 3 {
		return nil, malformed("it is not Werkzeug's form of a scrypt hash")
	}
	costs := strings.Split(fields[0], ":")
	if len(costs) != 3 {
		return nil, malformed("its parameters are not N, r and p")
	}
	tag, err := hexTag(fields[2])
	if err != nil {
		return nil, err
	}
	return textScrypt(costs[0], costs[1], costs[2], fields[1], tag)
}

// parseDjangoScrypt reads scrypt$16384$salt$8$5$tag.
func parseDjangoScrypt(rest string) (stored, error) {
	fields := strings.Split(rest, "$")
	if len(fields) != 5 {
		return nil, malformed("it is not Django's form of a scrypt hash")
	}
	tag, err := parseField(base64.StdEncoding, fields[4], minTagSize)
	if err != nil {
		return nil, err
	}
	return textScrypt(fields[0], fields[2], fields[3], fields[1], tag)
}

// textScrypt is for the frameworks, which write N itself and the salt as it is.
func textScrypt(n, r, p, saltText string, tag []byte) (stored, error) {
	nValue, nOK := number(n)
	rValue, rOK := number(r)
	pValue, pOK := number(p)
	if !nOK || !rOK || !pOK || bits.OnesCount32(nValue) != 1 {
		return nil, malformed("its parameters are not N, a power of two, r and p")
	}
	salt, err := textSalt(saltText)
	if err != nil {
		return nil, err
	}
	return newScrypt(uint32(bits.TrailingZeros32(nValue)), rValue, pValue, salt, tag)
}
