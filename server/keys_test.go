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

// fast is a clock on which an hour takes a second, so that the cache time of a key set can be waited for: the server and
// the verifiers all go by it.
const haste = 3600

func fast() func() time.Time {
	begin := time.Now()
	return func() time.Time { return begin.Add(haste * time.Since(begin)) }
}

// E04: keys rotate as soon as the next one has been published for the cache time, while tokens are issued and verified at
// full speed by the server and by a verifier that knows the key set alone. No valid token is refused.
func TestE04NoValidTokenIsRefusedWhileKeysRotate(t *testing.T) {
	rotations := 5
	if os.Getenv("DURWARD_FULL") != "" {
		rotations = 1000
	}
	clock := fast()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	s, err := server.Open(t.Context(), server.Config{DataDir: t.TempDir(), Issuer: url, AccessTTL: 24 * time.Hour, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, s, listener)
	user, err := s.Accounts.CreateUser(t.Context(), account.NewUser{Username: "ada", Password: "correct horse battery"}, account.Operator, audit.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	here, err := s.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	// An unknown key id brings no key set within the run: what the verifier knows is what its cache time has brought.
	source, err := jwks.NewSource(jwks.Config{URL: url + "/.well-known/jwks.json", Clock: clock, CoolDown: 100000 * time.Hour, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := source.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	remote, err := durward.NewVerifier(durward.Config{Issuer: url, Audience: url, Keys: source, Clock: clock, Leeway: time.Minute})
	if err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	var issued, verified, refused, expired atomic.Int64
	var group sync.WaitGroup
	tokens := make(chan string, 256)
	group.Go(func() {
		defer close(tokens)
		for ctx.Err() == nil {
			grant, err := s.Accounts.IssueToken(context.WithoutCancel(ctx), user, "", account.Operator, audit.Origin{})
			if err != nil {
				t.Errorf("issue: %v", err)
				return
			}
			issued.Add(1)
			tokens <- grant.AccessToken
		}
	})
	group.Go(func() {
		previous := ""
		for token := range tokens {
			for name, verifier := range map[string]*durward.Verifier{"here": here, "remote": remote} {
				for _, one := range []string{token, previous} {
					if one == "" {
						continue
					}
					switch _, err := verifier.Verify(t.Context(), one); {
					case err == nil:
						verified.Add(1)
					case errors.Is(err, durward.ErrTokenExpired):
						expired.Add(1)
					default:
						if refused.Add(1) < 10 {
							t.Errorf("E04: %s: a valid token is refused: %v", name, err)
						}
					}
				}
			}
			previous = token
		}
	})
	begin := time.Now()
	for done := 0; done < rotations && t.Context().Err() == nil; {
		if s.Keys.Unpublished() > 0 {
			<-time.After(time.Millisecond)
			continue
		}
		if err := s.Keys.Rotate(t.Context(), audit.Event{ActorName: "test"}); err != nil && !errors.Is(err, keyring.ErrConflict) {
			t.Fatal(err)
		}
		done++
	}
	took := time.Since(begin)
	stop()
	group.Wait()
	t.Logf("%d rotations in %v: %d tokens issued, %d verifications, %d refused, %d expired before they were looked at", rotations, took.Round(time.Millisecond), issued.Load(), verified.Load(), refused.Load(), expired.Load())
	if verified.Load() < int64(rotations) {
		t.Errorf("E04: got %d verifications for %d rotations, want one each at least", verified.Load(), rotations)
	}
	if status, _ := get(t, url+"/healthz", ""); status != http.StatusOK {
		t.Errorf("the server at the end: got %d, want 200", status)
	}
}
