package password

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

const (
	bcryptLength  = 60 // $2b$12$, 22 characters of salt, 31 of the tag
	bcryptDigits  = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	minBcryptCost = bcrypt.MinCost
	// 0.7 s, where the usual cost of 12 takes 0.2 s.
	maxBcryptCost = 14
	// What stands behind them does not count for bcrypt.
	maxBcryptBytes = 72
)

// A hash of bcrypt ($2a$, $2b$ and $2y$ are the same for a password without NUL of up to 72 bytes).
type bcryptHash struct {
	text      string
	cost      int
	prehashed bool // as Django's bcrypt_sha256: of the password's SHA-256 in hexadecimal digits
}

// parseBcrypt reads the form of crypt(3).
func parseBcrypt(text string, prehashed bool) (stored, error) {
	if len(text) != bcryptLength || text[0] != '$' || text[1] != '2' || !strings.ContainsRune("aby", rune(text[2])) || text[3] != '$' || text[6] != '$' {
		return nil, malformed("it is not a bcrypt hash of the form $2b$12$ and 53 characters, with 2a, 2b or 2y")
	}
	if strings.Trim(text[7:], bcryptDigits) != "" || !isDigit(text[4]) || !isDigit(text[5]) {
		return nil, malformed("its cost, salt or tag is not spelt as bcrypt's")
	}
	cost := int(text[4]-'0')*10 + int(text[5]-'0')
	if cost < minBcryptCost || cost > maxBcryptCost {
		return nil, malformed("the cost of bcrypt must be %d to %d, not %d", minBcryptCost, maxBcryptCost, cost)
	}
	return bcryptHash{text: text, cost: cost, prehashed: prehashed}, nil
}

// matches refuses what bcrypt cannot tell apart: passwords over 72 bytes, of which it sees the first
// 72, and those with a NUL, with which it joins the repetitions of a shorter one.
func (h bcryptHash) matches(password string) (bool, error) {
	if h.prehashed {
		digest := sha256.Sum256([]byte(password))
		password = hex.EncodeToString(digest[:])
	}
	distinct := len(password) <= maxBcryptBytes && !strings.Contains(password, "\x00")
	// The refused ones take as long as the others.
	err := bcrypt.CompareHashAndPassword([]byte(h.text), []byte(password))
	switch {
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("compare bcrypt hash: %w", err)
	}
	return distinct, nil
}

func (bcryptHash) outdated(Params) bool { return true }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
