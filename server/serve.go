package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// The limits of a connection. A slow or idle client holds one for no longer.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 12 << 10 // net/http adds 4 KiB
	drainTimeout      = 10 * time.Second
)

// Drain makes GET /readyz answer 503, so that a load balancer sends requests elsewhere, and every answer on a listener of
// Serve end its connection. Requests are served as before: end Serve when the balancer has had the time to look.
func (s *Server) Drain() { s.draining.Store(true) }

// Serve answers on the listener until ctx ends or the storage fails; then requests that have begun are
// answered within 10 seconds. It closes the listener, not the server. A listener that speaks TLS
// already is fine.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	return s.serve(ctx, listener, s.closeConnections(s.handler))
}

// closeConnections ends each connection with its answer while the server drains (RFC 9112 §9.6). Idle ones stay open: a proxy may
// be about to use one.
func (s *Server) closeConnections(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// ServeMetrics answers GET /metrics alone on the listener, until ctx ends.
func (s *Server) ServeMetrics(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.MetricsHandler())
	return s.serve(ctx, listener, mux)
}

func (s *Server) serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	web := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
	s.config.Log.Info("listening", "address", listener.Addr().String(), "issuer", s.config.Issuer, "version", s.config.Version)
	ended := make(chan error, 1)
	go func() { ended <- web.Serve(listener) }()
	var failed error
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-s.Failed():
		failed = fmt.Errorf("the storage has failed and the server stops rather than lose data: %w", s.Err())
	case <-ctx.Done():
	}
	s.Drain()
	s.feed.Drain()
	s.config.Log.Info("stopping", "address", listener.Addr().String(), "within", drainTimeout.String())
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	err := web.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("drain: %w", err), web.Close())
	}
	s.config.Log.Info("stopped", "address", listener.Addr().String())
	return errors.Join(failed, err)
}
