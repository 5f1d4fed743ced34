package jwk

import (
	"errors"
	"fmt"
)

// Every error of this package wraps exactly one of these three. None contains key material.
var (
	// ErrWeak marks a key that is well formed and not safe to use.
	ErrWeak = errors.New("weak key")
	// ErrInvalid marks a key that is malformed, contradicts itself or is not the kind that was asked for.
	ErrInvalid = errors.New("invalid key")
	// ErrUnsupported marks a key that may be sound and is of a kind, or for a purpose, that this package does not know.
	ErrUnsupported = errors.New("unsupported key")
)

// fault is a sentence for a person together with the sentinel for a program.
type fault struct {
	kind error
	text string
}

func (f *fault) Error() string { return f.text }
func (f *fault) Unwrap() error { return f.kind }

func weak(format string, args ...any) error {
	return &fault{ErrWeak, fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) error {
	return &fault{ErrInvalid, fmt.Sprintf(format, args...)}
}

func unsupportedAlgorithm(algorithm string) error {
	return unsupported("algorithm %.40q is not supported", algorithm)
}

func unsupported(format string, args ...any) error {
	return &fault{ErrUnsupported, fmt.Sprintf(format, args...)}
}
