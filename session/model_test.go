package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/session"
)

// modelSession is what the oracle remembers of a session: every token it was
// answered with, in order, and a few times.
type modelSession struct {
	id, user                string
	tokens                  []string
	opened, moved, ended    time.Time
	proved                  time.Time // when the user last proved who they are
	idleLimit, absoluteTime time.Time
}

func (s *modelSession) over(now time.Time) bool {
	return !s.ended.IsZero() || !now.Before(s.idleLimit) || !now.Before(s.absoluteTime)
}

// history runs one random history against a manager and the oracle.
type history struct {
	t        *testing.T
	random   *rand.Rand
	where    string
	now      time.Time
	policy   session.Policy
	manager  *session.Manager
	sessions []*modelSession
	events   []string // what OnEnd was told
	want     []string // what it should have been
	counts   map[string]int
}

func TestRandomHistoriesAgainstAnOracle(t *testing.T) {
	seed := rand.Uint64()
	codec := newCodec(t)
	counts := map[string]int{}
	for round := range 150 {
		random := rand.New(rand.NewPCG(seed, uint64(round)))
		h := &history{t: t, random: random, now: start, counts: counts}
		h.policy = session.Policy{
			Idle:     time.Duration(1+random.IntN(60)) * time.Minute,
			Grace:    time.Duration(random.IntN(3)) * 5 * time.Second,
			Absolute: time.Duration(1+random.IntN(5)) * time.Hour,
		}
		var err error
		h.manager, err = session.NewManager(session.Config{
			Store: session.NewMemory(), Codec: codec, Policy: h.policy,
			Clock: func() time.Time { return h.now },
			OnEnd: func(_ context.Context, s session.State, why session.Reason) {
				h.events = append(h.events, fmt.Sprint(s.ID, why))
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for step := range 300 {
			h.where = fmt.Sprintf("seed %d, round %d, step %d", seed, round, step)
			h.act()
			slices.Sort(h.events)
			slices.Sort(h.want)
			if !slices.Equal(h.events, h.want) {
				t.Fatalf("%s: OnEnd: got %q, want %q", h.where, h.events, h.want)
			}
		}
	}
	for _, outcome := range []string{"rotated", "repeated", "reused", "ended", "expired", "forged", "listed", "ended all", "too wide", "narrowed", "reauthenticated"} {
		if counts[outcome] == 0 {
			t.Errorf("seed %d: no history led to %q", seed, outcome)
		}
	}
}

func (h *history) act() {
	switch n := h.random.IntN(100); {
	case len(h.sessions) == 0 || n < 5:
		h.open()
	case n < 60:
		h.refresh(h.pick())
	case n < 63:
		h.forge(h.pick())
	case n < 65:
		h.end(h.pick())
	case n < 66:
		h.reauthenticate(h.pick())
	case n < 68:
		h.endAll(h.pick())
	case n < 75:
		h.list(h.pick())
	case n < 90:
		h.pass(time.Duration(h.random.IntN(12_000)) * time.Millisecond)
	case n < 98:
		h.pass(time.Duration(h.random.IntN(20)) * time.Minute)
	default:
		h.pass(-time.Duration(h.random.IntN(30)) * time.Minute)
	}
}

func (h *history) pick() *modelSession {
	recent := min(len(h.sessions), 6)
	return h.sessions[len(h.sessions)-1-h.random.IntN(recent)]
}

// pass moves the clock, within a day: nothing is forgotten that soon.
func (h *history) pass(d time.Duration) {
	if now := h.now.Add(d); now.Before(start.Add(23 * time.Hour)) {
		h.now = now
	}
}

func (h *history) open() {
	user := fmt.Sprintf("user-%d", h.random.IntN(3))
	grant, err := h.manager.Open(h.t.Context(), session.Login{UserID: user, Scope: "read write"})
	if err != nil {
		h.t.Fatalf("%s: Open: %v", h.where, err)
	}
	s := &modelSession{id: grant.Session.ID, user: user, tokens: []string{grant.Token.Reveal()}, opened: h.now, moved: h.now, proved: h.now}
	s.absoluteTime = h.now.Add(h.policy.Absolute)
	s.idleLimit = h.now.Add(min(h.policy.Idle, h.policy.Absolute))
	h.sessions = append(h.sessions, s)
}

// refresh presents any token that the session was ever answered with.
func (h *history) refresh(s *modelSession) {
	last := len(s.tokens) - 1
	i := last - min(last, []int{0, 0, 0, 1, 1, 2, h.random.IntN(last + 1)}[h.random.IntN(7)])
	sinceMove := h.now.Sub(s.moved)
	var want error
	name := ""
	switch {
	case !s.ended.IsZero():
		want, name = session.ErrEnded, "ended"
	case s.over(h.now):
		want, name = session.ErrExpired, "expired"
	case i == last:
		name = "rotated"
	case i == last-1 && sinceMove <= h.policy.Grace && sinceMove >= -h.policy.Grace:
		name = "repeated"
	default:
		want, name = session.ErrReused, "reused"
	}
	scope := []string{"", "", "", "read", "write read", "admin", "read admin"}[h.random.IntN(7)]
	if want == nil && strings.Contains(scope, "admin") {
		want, name = session.ErrScope, "too wide"
	}
	h.counts[name]++
	got, err := h.manager.RefreshScope(h.t.Context(), s.tokens[i], scope)
	if !errors.Is(err, want) {
		h.t.Fatalf("%s: token %d of %d, %s: got %v, want %v", h.where, i, len(s.tokens), name, err, want)
	}
	switch name {
	case "rotated":
		if slices.Contains(s.tokens, got.Token.Reveal()) || got.Repeated {
			h.t.Fatalf("%s: rotated: got repeated %v or an earlier token, want a new one", h.where, got.Repeated)
		}
		s.tokens = append(s.tokens, got.Token.Reveal())
		s.moved = h.now
		s.idleLimit = h.now.Add(h.policy.Idle)
		if s.absoluteTime.Before(s.idleLimit) {
			s.idleLimit = s.absoluteTime
		}
	case "repeated":
		if got.Token.Reveal() != s.tokens[last] || !got.Repeated {
			h.t.Fatalf("%s: repeated: got another token than the successor", h.where)
		}
	case "reused":
		s.ended = h.now
		h.want = append(h.want, fmt.Sprint(s.id, session.ByReuse))
	}
	if want != nil && got != (session.Grant{}) {
		h.t.Fatalf("%s: %s: got %+v beside the error, want nothing", h.where, name, got)
	}
	if scope == "" {
		scope = "read write"
	} else if want == nil {
		h.counts["narrowed"]++
	}
	if want == nil && (got.Scope != scope || !got.Session.AuthTime.Equal(s.proved)) {
		h.t.Fatalf("%s: got scope %q and auth_time %v, want %q and %v", h.where, got.Scope, got.Session.AuthTime, scope, s.proved)
	}
	if want == nil && (got.Session.ID != s.id || got.Session.UserID != s.user || got.Session.Scope != "read write" ||
		got.Session.Generation != int64(len(s.tokens)-1) || !got.Session.IdleExpiresAt.Equal(s.idleLimit) || !got.Session.ExpiresAt.Equal(s.absoluteTime)) {
		h.t.Fatalf("%s: got session %+v, want that of %+v", h.where, got.Session, s)
	}
}

// forge presents tokens that were never issued: they change nothing, which the
// steps after this one find out.
func (h *history) forge(s *modelSession) {
	h.counts["forged"]++
	token := s.tokens[len(s.tokens)-1]
	forged := []string{
		token[:len(token)-1], token + "A", token + "=",
		newCodec(h.t).Token(s.id, int64(len(s.tokens))),
		newCodec(h.t).Token(session.NewID(), 0),
		newCodec(h.t).Bind("other").Token(s.id, int64(len(s.tokens)-1)),
	}
	for i, token := range forged {
		_, err := h.manager.Refresh(h.t.Context(), token)
		over := i == 3 && s.over(h.now) && (errors.Is(err, session.ErrEnded) || errors.Is(err, session.ErrExpired))
		if !errors.Is(err, session.ErrInvalid) && !over {
			h.t.Fatalf("%s: forged token %d: got %v, want ErrInvalid", h.where, i, err)
		}
	}
}

// reauthenticate moves auth_time and nothing else, which the steps after it find out.
func (h *history) reauthenticate(s *modelSession) {
	h.counts["reauthenticated"]++
	if _, err := h.manager.Reauthenticate(h.t.Context(), s.id, s.user+"x"); !errors.Is(err, session.ErrEnded) {
		h.t.Fatalf("%s: Reauthenticate by another user: got %v, want ErrEnded", h.where, err)
	}
	got, err := h.manager.Reauthenticate(h.t.Context(), s.id, s.user)
	if s.over(h.now) {
		if !errors.Is(err, session.ErrEnded) || got != (session.State{}) {
			h.t.Fatalf("%s: Reauthenticate: got %+v, %v, want ErrEnded alone", h.where, got, err)
		}
		return
	}
	if h.now.After(s.proved) {
		s.proved = h.now
	}
	if err != nil || !got.AuthTime.Equal(s.proved) {
		h.t.Fatalf("%s: Reauthenticate: got auth_time %v, %v, want %v", h.where, got.AuthTime, err, s.proved)
	}
}

func (h *history) end(s *modelSession) {
	want := s.ended.IsZero()
	got, err := h.manager.End(h.t.Context(), s.id)
	if err != nil || got != want {
		h.t.Fatalf("%s: End: got %v, %v, want %v", h.where, got, err, want)
	}
	if got {
		s.ended = h.now
		h.want = append(h.want, fmt.Sprint(s.id, session.ByRequest))
	}
}

func (h *history) endAll(except *modelSession) {
	h.counts["ended all"]++
	want := 0
	for _, s := range h.sessions {
		if s.user == except.user && s != except && s.ended.IsZero() {
			s.ended = h.now
			h.want = append(h.want, fmt.Sprint(s.id, session.ByRequest))
			want++
		}
	}
	if got, err := h.manager.EndAll(h.t.Context(), except.user, except.id); err != nil || got != want {
		h.t.Fatalf("%s: EndAll: got %d, %v, want %d", h.where, got, err, want)
	}
}

func (h *history) list(of *modelSession) {
	h.counts["listed"]++
	var want, got []string
	for _, s := range h.sessions {
		if s.user == of.user && !s.over(h.now) {
			want = append(want, s.id)
		}
	}
	sessions, err := h.manager.List(h.t.Context(), of.user)
	if err != nil {
		h.t.Fatalf("%s: List: %v", h.where, err)
	}
	for i, s := range sessions {
		got = append(got, s.ID)
		if i > 0 && s.CreatedAt.After(sessions[i-1].CreatedAt) {
			h.t.Fatalf("%s: List: %v is listed after %v, want the newest first", h.where, s.CreatedAt, sessions[i-1].CreatedAt)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		h.t.Fatalf("%s: List: got %v, want %v", h.where, got, want)
	}
}
