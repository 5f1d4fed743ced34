package account_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

func (o *office) narrow(g account.Grant, scope string) (account.Grant, error) {
	return o.Refresh(o.t.Context(), g.RefreshToken, scope, home)
}

// F14: a refresh never gives more than the login did, and what asks for more rotates nothing.
func TestARefreshNarrowsTheAccessTokenAlone(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, []string{"a", "b", "c"})
	g, err := o.Login(t.Context(), account.Credentials{Username: "alice", Password: goodWord, Scope: "a b"}, home)
	must(t, err)
	for _, scope := range []string{"c", "a c", "admin", "a\tadmin", "A"} {
		next, err := o.narrow(g, scope)
		wantInput(t, "scope "+scope, err, "invalid_scope")
		if next.AccessToken+next.RefreshToken != "" {
			t.Errorf("scope %q: got tokens beside the error, want none", scope)
		}
	}
	steps := []struct {
		scope string
		want  []string
	}{{"a", []string{"a"}}, {"", []string{"a", "b"}}, {"b a b", []string{"b", "a"}}}
	var before account.Grant
	for i, step := range steps {
		o.clock.Advance(time.Minute)
		before = g
		g, err = o.narrow(g, step.scope)
		must(t, err)
		if claims := o.accepted(step.scope, g); !slices.Equal(claims.Scopes, step.want) || !slices.Equal(g.Scopes, step.want) {
			t.Errorf("step %d: got the scopes %v, want %v: each refresh may ask for any part of the login's", i, claims.Scopes, step.want)
		}
	}
	again, err := o.narrow(before, "a") // within the grace
	must(t, err)
	if again.RefreshToken != g.RefreshToken || !slices.Equal(again.Scopes, []string{"a"}) {
		t.Errorf("the repeated answer: got the scopes %v, want the same successor with a alone", again.Scopes)
	}
	_, err = o.narrow(before, "c")
	wantInput(t, "the repeated answer with more", err, "invalid_scope")

	_, err = o.SetScopes(t.Context(), u.ID, []string{"b", "c"}, account.Operator, cli)
	must(t, err)
	_, err = o.narrow(g, "a b")
	wantInput(t, "a scope that was taken away", err, "invalid_scope")
	g, err = o.narrow(g, "")
	must(t, err)
	if claims := o.accepted("afterwards", g); !slices.Equal(claims.Scopes, []string{"b"}) {
		t.Errorf("got the scopes %v, want b: c was not asked for at the login", claims.Scopes)
	}
}

// A request that asks for too much must not hide that its token was used before.
func TestAReuseThatAsksForMoreIsAReuse(t *testing.T) {
	o := open(t)
	o.user("alice", nil, []string{"a"})
	g := o.login("alice")
	next, err := o.refresh(g)
	must(t, err)
	o.clock.Advance(time.Minute)
	_, err = o.narrow(g, "admin")
	wantError(t, "a reuse", err, account.ErrRefreshReused)
	_, err = o.narrow(next, "admin")
	wantError(t, "afterwards", err, account.ErrInvalidRefresh)
	_, err = o.narrow(account.Grant{RefreshToken: "drt_none"}, "admin")
	wantError(t, "no token at all", err, account.ErrInvalidRefresh)
}

// However requests with different scopes race, there is one successor, and each has what it asked for.
func TestRacingRefreshesMayNarrowDifferently(t *testing.T) {
	o := open(t)
	o.user("alice", nil, []string{"a", "b"})
	g := o.login("alice")
	scopes := []string{"", "a", "b", "a b", "admin", "a admin"}
	for round := range 5 {
		grants := make([]account.Grant, 30)
		var done sync.WaitGroup
		for i := range grants {
			done.Go(func() {
				scope := scopes[i%len(scopes)]
				var err error
				grants[i], err = o.narrow(g, scope)
				if wide := i%len(scopes) > 3; wide {
					wantInput(t, "scope "+scope, err, "invalid_scope")
				} else if err != nil {
					t.Errorf("scope %q: %v", scope, err)
				}
			})
		}
		done.Wait()
		want := [][]string{{"a", "b"}, {"a"}, {"b"}, {"a", "b"}, nil, nil}
		for i, got := range grants {
			if !slices.Equal(got.Scopes, want[i%len(scopes)]) || want[i%len(scopes)] != nil && got.RefreshToken != grants[0].RefreshToken {
				t.Fatalf("round %d, request %d: got the scopes %v, want %v and one successor", round, i, got.Scopes, want[i%len(scopes)])
			}
		}
		g = grants[0]
	}
}
