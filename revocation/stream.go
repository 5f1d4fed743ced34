package revocation

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

const (
	leastBackoff = 100 * time.Millisecond
	mostBackoff  = 5 * time.Second

	// lastsFrom is how long a connection has to hold for its end to be no part of a series.
	lastsFrom = time.Second

	// silence is how long a link may say nothing before it is taken for dead.
	silence = 3 * HeartbeatEvery
)

var (
	errSilent   = errors.New("the feed has fallen silent")
	errEnded    = errors.New("the server ended the stream")
	errRenewed  = errors.New("the access token was renewed")
	errProtocol = errors.New("the feed does not keep the protocol")
)

// run keeps a connection until the context ends.
func (f *Follower) run(ctx context.Context) {
	link := link{Follower: f}
	failures, hurried := 0, false
	for ctx.Err() == nil {
		began := time.Now()
		link.inStep = false
		err := link.connect(ctx)
		if ctx.Err() != nil {
			break
		}
		clean, lasting := errors.Is(err, errEnded) || errors.Is(err, errRenewed), time.Since(began) >= lastsFrom
		if link.inStep && lasting {
			failures = 0
		}
		f.hungUp(err, clean, failures)
		// At once after a clean end, but not in a circle.
		if hurried = clean && link.inStep && (!hurried || lasting); hurried {
			continue
		}
		if !pause(ctx, backoff(failures)) {
			break
		}
		failures++
	}
	f.setStatus(func(s *Status) { s.Connected = false })
}

func (f *Follower) hungUp(err error, clean bool, failures int) {
	f.setStatus(func(s *Status) {
		s.Connected, s.Err = false, err
		s.Reconnects++
	})
	switch {
	case clean:
		f.log.Debug("revocation feed: connecting anew", "reason", err)
	case failures == 0:
		f.log.Warn("revocation feed: the link is down", "error", err)
	default:
		f.log.Debug("revocation feed: the link is still down", "error", err, "attempts", failures+1)
	}
}

// backoff is a random time between half of and all of 100 ms, 200 ms and so on to 5 s.
func backoff(failures int) time.Duration {
	most := min(leastBackoff<<min(failures, 16), mostBackoff)
	var random [8]byte
	rand.Read(random[:])
	return most/2 + time.Duration(binary.NativeEndian.Uint64(random[:])%uint64(most/2+1))
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// link is what outlives one connection and matters for the next. It belongs to the goroutine of run.
type link struct {
	*Follower
	grant   grant
	cursor  Cursor // everything up to it is in known.current
	last    Cursor // of this connection; not to be relied on before a heartbeat
	fresh   bool   // a reset came, and no heartbeat since
	inStep  bool   // a heartbeat came on this connection
	sweptAt time.Duration
}

// connect reads the feed until something ends it, and says what.
func (l *link) connect(ctx context.Context) error {
	if !l.grant.usable() {
		var err error
		if l.grant, err = l.feed.grant(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer watchdog.Stop()
	response, err := l.open(ctx)
	if err != nil {
		return causeOf(ctx, err)
	}
	defer response.Body.Close()
	l.setStatus(func(s *Status) { s.Connected = true })

	var renewing sync.WaitGroup
	var renewed grant
	at := l.grant.renewAt
	renewing.Go(func() { renewed = l.renew(ctx, cancel, at) })
	err = causeOf(ctx, l.read(NewEventReader(response.Body), watchdog))
	cancel(nil)
	renewing.Wait()
	if renewed.token != "" {
		l.grant = renewed
	}
	return err
}

// causeOf is why the context was cancelled, if it was, and otherwise the error.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// renew gets another access token in time, while the stream goes on, and then ends the connection. It returns nothing when the
// connection ends before.
func (l *link) renew(ctx context.Context, hangUp context.CancelCauseFunc, at time.Time) grant {
	wait := time.Until(at)
	for failures := 0; pause(ctx, wait); failures++ {
		g, err := l.feed.grant(ctx)
		if err == nil {
			hangUp(errRenewed)
			return g
		}
		if ctx.Err() == nil {
			l.log.Debug("revocation feed: no new access token yet", "error", err)
		}
		wait = backoff(failures)
	}
	return grant{}
}

func (l *link) open(ctx context.Context) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.feed.at("/revocations"), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("Cache-Control", "no-store")
	r.Header.Set("User-Agent", "durward")
	r.Header.Set("Authorization", "Bearer "+l.grant.token)
	if l.cursor != (Cursor{}) {
		r.Header.Set("Last-Event-ID", l.cursor.String())
	}
	response, err := l.feed.stream.Do(r)
	if err != nil {
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	encoding := response.Header.Get("Content-Encoding")
	switch {
	case response.StatusCode == http.StatusOK && kind == "text/event-stream" && (encoding == "" || encoding == "identity"):
		l.last, l.fresh = l.cursor, false
		return response, nil
	case response.StatusCode == http.StatusUnauthorized:
		l.grant = grant{}
	case response.StatusCode == http.StatusBadRequest:
		l.cursor = Cursor{} // it may be what was wrong
	case response.StatusCode == http.StatusOK:
		err = fmt.Errorf("%w: answered with something other than an event stream", errProtocol)
	}
	response.Body.Close()
	if err == nil {
		err = fmt.Errorf("open the feed: answered with status %d", response.StatusCode)
	}
	return nil, err
}

// read applies what comes until the stream ends.
func (l *link) read(events *EventReader, watchdog *time.Timer) error {
	for {
		e, err := events.Next()
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		watchdog.Reset(silence)
		if err := l.apply(e); err != nil {
			if errors.Is(err, errProtocol) {
				// Whatever went wrong, a fresh start mends it. What is known stays known meanwhile.
				l.cursor = Cursor{}
			}
			return err
		}
	}
}

func (l *link) apply(e Event) error {
	switch e.Name {
	case EventReset:
		return l.reset()
	case EventRevoke:
		return l.revoke(e)
	case EventHeartbeat:
		return l.heartbeat(e)
	case EventEnd:
		reason, err := endReason(e.Data)
		if err != nil {
			return fmt.Errorf("%w: %w", errProtocol, err)
		}
		if reason == EndTokenExpired || reason == EndRevoked {
			l.grant = grant{}
		}
		return fmt.Errorf("%w: %.64q", errEnded, reason)
	default:
		return nil // of a later version
	}
}

// reset begins a set beside the one in use. What an interrupted reset has brought stays in it: what was
// revoked once is revoked.
func (l *link) reset() error {
	if l.inStep || l.fresh || l.last != l.cursor {
		return fmt.Errorf("%w: a reset that does not come first", errProtocol)
	}
	known := l.known.Load()
	if known.pending == nil {
		l.known.Store(&knowledge{known.current, NewSet(l.options.Clock)})
	}
	l.cursor, l.last, l.fresh = Cursor{}, Cursor{}, true
	return nil
}

func (l *link) revoke(e Event) error {
	at, err := l.advance(e.ID)
	if err != nil {
		return err
	}
	entries, err := ParseEntries(e.Data)
	if err != nil {
		return fmt.Errorf("%w: %w", errProtocol, err)
	}
	if len(entries) > MaxBatch {
		return fmt.Errorf("%w: %d entries in one event", errProtocol, len(entries))
	}
	for i := range entries {
		if !entries[i].ExpiresAt.IsZero() {
			entries[i].ExpiresAt = entries[i].ExpiresAt.Add(lingering)
		}
	}
	known := l.known.Load()
	if !l.fresh {
		known.current.Add(entries...)
		l.last, l.cursor = at, at
	} else {
		known.pending.Add(entries...)
		l.last = at
	}
	if l.inStep {
		l.proven(at)
	}
	return nil
}

// heartbeat ends the catching up: what was revoked before it is known.
func (l *link) heartbeat(e Event) error {
	at, err := l.advance(e.ID)
	if err != nil {
		return err
	}
	var beat struct {
		Time int64 `json:"time"`
	}
	if err := strictjson.DecodeKnown(e.Data, strictjson.Limits{}, &beat); err != nil {
		return fmt.Errorf("%w: %w", errProtocol, err)
	}
	known := l.known.Load()
	if known.pending != nil && l.fresh {
		known = &knowledge{current: known.pending}
		l.known.Store(known)
	}
	l.last, l.cursor, l.fresh = at, at, false
	l.proven(at)
	l.setStatus(func(s *Status) { s.LastHeartbeat = l.options.Clock() })
	if !l.inStep {
		l.inStep = true
		l.setStatus(func(s *Status) { s.Err = nil })
		l.log.Info("revocation feed: in step", "cursor", at.String(), "entries", known.current.Len())
		select {
		case <-l.synced:
		default:
			close(l.synced)
		}
	}
	if now := l.now(); now >= l.sweptAt+sweepEvery {
		l.sweptAt = now
		known.current.Sweep()
	}
	return nil
}

// proven notes that everything that was committed until now is known.
func (l *link) proven(at Cursor) {
	l.freshUntil.Store(int64(l.now() + l.options.MaxStaleness))
	l.setStatus(func(s *Status) { s.Cursor = at.String() })
}

// advance reads a cursor, which never goes back within an epoch and changes it only after a reset.
func (l *link) advance(text string) (Cursor, error) {
	at, err := ParseCursor(text)
	switch {
	case err != nil:
		return Cursor{}, fmt.Errorf("%w: %w", errProtocol, err)
	case l.last == (Cursor{}) && !l.fresh:
		return Cursor{}, fmt.Errorf("%w: it begins without a reset", errProtocol)
	case l.last != (Cursor{}) && (at.Epoch != l.last.Epoch || at.Seq < l.last.Seq):
		return Cursor{}, fmt.Errorf("%w: the cursor went from %s to %s", errProtocol, l.last, at)
	}
	return at, nil
}
