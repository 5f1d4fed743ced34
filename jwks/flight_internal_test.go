package jwks

import "testing"

// Between the look at what is held and the start of a fetch another one may have ended: there is nothing to fetch then.
func TestNothingIsFetchedForWhatHasJustBeenFetched(t *testing.T) {
	s, err := New("https://id.test")
	if err != nil {
		t.Fatal(err)
	}
	seen := s.held.Load()
	landed := &held{}
	s.held.Store(landed)
	if f := s.begin(t.Context(), seen, false); f != nil {
		t.Error("got a fetch for a state that is over, want none")
	}
	if s.flight.Load() != nil {
		t.Error("a flight is left that will never land")
	}
}
