package server_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

const tokenTTL = 2 * time.Hour

// handClock is a clock that a test moves. It stands still while a key set is on its way, so that on a slow machine a fetch does not
// take hours of it.
type handClock struct {
	begin  time.Time
	passed atomic.Int64
	held   atomic.Int64 // fetches under way
}

func (c *handClock) now() time.Time { return c.begin.Add(time.Duration(c.passed.Load())) }

func (c *handClock) step(d time.Duration) {
	for c.held.Load() > 0 {
		<-time.After(100 * time.Microsecond)
	}
	c.passed.Add(int64(d))
	<-time.After(time.Millisecond)
}

// RoundTrip holds the clock until released is told that the fetch has ended.
func (c *handClock) RoundTrip(r *http.Request) (*http.Response, error) {
	c.held.Add(1)
	return http.DefaultTransport.RoundTrip(r)
}

func (c *handClock) released(context.Context, jwks.Refresh) { c.held.Add(-1) }

// rotating is a server whose keys rotate, and what verifies its tokens.
type rotating struct {
	*testing.T
	server    *server.Server
	user      account.User
	signer    *durward.Signer
	verifiers map[string]*durward.Verifier

	clock   *handClock
	latest  [8192]atomic.Pointer[dated] // tokens that were issued last
	place   atomic.Int64
	stored  atomic.Int64 // tokens of sessions that were stored
	signed  atomic.Int64 // tokens that were signed alone
	good    atomic.Int64 // verifications
	refused atomic.Int64
	expired atomic.Int64
}

// dated is a token that is valid until an instant.
type dated struct {
	token string
	until time.Time
}

// issue makes tokens until the context ends: with a session each, as at a login, or only signed with the server's keys.
func (r *rotating) issue(ctx context.Context, session bool) {
	for ctx.Err() == nil {
		d, err := dated{until: r.clock.now().Add(tokenTTL).Truncate(time.Second)}, error(nil)
		if session {
			var grant account.Grant
			grant, err = r.server.Accounts.IssueToken(context.WithoutCancel(ctx), r.user, "", account.Operator, audit.Origin{})
			d.token = grant.AccessToken
			r.stored.Add(1)
		} else {
			d.token, _, err = r.signer.Sign(context.WithoutCancel(ctx), durward.Claims{Subject: r.user.ID})
			r.signed.Add(1)
		}
		if err != nil {
			r.Errorf("issue: %v", err)
			return
		}
		r.verify(d)
		r.latest[r.place.Add(1)%int64(len(r.latest))].Store(&d)
	}
}

// review verifies what was issued last, over and over.
func (r *rotating) review(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i = (i + 1) % len(r.latest) {
		if d := r.latest[i].Load(); d != nil {
			r.verify(*d)
		} else {
			<-time.After(time.Millisecond)
		}
	}
}

func (r *rotating) verify(d dated) {
	for name, verifier := range r.verifiers {
		switch _, err := verifier.Verify(r.Context(), d.token); {
		case err == nil:
			r.good.Add(1)
		case !r.clock.now().Before(d.until): // its key may be gone
			r.expired.Add(1)
		default:
			if r.refused.Add(1) < 10 {
				r.Errorf("E04: %s: a valid token is refused: %v", name, err)
			}
		}
	}
}

// E04: keys rotate as soon as the next one has been published for the cache time, while tokens are issued and verified at
// full speed by the server and by a verifier that knows the key set alone. No valid token is refused.
func TestE04NoValidTokenIsRefusedWhileKeysRotate(t *testing.T) {
	rotations := 5
	if os.Getenv("DURWARD_FULL") != "" {
		rotations = 1000
	}
	clock := &handClock{begin: time.Now()}
	r, url := startRotating(t, clock)
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() { r.issue(ctx, true) })
	}
	group.Go(func() { r.issue(ctx, false) })
	for range 2 {
		group.Go(func() { r.review(ctx) })
	}
	begin := time.Now()
	for done := 0; done < rotations && t.Context().Err() == nil; {
		if r.server.Keys.Unpublished() > 0 {
			clock.step(time.Minute)
			continue
		}
		if err := r.server.Keys.Rotate(t.Context(), audit.Event{ActorName: "test"}); err != nil && !errors.Is(err, keyring.ErrConflict) {
			t.Fatal(err)
		}
		done++
	}
	took := time.Since(begin)
	stop()
	group.Wait()
	t.Logf("%d rotations in %v: %d tokens issued with a session and %d signed alone; %d verifications, %d refused, %d looked at after their time",
		rotations, took.Round(time.Millisecond), r.stored.Load(), r.signed.Load(), r.good.Load(), r.refused.Load(), r.expired.Load())
	if got := r.good.Load(); got < int64(10*rotations) {
		t.Errorf("E04: got %d verifications for %d rotations, want ten each at least", got, rotations)
	}
	if status, _ := get(t, url+"/healthz", ""); status != http.StatusOK {
		t.Errorf("the server at the end: got %d, want 200", status)
	}
}

func startRotating(t *testing.T, clock *handClock) (*rotating, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	s, err := server.Open(t.Context(), server.Config{DataDir: t.TempDir(), Issuer: url, AccessTTL: tokenTTL, Clock: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, listener)
	r := &rotating{T: t, server: s, clock: clock}
	if r.user, err = s.Accounts.CreateUser(t.Context(), account.NewUser{Username: "ada", Password: "correct horse battery"}, account.Operator, audit.Origin{}); err != nil {
		t.Fatal(err)
	}
	if r.signer, err = durward.NewSigner(durward.SignerConfig{Issuer: url, Audience: url, Key: s.Keys, TTL: tokenTTL, Clock: clock.now}); err != nil {
		t.Fatal(err)
	}
	// An unknown key id brings no key set within the run: what the verifier knows is what its cache time has brought.
	source, err := jwks.NewSource(jwks.Config{
		URL: url + "/.well-known/jwks.json", Clock: clock.now, CoolDown: 100000 * time.Hour, Timeout: time.Minute,
		Client: &http.Client{Transport: clock}, OnRefresh: clock.released,
	})
	if err == nil {
		err = source.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	here, err := s.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := durward.NewVerifier(durward.Config{Issuer: url, Audience: url, Keys: source, Clock: clock.now, Leeway: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	r.verifiers = map[string]*durward.Verifier{"here": here, "remote": remote}
	return r, url
}
