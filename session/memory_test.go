package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/durward-auth/durward/session"
)

func open(t *testing.T, store session.Store, s session.State) session.State {
	t.Helper()
	if err := store.Open(t.Context(), s); err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s
}

func TestMemoryOpenRefuses(t *testing.T) {
	policy := session.DefaultPolicy()
	store := session.NewMemory()
	taken := open(t, store, policy.Start("alice", start))
	if err := store.Open(t.Context(), taken); !errors.Is(err, session.ErrExists) {
		t.Errorf("an id that is taken: got %v, want ErrExists", err)
	}
	for name, change := range map[string]func(*session.State){
		"no id":                 func(s *session.State) { s.ID = "" },
		"an id that no token":   func(s *session.State) { s.ID = "a.b" },
		"no user":               func(s *session.State) { s.UserID = "" },
		"a negative generation": func(s *session.State) { s.Generation = -1 },
	} {
		s := policy.Start("alice", start)
		change(&s)
		if err := store.Open(t.Context(), s); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if got := store.Len(); got != 1 {
		t.Errorf("Len: got %d, want 1", got)
	}
}

func TestMemoryKnowsNothingOfOthersIDs(t *testing.T) {
	store, policy := session.NewMemory(), session.DefaultPolicy()
	s, outcome, err := store.Rotate(t.Context(), "nobody", 0, "", start, policy)
	if s != (session.State{}) || outcome != session.Unknown || err != nil {
		t.Errorf("Rotate: got %+v, %v, %v; want nothing, unknown", s, outcome, err)
	}
	s, ended, err := store.End(t.Context(), "nobody", start)
	if s != (session.State{}) || ended || err != nil {
		t.Errorf("End: got %+v, %v, %v; want nothing", s, ended, err)
	}
	if all, err := store.EndAll(t.Context(), "nobody", "", start); len(all) != 0 || err != nil {
		t.Errorf("EndAll: got %v, %v; want nothing", all, err)
	}
}

func TestMemoryEndAnswersTheStateAfterIt(t *testing.T) {
	store, policy := session.NewMemory(), session.DefaultPolicy()
	s := open(t, store, policy.Start("alice", start))
	want := s.End(start.Add(time.Hour))
	if got, ended, err := store.End(t.Context(), s.ID, start.Add(time.Hour)); got != want || !ended || err != nil {
		t.Errorf("got %+v, %v, %v; want %+v", got, ended, err, want)
	}
	if got, ended, err := store.End(t.Context(), s.ID, start.Add(2*time.Hour)); got != want || ended || err != nil {
		t.Errorf("again: got %+v, %v, %v; want %+v, not ended now", got, ended, err, want)
	}
}

func TestMemoryEndsASessionPastItsLimits(t *testing.T) {
	store, policy := session.NewMemory(), session.DefaultPolicy()
	s := open(t, store, policy.Start("alice", start))
	late := s.ExpiresAt.Add(time.Minute)
	if live, err := store.List(t.Context(), "alice", late); len(live) != 0 || err != nil {
		t.Errorf("List: got %v, %v; want none", live, err)
	}
	if got, err := store.EndAll(t.Context(), "alice", "", late); len(got) != 1 || err != nil || !got[0].EndedAt.Equal(late) {
		t.Errorf("EndAll: got %v, %v; want one session", got, err)
	}
}

// A session is opened every minute for 60 days and lives an hour; a quarter is
// ended by hand. What is held is what a day and an hour hold.
func TestMemoryForgetsWhatIsOver(t *testing.T) {
	policy := session.Policy{Idle: time.Hour, Absolute: time.Hour}
	store := session.NewMemory()
	most := 0
	var kept session.State
	now := start
	for i := range 60 * 24 * 60 {
		now = now.Add(time.Minute)
		kept = open(t, store, policy.Start("alice", now))
		if i%4 == 0 {
			if _, ended, err := store.End(t.Context(), kept.ID, now); !ended || err != nil {
				t.Fatalf("End: got %v, %v", ended, err)
			}
		}
		most = max(most, store.Len())
	}
	if limit := 25 * 60 * 3 / 2; most > limit {
		t.Errorf("got %d sessions at once, want at most %d", most, limit)
	}
	if live, err := store.List(t.Context(), "alice", now); err != nil || len(live) != 45 {
		t.Errorf("got %d live sessions, %v; want 45", len(live), err)
	}
}

func TestMemoryKeepsTheAnswerOfASessionForADay(t *testing.T) {
	policy := session.Policy{Idle: time.Hour, Absolute: time.Hour}
	store := session.NewMemory()
	ended := open(t, store, policy.Start("alice", start))
	expired := open(t, store, policy.Start("alice", start))
	if _, _, err := store.End(t.Context(), ended.ID, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	outcome := func(id string, now time.Time) session.Outcome {
		for range 8 {
			open(t, store, policy.Start("bob", now))
		}
		_, outcome, err := store.Rotate(t.Context(), id, 0, "", now, policy)
		if err != nil {
			t.Fatal(err)
		}
		return outcome
	}
	almost, day := start.Add(25*time.Hour-time.Microsecond), start.Add(25*time.Hour)
	for _, step := range []struct {
		id   string
		now  time.Time
		want session.Outcome
	}{
		{ended.ID, almost, session.Ended}, {expired.ID, almost, session.Expired},
		{ended.ID, day, session.Unknown}, {expired.ID, day, session.Unknown},
	} {
		if got := outcome(step.id, step.now); got != step.want {
			t.Errorf("at %v: got %v, want %v", step.now, got, step.want)
		}
	}
	if got, err := store.EndAll(t.Context(), "alice", "", day); len(got) != 0 || err != nil {
		t.Errorf("EndAll of the forgotten: got %v, %v; want none", got, err)
	}
}

func TestAFullMemoryMakesRoomOnlyOfWhatIsOver(t *testing.T) {
	policy := session.DefaultPolicy()
	store := session.NewMemoryOf(3)
	first := open(t, store, policy.Start("alice", start))
	open(t, store, policy.Start("alice", start))
	open(t, store, policy.Start("bob", start))
	if err := store.Open(t.Context(), policy.Start("bob", start)); !errors.Is(err, session.ErrFull) || errors.Is(err, session.ErrRefused) {
		t.Fatalf("a fourth live session: got %v, want ErrFull", err)
	}
	if _, _, err := store.End(t.Context(), first.ID, start); err != nil {
		t.Fatal(err)
	}
	open(t, store, policy.Start("bob", start))
	if got := store.Len(); got != 3 {
		t.Errorf("Len: got %d, want 3", got)
	}
	if _, outcome, err := store.Rotate(t.Context(), first.ID, 0, "", start, policy); outcome != session.Unknown || err != nil {
		t.Errorf("the ended session: got %v, %v; want unknown", outcome, err)
	}
	for user, want := range map[string]int{"alice": 1, "bob": 2} {
		if live, err := store.List(t.Context(), user, start); len(live) != want || err != nil {
			t.Errorf("List of %s: got %d, %v; want %d", user, len(live), err, want)
		}
	}
}
