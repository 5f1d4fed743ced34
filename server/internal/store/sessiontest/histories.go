package sessiontest

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// full says whether DURWARD_FULL=1 asks for the long proofs.
func full() bool { return os.Getenv("DURWARD_FULL") == "1" }

// accessLifetime is that of every access token of a system.
const accessLifetime = 15 * time.Minute

// histories runs random histories of logins, refreshes with any earlier token, and of all that ends or
// changes sessions, against the model. A failure is shrunk and prints the seed that repeats it: -rapid.seed.
func histories(t *testing.T, checks int, s system) {
	t.Helper()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "rapid.checks" })
	for name, value := range map[string]string{"rapid.checks": strconv.Itoa(checks), "rapid.nofailfile": "true"} {
		if f := flag.Lookup(name); f != nil && !(chosen && name == "rapid.checks") {
			before := f.Value.String()
			if err := f.Value.Set(value); err != nil {
				t.Fatal(err)
			}
			defer f.Value.Set(before)
		}
	}
	seen, steps, names := map[string]int{}, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		h := &history{system: s, seen: seen}
		for range 2 {
			names++
			u := &modelUser{name: fmt.Sprintf("user-%d", names), scopes: "a b c"}
			s.add(u.name)
			h.users = append(h.users, u)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"login": h.login, "refresh": h.refresh, "refresh again": h.refresh, "and again": h.refresh, "reauthenticate": h.again,
			"logout": rarely(h.logout), "end others": rarely(h.endOthers), "change password": rarely(h.changePassword),
			"disable or enable": rarely(h.disable), "set rights": rarely(h.setRights), "pass": h.pass, "": func(rt *rapid.T) { steps++; h.check(rt) },
		})
	})
	t.Logf("%d steps: %v", steps, seen)
	for _, outcome := range []string{"rotated", "repeated", "reused", "invalid", "too wide", "renewed"} {
		if seen[outcome] == 0 && !t.Failed() {
			t.Errorf("no history led to %q", outcome)
		}
	}
}

type history struct {
	system
	model
	seen map[string]int
}

func (h *history) user(rt *rapid.T) *modelUser { return rapid.SampledFrom(h.users).Draw(rt, "user") }

// session draws one of the last few.
func (h *history) session(rt *rapid.T) *modelSession {
	if len(h.sessions) == 0 {
		rt.Skip("no session yet")
	}
	recent := h.sessions[max(0, len(h.sessions)-5):]
	return recent[rapid.IntRange(0, len(recent)-1).Draw(rt, "session")]
}

func is(rt *rapid.T, what string, got, want error) {
	rt.Helper()
	if !errors.Is(got, want) {
		rt.Fatalf("%s: got error %v, want %v", what, got, want)
	}
}

// rarely is an act one time in four, so that sessions live long enough for something to happen to them.
func rarely(act func(*rapid.T)) func(*rapid.T) {
	return func(rt *rapid.T) {
		if rapid.IntRange(0, 3).Draw(rt, "chance") == 3 {
			act(rt)
		}
	}
}

var scopes = []string{"", "", "a", "b c", "admin", "a admin"}

func (h *history) login(rt *rapid.T) {
	u, asked := h.user(rt), rapid.SampledFrom(scopes).Draw(rt, "scope")
	granted, ok := part(u.scopes, asked)
	want := error(nil)
	if u.disabled {
		want = errCredentials
	} else if !ok {
		want = errScope
	}
	got, err := h.system.login(u.name, asked)
	is(rt, "login", err, want)
	if err != nil {
		return
	}
	idle, absolute, _ := h.policy()
	now := h.now()
	s := &modelSession{
		user: u, id: got.session, scope: granted, tokens: []string{got.refresh}, moved: now, authTime: now,
		idle: now.Add(min(idle, absolute)), absolute: now.Add(absolute),
	}
	for _, other := range h.sessions {
		if other.id == s.id {
			rt.Fatalf("login: got the session %s of another login (F08)", s.id)
		}
	}
	h.sessions = append(h.sessions, s)
	h.hold(rt, s, got, granted)
}

// hold compares what was answered with what the session and the user are, and keeps the access token.
func (h *history) hold(rt *rapid.T, s *modelSession, got answer, scope string) {
	rt.Helper()
	if got.session != s.id || got.scope != scope || got.roles != s.user.roles || !got.authTime.Equal(s.authTime.Truncate(time.Second)) {
		rt.Fatalf("got session %s, scope %q, roles %q, auth_time %v; want %s, %q, %q, %v",
			got.session, got.scope, got.roles, got.authTime, s.id, scope, s.user.roles, s.authTime)
	}
	expires := h.now().Add(accessLifetime).Truncate(time.Second)
	h.issued = append(h.issued, modelAccess{s, s.user.version, expires, got.access})
}

func (h *history) refresh(rt *rapid.T) {
	s := h.session(rt)
	last := len(s.tokens) - 1
	i := last - min(last, rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 9}).Draw(rt, "age"))
	asked := rapid.SampledFrom(scopes).Draw(rt, "scope")
	idle, _, grace := h.policy()
	moved, want := s.present(i, asked, h.now(), idle, grace)
	got, err := h.system.refresh(s.tokens[i], asked)
	is(rt, fmt.Sprintf("refresh with token %d of %d and scope %q", i, last, asked), err, want)
	switch {
	case moved:
		if slices.Contains(s.tokens, got.refresh) {
			rt.Fatal("a rotation answered a token of before")
		}
		s.tokens = append(s.tokens, got.refresh)
		h.seen["rotated"]++
	case err == nil:
		if got.refresh != s.tokens[last] {
			rt.Fatal("a repetition answered another token than the successor")
		}
		h.seen["repeated"]++
	default:
		h.seen[map[error]string{errInvalid: "invalid", errReused: "reused", errScope: "too wide"}[want]]++
		return
	}
	granted, _ := part(both(s.scope, s.user.scopes), asked)
	h.hold(rt, s, got, granted)
}

func (h *history) again(rt *rapid.T) {
	s := h.session(rt)
	want := error(nil)
	if s.user.disabled {
		want = errCredentials
	} else if s.over(h.now()) {
		want = errOver
	}
	got, err := h.reauthenticate(s.user.name, s.id)
	is(rt, "reauthenticate", err, want)
	if err == nil {
		s.authTime = h.now()
		h.seen["renewed"]++
		h.hold(rt, s, got, both(s.scope, s.user.scopes))
	}
}

func (h *history) logout(rt *rapid.T) {
	s := h.session(rt)
	is(rt, "logout", h.system.logout(s.user.name, s.id), nil)
	s.ended = true
}

func (h *history) endOthers(rt *rapid.T) {
	s := h.session(rt)
	is(rt, "end the others", h.system.endOthers(s.user.name, s.id), nil)
	h.end(s.user, s)
}

func (h *history) changePassword(rt *rapid.T) {
	s := h.session(rt)
	is(rt, "change the password", h.system.changePassword(s.user.name, s.id), nil)
	s.user.version++
	h.end(s.user, s)
}

func (h *history) disable(rt *rapid.T) {
	u := h.user(rt)
	if u.disabled {
		is(rt, "enable", h.enable(u.name), nil)
		u.disabled = false
		return
	}
	is(rt, "disable", h.system.disable(u.name), nil)
	u.disabled = true
	u.version++
	h.end(u, nil)
}

func (h *history) setRights(rt *rapid.T) {
	u := h.user(rt)
	if rapid.Bool().Draw(rt, "roles") {
		u.roles = rapid.SampledFrom([]string{"", "clerk", "clerk editor"}).Draw(rt, "to")
		is(rt, "set roles", h.setRoles(u.name, u.roles), nil)
	} else {
		to := rapid.SampledFrom([]string{"", "a", "a b", "a b c"}).Draw(rt, "to")
		err := h.setScopes(u.name, to)
		if errors.Is(err, errNone) {
			return
		}
		is(rt, "set scopes", err, nil)
		u.scopes = to
	}
	u.version++
}

func (h *history) pass(rt *rapid.T) {
	_, _, grace := h.policy()
	h.system.pass(rapid.SampledFrom([]time.Duration{
		time.Microsecond, grace - time.Microsecond, grace, grace + time.Microsecond, time.Second, time.Minute, accessLifetime, 24 * time.Hour, 20 * 24 * time.Hour,
	}).Draw(rt, "time"))
}

// check compares the lists of sessions, and of every session the youngest access tokens.
func (h *history) check(rt *rapid.T) {
	now := h.now()
	for _, u := range h.users {
		got, err := h.system.live(u.name)
		is(rt, "list", err, nil)
		if slices.Sort(got); !slices.Equal(got, h.model.live(u, now)) {
			rt.Fatalf("sessions of %s: got %v, want %v", u.name, got, h.model.live(u, now))
		}
	}
	for _, a := range h.issued[max(0, len(h.issued)-8):] {
		if got, want := h.accepts(a.access), a.good(now); got != want {
			rt.Fatalf("an access token of session %s and version %d: accepted %t, want %t", a.session.id, a.version, got, want)
		}
	}
}
