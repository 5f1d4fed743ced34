package password

// A Task is one password to be hashed. It says all that is needed, so that another process can do it.
type Task struct {
	Password string // in its normal form
	Stored   string // the hash to compare with, of any kind that Verify knows; "" asks for a new one
	Params   Params // of the new hash
}

// An Outcome is what became of a Task.
type Outcome struct {
	Hash    string // the PHC string of the new hash
	Matches bool   // the password is the one of the stored hash
}

// Do hashes the password in the calling goroutine. It holds a processor for some milliseconds at a time, and takes the
// memory that the hash asks for. The error is ErrMalformedHash.
func (t Task) Do() (Outcome, error) {
	if t.Stored == "" {
		h := argon2Hash{params: t.Params, salt: random(saltSize)}
		h.tag = argon2Tag(t.Password, h.params, h.salt, tagSize)
		return Outcome{Hash: h.encode()}, nil
	}
	h, err := parseStored(t.Stored)
	if err != nil {
		return Outcome{}, err
	}
	matches, err := h.matches(t.Password)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Matches: matches}, nil
}

// A Runner does tasks. It is safe for concurrent use.
type Runner interface {
	// Do returns what Task.Do returns.
	Do(Task) (Outcome, error)
	// Rest gives back the memory that passwords took, as far as none is being hashed.
	Rest()
}
