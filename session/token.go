package session

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[secret]"

// RefreshToken is a refresh token on its way to its owner. It prints, logs and
// encodes as [secret]; [RefreshToken.Reveal] gives the token itself.
type RefreshToken struct{ value string }

// Reveal returns the token, to be sent to its owner and nowhere else.
func (t RefreshToken) Reveal() string { return t.value }

// String returns [secret].
func (t RefreshToken) String() string { return redacted }

// GoString returns [secret].
func (t RefreshToken) GoString() string { return redacted }

// Format writes [secret], whatever the verb.
func (t RefreshToken) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

// LogValue returns [secret].
func (t RefreshToken) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [secret].
func (t RefreshToken) MarshalText() ([]byte, error) { return []byte(redacted), nil }
