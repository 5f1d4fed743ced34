package password

import "context"

// Occupy takes so many workers of a pool until release is called.
func Occupy(p *Pool, count int) (release func()) {
	for range count {
		if err := p.acquire(context.Background(), known); err != nil {
			panic(err)
		}
	}
	return func() {
		for range count {
			p.release()
		}
	}
}

// ParsePHC returns the canonical spelling and the parameters of a PHC string.
func ParsePHC(phc string) (string, Params, error) {
	h, err := parseArgon2(phc, false)
	if err != nil {
		return "", Params{}, err
	}
	own := h.(argon2Hash)
	return own.encode(), own.params, nil
}

// Cost returns what a stored hash would cost: bytes of memory, and steps as its kind counts them.
func Cost(hash string) (memory, steps uint64, err error) {
	h, err := parseStored(hash)
	if err != nil {
		return 0, 0, err
	}
	switch h := h.(type) {
	case argon2Hash:
		return uint64(h.params.MemoryKiB) * 1024, h.params.work(), nil
	case bcryptHash:
		return 0, 1 << h.cost, nil
	case scryptHash:
		return 128 * uint64(h.n) * uint64(h.r), uint64(h.n) * uint64(h.r) * uint64(h.p), nil
	case pbkdf2Hash:
		return 0, uint64(h.rounds) * uint64((len(h.tag)+h.digest.size-1)/h.digest.size), nil
	default:
		panic("unknown kind")
	}
}
