package password

import "context"

// Occupy takes so many workers of a pool until release is called.
func Occupy(p *Pool, count int) (release func()) {
	var workers []chan struct{}
	for range count {
		worker, err := p.acquire(context.Background(), p.inside.Add(1)-1)
		if err != nil {
			panic(err)
		}
		workers = append(workers, worker)
	}
	return func() {
		for _, worker := range workers {
			<-worker
			p.inside.Add(-1)
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
