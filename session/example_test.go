package session_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/session"
)

// A thief copies a refresh token. When the copy is presented after its owner
// went on, the session ends for both, and its access tokens are revoked.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	key := []byte("32 random bytes that the store does not hold")

	codec, err := session.NewCodec(key)
	if err != nil {
		fmt.Println(err)
		return
	}
	revoked := revocation.NewSet(clock)
	sessions, err := session.NewManager(session.Config{
		Store: session.NewMemory(),
		Codec: codec,
		Clock: clock,
		OnEnd: func(_ context.Context, s session.State, why session.Reason) {
			fmt.Println("session ended by", why)
			revoked.Add(revocation.Entry{
				Kind: revocation.Session, ID: s.ID,
				ExpiresAt: clock().Add(15 * time.Minute), // the lifetime of an access token
			})
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	login, err := sessions.Open(ctx, session.Login{UserID: "alice"})
	fmt.Println("login:", login.Session.Generation, login.Token, err)

	refreshed, err := sessions.Refresh(ctx, login.Token.Reveal())
	fmt.Println("refresh:", refreshed.Session.Generation, err)

	again, err := sessions.Refresh(ctx, login.Token.Reveal()) // the answer was lost: same successor
	fmt.Println("repeat:", again.Token == refreshed.Token, err)

	now = now.Add(time.Minute)
	_, err = sessions.Refresh(ctx, login.Token.Reveal())
	fmt.Println("thief:", errors.Is(err, session.ErrReused))

	_, err = sessions.Refresh(ctx, refreshed.Token.Reveal())
	fmt.Println("owner:", errors.Is(err, session.ErrEnded))

	_, gone := revoked.Revoked("", login.Session.ID, "", "alice", 0)
	fmt.Println("access tokens revoked:", gone)
	// Output:
	// login: 0 [secret] <nil>
	// refresh: 1 <nil>
	// repeat: true <nil>
	// session ended by reuse
	// thief: true
	// owner: true
	// access tokens revoked: true
}

// A refresh asks for a part of the login's scope, and a password given again makes the session fresh for
// what [durward.Fresh] guards.
func ExampleManager_RefreshScope() {
	ctx := context.Background()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	codec, err := session.NewCodec([]byte("32 random bytes that the store does not hold"))
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, err := session.NewManager(session.Config{
		Store: session.NewMemory(), Codec: codec, Clock: func() time.Time { return now },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	login, _ := sessions.Open(ctx, session.Login{UserID: "alice", Scope: "read write", Device: "Ada's laptop"})

	_, err = sessions.RefreshScope(ctx, login.Token.Reveal(), "read admin")
	fmt.Println("wider:", errors.Is(err, session.ErrScope))
	narrow, err := sessions.RefreshScope(ctx, login.Token.Reveal(), "read")
	fmt.Println("narrower:", narrow.Scope, err)
	whole, err := sessions.Refresh(ctx, narrow.Token.Reveal())
	fmt.Println("next:", whole.Scope, err)

	now = now.Add(time.Hour)
	fresh, err := sessions.Reauthenticate(ctx, login.Session.ID, "alice")
	fmt.Println("auth_time:", fresh.AuthTime.Format(time.TimeOnly), "generation:", fresh.Generation, err)
	// Output:
	// wider: true
	// narrower: read <nil>
	// next: read write <nil>
	// auth_time: 13:00:00 generation: 2 <nil>
}

// A store applies the rules itself, on a row that its transaction has locked.
func ExamplePolicy_Apply() {
	policy := session.DefaultPolicy()
	login := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	row := policy.Start("alice", login)

	next, outcome := policy.Apply(row, 0, login.Add(time.Hour))
	fmt.Println(outcome, next.Generation)

	next, outcome = policy.Apply(next, 0, login.Add(time.Hour+5*time.Second))
	fmt.Println(outcome, next.Generation)

	next, outcome = policy.Apply(next, 0, login.Add(2*time.Hour))
	fmt.Println(outcome, next.EndedAt.Format(time.TimeOnly))
	// Output:
	// rotated 1
	// repeated 1
	// reused 14:00:00
}
