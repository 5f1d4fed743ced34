package session

// Outcome is what presenting a refresh token led to. The zero Outcome refuses.
type Outcome uint8

const (
	// Unknown: no such session, or a generation that it never issued, as after
	// the restore of a backup. The session is untouched.
	Unknown Outcome = iota

	// Rotated: the session moved to the next generation; its token is the answer.
	Rotated

	// Repeated: the presented token was replaced within the grace. The answer
	// is the token of the same successor, and nothing changes.
	Repeated

	// Reused: the presented token was replaced before. The session ends.
	Reused

	// Ended: the session had ended before; nothing changes.
	Ended

	// Expired: the session is past a limit; nothing changes.
	Expired
)

// Granted reports whether the outcome is answered with a token, that of the
// generation after the presented one.
func (o Outcome) Granted() bool { return o == Rotated || o == Repeated }

// Err returns nil for an outcome that is granted, else the error for its
// client: [ErrReused], [ErrEnded], [ErrExpired] or [ErrInvalid].
func (o Outcome) Err() error {
	switch o {
	case Rotated, Repeated:
		return nil
	case Reused:
		return ErrReused
	case Ended:
		return ErrEnded
	case Expired:
		return ErrExpired
	default:
		return ErrInvalid
	}
}

// String returns the outcome's name in lower case, as audit logs and metrics
// write it.
func (o Outcome) String() string {
	switch o {
	case Rotated:
		return "rotated"
	case Repeated:
		return "repeated"
	case Reused:
		return "reused"
	case Ended:
		return "ended"
	case Expired:
		return "expired"
	default:
		return "unknown"
	}
}
