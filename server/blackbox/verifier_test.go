package blackbox_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
	"github.com/durward-auth/durward/revocation"
)

// front is the address under which the world knows a server. It stays when the server is started anew on another port,
// and it can be cut: then nothing goes through, and nobody is told.
type front struct {
	url string

	mu     sync.Mutex
	target string
	whole  chan struct{} // closed while the link is whole
}

func newFront(t *testing.T) *front {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	whole := make(chan struct{})
	close(whole)
	l := &front{url: "http://" + listener.Addr().String(), whole: whole}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.carry(t.Context(), conn)
		}
	}()
	return l
}

// start runs a server that issues tokens as the link.
func (l *front) start(t *testing.T, args ...string) *process {
	t.Helper()
	p := start(t, append([]string{"--issuer", l.url}, args...)...)
	l.leadTo(p)
	return p
}

// restart runs another server on the data of one that has ended.
func (l *front) restart(p *process, args ...string) *process {
	p.t.Helper()
	p = startOn(p.t, p.data, append([]string{"--issuer", l.url}, args...)...)
	l.leadTo(p)
	return p
}

func (l *front) leadTo(p *process) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.target = strings.TrimPrefix(p.url, "http://")
}

func (l *front) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole = make(chan struct{})
}

func (l *front) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.whole)
}

func (l *front) state() (target string, whole <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.target, l.whole
}

func (l *front) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	target, whole := l.state()
	select {
	case <-whole:
	case <-ctx.Done():
		return
	}
	far, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer far.Close()
	stop := context.AfterFunc(ctx, func() {
		near.Close()
		far.Close()
	})
	defer stop()
	var ways sync.WaitGroup
	ways.Go(func() { l.pump(ctx, near, far) })
	ways.Go(func() { l.pump(ctx, far, near) })
	ways.Wait()
}

// pump carries bytes one way until an end hangs up, and then hangs up at the other. A cut link keeps them.
func (l *front) pump(ctx context.Context, to, from net.Conn) {
	defer to.Close()
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		_, whole := l.state()
		select {
		case <-whole:
		case <-ctx.Done():
			return
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// verifier is another service, which trusts the server behind a link.
type verifier struct {
	feed  *revocation.Follower
	guard http.Handler
	log   *warnings
}

// verifier makes a client of the server named orders and follows the feed with it.
func (l *front) verifier(p *process, o revocation.Options, args ...string) *verifier {
	p.t.Helper()
	id, secret := p.follower(args...)
	v := &verifier{log: new(warnings)}
	o.Logger = slog.New(v.log)
	v.feed = newFollower(p.t, l.url, id, secret, o)
	v.guard = l.guard(p.t, durward.RevokedBy(v.feed))
	return v
}

// follower adds a client that may read the feed.
func (p *process) follower(args ...string) (id, secret string) {
	p.t.Helper()
	added := operate[struct {
		Client struct{ ID, Secret string }
	}](p.t, p.data, "", append([]string{"client", "add", "orders", "--scope", revocation.Scope}, args...)...).Client
	return added.ID, added.Secret
}

func newFollower(t *testing.T, url, id, secret string, o revocation.Options) *revocation.Follower {
	t.Helper()
	feed, err := revocation.Follow(t.Context(), url, revocation.Credentials{ClientID: id, ClientSecret: secret}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(feed.Close)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := feed.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	return feed
}

// guard is a route of a service that trusts the issuer of this link.
func (l *front) guard(t *testing.T, check func(context.Context, durward.Claims) error) http.Handler {
	t.Helper()
	guard, err := durward.New(durward.Config{Issuer: l.url, Audience: l.url, Keys: l.keys(t), Revocation: check})
	if err != nil {
		t.Fatal(err)
	}
	return guard.Require(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
}

func (l *front) keys(t *testing.T) *jwks.Source {
	t.Helper()
	keys, err := jwks.NewSource(jwks.Config{Issuer: l.url, CoolDown: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return keys
}

// ask asks a guarded route, and returns the status and the code of the problem.
func ask(guard http.Handler, token string) (status int, code string) {
	r := httptest.NewRequest("GET", "/orders", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	guard.ServeHTTP(w, r)
	_, rest, _ := strings.Cut(w.Body.String(), `"code":"`)
	code, _, _ = strings.Cut(rest, `"`)
	return w.Code, code
}

func (v *verifier) accepts(t *testing.T, token string) {
	t.Helper()
	if status, code := ask(v.guard, token); status != http.StatusNoContent {
		t.Fatalf("the verifier answers %d %s, want 204; its feed: %+v", status, code, v.feed.Status())
	}
}

// refuses wants the token refused as revoked, and returns how long that took.
func (v *verifier) refuses(t *testing.T, token string) time.Duration {
	t.Helper()
	begin := time.Now()
	settles(t, "the verifier refuses what was revoked", func() bool {
		status, code := ask(v.guard, token)
		if status != http.StatusNoContent && (status != http.StatusUnauthorized || code != "token_revoked") {
			t.Fatalf("the verifier answers %d %s, want 401 token_revoked; its feed: %+v", status, code, v.feed.Status())
		}
		return status == http.StatusUnauthorized
	})
	return time.Since(begin)
}

// settles waits for a condition that costs no more than a look at memory.
func settles(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// warnings are the log lines that an operator is to look at.
type warnings struct {
	mu   sync.Mutex
	list []string
}

// Enabled implements slog.Handler.
func (*warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements slog.Handler.
func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += " " + a.String()
		return true
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, text)
	return nil
}

// WithAttrs implements slog.Handler.
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup implements slog.Handler.
func (w *warnings) WithGroup(string) slog.Handler { return w }

func (w *warnings) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.list, "\n")
}
