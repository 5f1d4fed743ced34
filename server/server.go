package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durward-auth/durward/server/internal/httpapi"
)

// Server is a running server: its data, its routes and its background work. It is the only one on its data.
type Server struct {
	*Data
	first    bool
	handler  http.Handler
	metrics  *httpapi.Metrics
	release  func() error
	stop     context.CancelFunc
	work     sync.WaitGroup
	draining atomic.Bool
	behind   bool // a change of another process was noticed and not taken over yet
	closing  sync.Once
	closed   error
}

// Open opens the data, refuses when another server has it open, and starts the background work. The caller
// ends it with Close.
func Open(ctx context.Context, c Config) (*Server, error) {
	d, err := OpenData(ctx, c)
	if err != nil {
		return nil, err
	}
	release, err := d.Store.LockServer()
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	first, err := d.leave(ctx)
	if err != nil {
		return nil, errors.Join(err, release(), d.Close())
	}
	if err := d.Keys.AdoptAlgorithm(ctx); err != nil {
		return nil, errors.Join(err, release(), d.Close())
	}
	if err := d.feed.Begin(ctx); err != nil {
		return nil, errors.Join(err, release(), d.Close())
	}
	s := &Server{Data: d, first: first, release: release, metrics: httpapi.NewMetrics()}
	s.handler, err = httpapi.New(httpapi.Config{
		Accounts: d.Accounts, Guard: d.tokens(),
		KeySet: d.Keys.KeySet, Keys: d.Keys, KeySetMaxAge: d.config.KeySetMaxAge,
		Ready: s.ready, Draining: s.draining.Load, Tally: d.tally, Log: d.config.Log,
		Version: d.config.Version, Issuer: d.config.Issuer, Documentation: strings.TrimSuffix(d.config.Issuer, "/") + "/openapi.json",
		TrustedProxies: d.config.TrustedProxies, BehindTLSProxy: d.config.BehindTLSProxy, CORSOrigins: d.config.CORSOrigins,
		Feed: d.feed, StatusLists: d.lists(), StatusListTTL: d.config.StatusListTTL, Metrics: s.metrics, MetricsOnMain: d.config.MetricsOnMain, CursorKey: d.cursors,
	})
	if err != nil {
		return nil, errors.Join(err, release(), d.Close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.work.Go(func() {
		d.feed.Run(background, func(err error) { d.config.Log.Error("background work", "error", err) })
	})
	s.every(background, pollInterval, s.poll)
	s.every(background, time.Second, s.flush)
	if d.config.Database != "" {
		s.every(background, shareInterval, s.share)
	}
	s.every(background, time.Minute, s.tidy)
	s.every(background, relaxInterval, s.relax)
	return s, nil
}

// First says that no server has run on the data before.
func (s *Server) First() bool { return s.first }

// Handler returns the server's routes, to be served or mounted at the root of a host.
func (s *Server) Handler() http.Handler { return s.handler }

// MetricsHandler returns the Prometheus metrics, for a listener that only the operator can reach.
func (s *Server) MetricsHandler() http.Handler { return s.metrics.Handler() }

// Failed is closed when the storage has failed in a way that makes further writes unsafe: the process should end,
// and be started again. Err says what happened.
func (s *Server) Failed() <-chan struct{} { return s.Store.Failed() }

// Err returns why the storage has failed, or nil.
func (s *Server) Err() error { return s.Store.Err() }

// Close ends the background work, writes what is still in memory and releases the data. The handler must not
// be in use any more.
func (s *Server) Close() error {
	s.closing.Do(func() {
		s.feed.Drain()
		s.stop()
		s.work.Wait()
		s.closed = errors.Join(s.Data.Close(), s.release())
	})
	return s.closed
}

func (s *Server) ready(ctx context.Context) error {
	if err := s.Store.Err(); err != nil {
		return err
	}
	return s.Store.Ping(ctx)
}

// pollInterval is how soon the changes of other processes on the same data are noticed.
const pollInterval = 100 * time.Millisecond

// poll takes over the keys that other processes, such as the commands, have changed. What they revoke is the feed's to notice.
func (s *Server) poll(ctx context.Context) error {
	changed, err := s.Store.Changed(ctx)
	s.behind = s.behind || changed
	if err != nil || !s.behind {
		return err
	}
	if err := s.Keys.Reload(ctx); err != nil {
		return err
	}
	s.behind = false
	return nil
}

const (
	// shareInterval is how soon failed sign-ins of one replica count on the others.
	shareInterval = 500 * time.Millisecond
	// skew bounds how far the clocks of replicas may be apart for that.
	skew = 5 * time.Second
)

// share takes over the failed sign-ins that other replicas have counted of late.
func (s *Server) share(ctx context.Context) error {
	recent := s.config.Clock().Add(s.limiter.Window() - skew)
	counters, err := s.Store.SignInFailures(ctx, recent)
	if err != nil {
		return fmt.Errorf("share failed sign-ins: %w", err)
	}
	s.limiter.Load(counters)
	return nil
}

// sweepLease is for how long one of several servers sweeps alone: a little less than the interval.
const sweepLease = 50 * time.Second

// tidy rotates keys on schedule and drops what nobody needs any more.
func (s *Server) tidy(ctx context.Context) error {
	s.limiter.Sweep()
	s.clients.Sweep()
	s.revoked.Sweep()
	_, rotation := s.Keys.Keep(ctx)
	if s.config.Database != "" {
		if mine, err := s.Store.TakeSweep(ctx, s.config.Clock(), sweepLease); err != nil || !mine {
			return errors.Join(rotation, err)
		}
	}
	return errors.Join(rotation, s.Sweep(ctx))
}

// sweepRest is how many times as long as a step the sweep rests after it.
const sweepRest = 4

// Sweep deletes what has expired: sessions, revocations and counters that mean nothing any more, and audit events past their retention. The server
// does it every minute. It goes in small steps and rests between them, so that requests have the database for themselves most of the time,
// and leaves what it does not get done within the lease to the next minute.
func (s *Server) Sweep(ctx context.Context) error {
	for end := time.Now().Add(sweepLease); time.Now().Before(end); {
		begun := time.Now()
		dropped, err := s.Store.Sweep(ctx, s.config.Clock(), s.config.AuditRetention)
		if err != nil || dropped == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sweepRest * time.Since(begun)):
		}
	}
	return nil
}

// relaxInterval is how long nobody signs in, at least, until the memory of the last hash, or the process that made it, is given back.
const relaxInterval = 5 * time.Second

// relax gives back what passwords took, which the runtime would keep for minutes.
func (s *Server) relax(context.Context) error {
	s.Accounts.Passwords.Rest()
	return nil
}

// every runs a task at an interval until ctx ends. A task that fails is tried again at the next turn.
func (s *Server) every(ctx context.Context, interval time.Duration, task func(context.Context) error) {
	s.work.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := task(ctx); err != nil && ctx.Err() == nil {
					s.config.Log.Error("background work", "error", err)
				}
			}
		}
	})
}
