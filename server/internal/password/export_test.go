package password

// Occupy takes every worker of a pool until release is called.
func Occupy(p *Pool) (release func()) {
	for range p.workers {
		p.inside.Add(1)
		p.slots <- struct{}{}
	}
	return func() {
		for range p.workers {
			p.leave()
		}
	}
}

// ParsePHC returns the canonical spelling and the parameters of a PHC string.
func ParsePHC(phc string) (string, Params, error) {
	h, err := parsePHC(phc)
	if err != nil {
		return "", Params{}, err
	}
	return h.encode(), h.params, nil
}
