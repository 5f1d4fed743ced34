package account

import (
	"context"
	"strconv"
	"strings"
	"sync"

	"github.com/durward-auth/durward"
)

// ListSize is how many places a status list has.
const ListSize = 1 << 20

// ListURI is where the list is that has the place.
func ListURI(issuer string, place int64) string {
	return strings.TrimSuffix(issuer, "/") + "/statuslist/" + strconv.FormatInt(place/ListSize, 10)
}

// status is what a token says of its session's place; nothing for a session that has none.
func (s *Service) status(place int64) durward.StatusReference {
	if place == 0 || s.StatusIssuer == "" {
		return durward.StatusReference{}
	}
	return durward.StatusReference{URI: ListURI(s.StatusIssuer, place), Index: place % ListSize}
}

// places are those that this process has leased and not given to a session yet.
type places struct {
	mu        sync.Mutex
	next, end int64
	spare     []int64
}

// place takes one that no session has; 0 when the status lists are off.
func (s *Service) place(ctx context.Context) (int64, error) {
	if s.StatusIssuer == "" {
		return 0, nil
	}
	p := &s.places
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.spare) - 1; last >= 0 {
		place := p.spare[last]
		p.spare = p.spare[:last]
		return place, nil
	}
	if p.next == p.end {
		var err error
		if p.next, p.end, err = s.Store.LeaseStatusIndexes(ctx); err != nil {
			p.next, p.end = 0, 0
			return 0, err
		}
	}
	p.next++
	return p.next - 1, nil
}

// spare gives back a place that no session got.
func (s *Service) spare(place int64) {
	if place == 0 {
		return
	}
	s.places.mu.Lock()
	defer s.places.mu.Unlock()
	s.places.spare = append(s.places.spare, place)
}
