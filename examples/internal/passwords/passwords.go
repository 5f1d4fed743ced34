package passwords

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"runtime"
)

// rounds is what OWASP's Password Storage Cheat Sheet asks of PBKDF2 with HMAC-SHA-256.
const rounds = 600_000

// A Hash is what is kept of a password. The zero Hash is that of no password, and prints as any other does.
type Hash struct {
	salt, key [32]byte
	set       bool
}

// String returns "[hash]".
func (Hash) String() string { return "[hash]" }

// GoString returns "[hash]".
func (Hash) GoString() string { return "[hash]" }

// A Hasher computes hashes, as many at once as there are processors: a flood of logins waits in line instead of
// slowing down everything else. It is safe for concurrent use.
type Hasher struct{ slots chan struct{} }

// New returns a hasher.
func New() *Hasher { return &Hasher{slots: make(chan struct{}, runtime.GOMAXPROCS(0))} }

// Hash returns a new hash of the password under a random salt. The error is that of a context which ended before
// it was the password's turn.
func (h *Hasher) Hash(ctx context.Context, password string) (Hash, error) {
	hash := Hash{set: true}
	rand.Read(hash.salt[:])
	key, err := h.derive(ctx, password, hash.salt)
	if err != nil {
		return Hash{}, err
	}
	hash.key = key
	return hash, nil
}

// Verify says whether the hash is that of the password. It takes as long for the zero Hash, which is that of none: use
// it for an unknown user, so that the answer's time does not tell who is known.
func (h *Hasher) Verify(ctx context.Context, hash Hash, password string) (bool, error) {
	key, err := h.derive(ctx, password, hash.salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key[:], hash.key[:]) == 1 && hash.set, nil
}

func (h *Hasher) derive(ctx context.Context, password string, salt [32]byte) ([32]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return [32]byte{}, fmt.Errorf("hash password: %w", ctx.Err())
	}
	key, err := pbkdf2.Key(sha256.New, password, salt[:], rounds, sha256.Size)
	if err != nil {
		return [32]byte{}, fmt.Errorf("hash password: %w", err)
	}
	return [32]byte(key), nil
}
