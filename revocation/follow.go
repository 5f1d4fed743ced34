package revocation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durward-auth/durward/internal/fetch"
)

// ErrStale is what a [Follower] answers when it cannot tell whether a token was revoked, since it has not heard
// from the issuer for longer than it may go without.
var ErrStale = errors.New("revocation: the feed has not been heard from for too long")

// Options say how a feed is followed. The zero value is the strict choice.
type Options struct {
	// MaxStaleness is how old the last word from the issuer may be: 30 seconds by default, at least 5. A healthy feed speaks
	// every two seconds.
	MaxStaleness time.Duration
	// GoOnWhenStale goes on with what is known when MaxStaleness is over, and before the feed has been read for
	// the first time, instead of answering ErrStale: what was revoked meanwhile is let through until it expires.
	GoOnWhenStale bool

	// Client, if set, lends its Transport, for proxies and certificates; its Timeout holds for requests for access tokens.
	Client *http.Client
	// Logger is told when the link to the issuer comes and goes. The default is silence.
	Logger *slog.Logger
	// Clock tells the time, by which staleness is measured and entries expire. The default is time.Now.
	Clock func() time.Time
}

const (
	defaultStaleness = 30 * time.Second
	leastStaleness   = 5 * time.Second

	// lingering is how much longer than the issuer says entries are kept: verifiers may accept tokens for so long after
	// their exp (durward.Config.Leeway).
	lingering = 5 * time.Minute

	sweepEvery = time.Minute
)

// A Follower is a set of revocations that an issuer's feed keeps fresh. It is safe for concurrent use. Make one
// with [Follow].
type Follower struct {
	options Options
	feed    feed
	log     *slog.Logger
	stop    context.CancelFunc
	stopped chan struct{}
	synced  chan struct{} // closed at the first heartbeat

	now        func() time.Duration // on the clock, since Follow
	known      atomic.Pointer[knowledge]
	freshUntil atomic.Int64 // on now

	mu     sync.Mutex
	status Status
}

// knowledge is what is revoked: what either set holds.
type knowledge struct {
	current *Set
	pending *Set // what has come since a reset, which current may lack; nil if there was none
}

// Follow follows the feed of an issuer, an https URL (or http on loopback), until the context ends or the follower is
// closed. The credentials are those of a client of the issuer that may have the scope [Scope]; its token is
// renewed as need be.
//
// It checks what it was given and returns at once. Until the feed has been read for the first time the follower
// answers [ErrStale]; see [Follower.Ready].
func Follow(ctx context.Context, issuer string, c Credentials, o Options) (*Follower, error) {
	base, err := fetch.ParseIssuer(issuer)
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(err == nil, "issuer: %w", err)
	require(c.ClientID != "" && c.ClientSecret != "", "ClientID and ClientSecret are required")
	require(o.MaxStaleness == 0 || o.MaxStaleness >= leastStaleness, "MaxStaleness is %v, it must be at least %v", o.MaxStaleness, leastStaleness)
	if len(problems) > 0 {
		return nil, fmt.Errorf("revocation: follow: %w", errors.Join(problems...))
	}
	if o.MaxStaleness == 0 {
		o.MaxStaleness = defaultStaleness
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	f := &Follower{options: o, log: o.Logger, now: stopwatch(o.Clock), stopped: make(chan struct{}), synced: make(chan struct{})}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	f.log = f.log.With("issuer", issuer)
	f.freshUntil.Store(math.MinInt64)
	f.known.Store(&knowledge{current: NewSet(o.Clock)})
	f.feed = newFeed(issuer, base, c, o.Client)
	ctx, f.stop = context.WithCancel(ctx)
	go func() {
		defer close(f.stopped)
		defer f.stop()
		f.run(ctx)
	}()
	return f, nil
}

// stopwatch counts from now on.
func stopwatch(clock func() time.Time) func() time.Duration {
	begin := clock()
	return func() time.Duration { return clock().Sub(begin) }
}

// Close hangs up and waits until nothing of the follower runs any more. It can be called more than once. Checks are answered as
// with a link that is cut.
func (f *Follower) Close() {
	f.stop()
	<-f.stopped
}

// Ready waits until the feed has been read for the first time. Call it at the start of a program, before it serves.
func (f *Follower) Ready(ctx context.Context) error {
	select {
	case <-f.synced:
		return nil
	case <-f.stopped:
		return fmt.Errorf("revocation: the follower has ended: %w", errors.Join(ErrStale, f.Status().Err))
	case <-ctx.Done():
		return fmt.Errorf("revocation: wait for the feed: %w", errors.Join(context.Cause(ctx), f.Status().Err))
	}
}

// Revoked reports which of a token's names is revoked, as [Set.Revoked] does. The kind is zero and the error nil for a token
// that stands, and the error is [ErrStale] when that cannot be known. What is known to be revoked is so however
// old that knowledge is. It takes no lock for a token that stands, and does not allocate.
func (f *Follower) Revoked(tokenID, sessionID, keyID, subject string, version int64) (Kind, error) {
	known := f.known.Load()
	if kind, ok := known.current.Revoked(tokenID, sessionID, keyID, subject, version); ok {
		return kind, nil
	}
	if known.pending != nil {
		if kind, ok := known.pending.Revoked(tokenID, sessionID, keyID, subject, version); ok {
			return kind, nil
		}
	}
	if !f.options.GoOnWhenStale && f.stale() {
		return 0, ErrStale
	}
	return 0, nil
}

func (f *Follower) stale() bool { return int64(f.now()) > f.freshUntil.Load() }

// Status is how a follower fares.
type Status struct {
	Connected     bool      // the feed is being read
	Stale         bool      // the last word is older than MaxStaleness
	Entries       int       // held in memory
	Cursor        string    // where the next connection goes on; empty before the first heartbeat
	LastHeartbeat time.Time // when it came; zero before the first
	Reconnects    int       // how many connections have ended
	Err           error     // why the last connection ended or failed; nil once another one is in step
}

// Status returns how the follower fares now, for metrics and health checks.
func (f *Follower) Status() Status {
	known := f.known.Load()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.status
	s.Stale = f.stale()
	s.Entries = known.current.Len()
	if known.pending != nil {
		s.Entries += known.pending.Len()
	}
	return s
}

func (f *Follower) setStatus(change func(*Status)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(&f.status)
}

// Credentials are those of a client of the issuer (RFC 6749 section 2.3.1). They print without the secret.
type Credentials struct {
	ClientID     string
	ClientSecret string
}

// String returns the client's id, never its secret.
func (c Credentials) String() string { return "client " + c.ClientID }

// GoString is String.
func (c Credentials) GoString() string { return c.String() }

// Format prints String for every verb, so that none reaches the secret.
func (c Credentials) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(c.String())) }

// LogValue returns the client's id.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalJSON writes the client's id alone.
func (c Credentials) MarshalJSON() ([]byte, error) { return appendText(nil, c.String()), nil }

// feed is where an issuer's feed is, and what opens it. One goroutine uses it at a time.
type feed struct {
	issuer      string
	base        *url.URL
	credentials Credentials
	client      *http.Client // for documents
	stream      *http.Client // for the stream, which has no end
}

func newFeed(issuer string, base *url.URL, c Credentials, lent *http.Client) feed {
	client := fetch.Client(lent)
	if client.Timeout == 0 {
		client.Timeout = 10 * time.Second
	}
	stream := *client
	stream.Timeout = 0
	return feed{issuer: issuer, base: base, credentials: c, client: client, stream: &stream}
}

// at returns an address below the issuer.
func (f *feed) at(path string) string {
	return f.base.Scheme + "://" + f.base.Host + strings.TrimSuffix(f.base.EscapedPath(), "/") + path
}
