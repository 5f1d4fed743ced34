package account_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

func TestARefreshTokenHasOneSuccessor(t *testing.T) {
	o := open(t)
	u := o.user("alice", []string{"clerk"}, nil)
	g := o.login("alice")
	o.clock.Advance(time.Minute)
	next, err := o.refresh(g)
	must(t, err)
	if next.SessionID != g.SessionID || next.RefreshToken == g.RefreshToken || next.User.ID != u.ID {
		t.Errorf("Refresh: got the session %q, want another token of %q", next.SessionID, g.SessionID)
	}
	claims := o.accepted("the new access token", next)
	if !claims.AuthTime.Equal(o.clock.Now().Add(-time.Minute)) || !claims.IssuedAt.Equal(o.clock.Now()) {
		t.Errorf("Refresh: got auth_time %v and iat %v, want the login's and now", claims.AuthTime, claims.IssuedAt)
	}
	o.accepted("the access token of before", g)
	o.clock.Advance(10 * time.Second)
	again, err := o.refresh(g)
	must(t, err)
	if again.RefreshToken != next.RefreshToken {
		t.Error("the same token within the grace: got another successor, want the same")
	}
}

// F02.
func TestParallelRefreshesGetOneSuccessor(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	var mu sync.Mutex
	successors := map[string]int{}
	var done sync.WaitGroup
	for range 50 {
		done.Go(func() {
			next, err := o.refresh(g)
			if err != nil {
				t.Errorf("Refresh: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			successors[next.RefreshToken]++
		})
	}
	done.Wait()
	if len(successors) != 1 {
		t.Errorf("50 refreshes at once: got %d successors, want 1", len(successors))
	}
}

// F01.
func TestAReusedRefreshTokenEndsTheSession(t *testing.T) {
	for name, superseded := range map[string]bool{"after the grace": false, "when its successor was used": true} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			o.user("alice", nil, nil)
			other := o.login("alice")
			g := o.login("alice")
			next, err := o.refresh(g)
			must(t, err)
			newest := next
			if superseded {
				newest, err = o.refresh(next)
				must(t, err)
			} else {
				o.clock.Advance(10*time.Second + time.Microsecond)
			}
			before := len(o.events())
			stolen, err := o.refresh(g)
			wantError(t, "Refresh", err, account.ErrRefreshReused)
			if stolen.AccessToken != "" || stolen.RefreshToken != "" {
				t.Error("Refresh: got tokens beside the error, want none")
			}
			for _, issued := range []account.Grant{g, next, newest} {
				o.refused("after the reuse", issued)
			}
			_, err = o.refresh(newest)
			wantError(t, "the newest refresh token", err, account.ErrInvalidRefresh)
			events := o.events()[before:]
			if len(events) != 1 || events[0].Action != audit.SessionReuse || events[0].Outcome != audit.Refused || events[0].Target != g.SessionID || events[0].SubjectName != "alice" {
				t.Errorf("audit log: got %+v, want one reuse", events)
			}
			o.accepted("another session", other)
			if _, err := o.refresh(other); err != nil {
				t.Errorf("another session: got %v, want it refreshed", err)
			}
		})
	}
}

// F09, F10.
func TestOtherRefreshTokensAreRefused(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	before := len(o.events())
	tokens := map[string]string{
		"none":                     "",
		"cut short":                g.RefreshToken[:len(g.RefreshToken)-1],
		"longer":                   g.RefreshToken + "A",
		"padded":                   g.RefreshToken + "=",
		"with another case":        strings.ToUpper(g.RefreshToken),
		"an access token":          g.AccessToken,
		"of a later generation":    o.Codec.Token(g.SessionID, 1),
		"of an unknown session":    o.Codec.Token(strings.Repeat("A", len(g.SessionID)), 0),
		"a megabyte":               strings.Repeat("a", 1<<20),
		"the session's id":         g.SessionID,
		"with a line break within": g.RefreshToken[:8] + "\n" + g.RefreshToken[8:],
	}
	for name, token := range tokens {
		if _, err := o.Refresh(t.Context(), token, "", home); !errors.Is(err, account.ErrInvalidRefresh) {
			t.Errorf("a refresh token %s: got %v, want ErrInvalidRefresh", name, err)
		}
	}
	if rows := len(o.events()) - before; rows != 0 {
		t.Errorf("audit log: got %d rows, want none: they are tallied", rows)
	}
	count := 0
	for _, e := range o.Tally.Drain() {
		count += e.Count
		if e.Action != audit.SessionRefresh || e.Outcome != audit.Refused || e.Reason == "" {
			t.Errorf("tally: got %+v, want refused refreshes with a reason", e)
		}
	}
	if count != len(tokens) {
		t.Errorf("tally: got %d refusals, want %d", count, len(tokens))
	}
	if _, err := o.refresh(g); err != nil {
		t.Errorf("the right token afterwards: got %v, want the session untouched", err)
	}
}

// F13.
func TestSessionsHaveLimits(t *testing.T) {
	const day = 24 * time.Hour
	o := open(t)
	u := o.user("alice", nil, nil)
	idle := o.login("alice")
	used := o.login("alice")
	for range 3 {
		o.clock.Advance(29 * day)
		next, err := o.refresh(used)
		must(t, err)
		used = next
	}
	_, err := o.refresh(idle)
	wantError(t, "a session that was idle for 87 days", err, account.ErrInvalidRefresh)
	if used.RefreshExpiresIn != 3*day {
		t.Errorf("RefreshExpiresIn after 87 days: got %v, want the 3 days up to the absolute limit", used.RefreshExpiresIn)
	}
	o.clock.Advance(3 * day)
	_, err = o.refresh(used)
	wantError(t, "a session of 90 days", err, account.ErrInvalidRefresh)
	sessions, err := o.ListSessions(t.Context(), u.ID)
	must(t, err)
	if len(sessions) != 0 {
		t.Errorf("ListSessions: got %d, want none", len(sessions))
	}
}
