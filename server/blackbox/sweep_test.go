package blackbox_test

import (
	"context"
	"database/sql"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
)

// TestASweepIsNotNoticed reports how long refreshes take on 16 connections with and without a sweep of expired sessions and old
// audit events, in turns, and how long one step of the sweep takes. docs/benchmarks.md has the figures:
// DURWARD_FULL=1 go test -count=1 -v -run TestASweep ./server/blackbox
func TestASweepIsNotNoticed(t *testing.T) {
	rows := sized(300_000, 60_000, 6000, 3000)
	for _, kind := range kinds() {
		t.Run(kind, func(t *testing.T) {
			data := stale(t, rows)
			config := server.Config{DataDir: data, Issuer: issuer}
			if kind == "PostgreSQL" {
				config = server.Config{DataDir: filepath.Join(t.TempDir(), "data"), Database: pgtest.Start(t).Database(t), Issuer: issuer, MasterKeyFile: server.MasterKeyPath(data)}
				if _, err := server.Move(t.Context(), server.Config{DataDir: data, Issuer: issuer}, config, nil, audit.Event{}); err != nil {
					t.Fatal(err)
				}
			}
			sweepBesideRefreshes(t, config)
		})
	}
}

// stale makes data with so many sessions that are over, and as many audit events past their retention.
func stale(t *testing.T, rows int) string {
	t.Helper()
	data := populated(t, rows/3)
	multiply(t, data, "audit", rows, map[string]string{"id": `printf('0%035d', i)`})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "durward.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`UPDATE sessions SET idle_expires_at = 1000000 + created_at % 1000000, access_expires_at = 1000000`); err != nil {
		t.Fatal(err)
	}
	return data
}

func sweepBesideRefreshes(t *testing.T, config server.Config) {
	t.Helper()
	const connections = 16
	s, err := server.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	var list []tokens
	for i := range connections {
		c := client{web.URL, browser()}
		list = append(list, c.login(t, userName(i)))
	}
	// What a refresh took, without and with the sweep.
	var mu sync.Mutex
	var taken [3][]time.Duration
	var failed atomic.Int32
	window := time.Duration(sized(2000, 1000, 400, 1000)) * time.Millisecond
	refreshes := func(with int) {
		end := time.Now().Add(window)
		together(connections, func(i int) {
			c := client{web.URL, browser()}
			var own []time.Duration
			for time.Now().Before(end) {
				begun := time.Now()
				a, err := c.send("POST", "/refresh", "", members{"refresh_token": list[i].Refresh})
				if err != nil || a.status != http.StatusOK {
					failed.Add(1)
					return
				}
				own = append(own, time.Since(begun))
				list[i] = a.tokens(t)
			}
			mu.Lock()
			defer mu.Unlock()
			taken[with] = append(taken[with], own...)
		})
	}
	before := staleRows(t, config)
	for range sized(6, 4, 2, 1) {
		refreshes(0)
		ctx, stop := context.WithCancel(t.Context())
		swept := make(chan error)
		go func() { swept <- s.Sweep(ctx) }()
		refreshes(1)
		stop()
		if err := <-swept; err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	swept := before - staleRows(t, config)
	var steps []time.Duration
	ctx, stop := context.WithCancel(t.Context())
	var sweeping sync.WaitGroup
	sweeping.Go(func() {
		for ctx.Err() == nil {
			begun := time.Now()
			if n, err := s.Store.Sweep(ctx, time.Now(), 365*24*time.Hour); err != nil || n == 0 {
				return
			}
			steps = append(steps, time.Since(begun))
		}
	})
	refreshes(2)
	stop()
	sweeping.Wait()
	if swept <= 0 || len(steps) == 0 {
		t.Fatalf("%d rows were swept, and %d steps done: the sweep did not run beside the refreshes", swept, len(steps))
	}
	if n := failed.Load(); n > 0 {
		t.Errorf("%d clients were refused a refresh", n)
	}
	for _, list := range taken {
		slices.Sort(list)
	}
	share := func(with, permille int) time.Duration { return taken[with][len(taken[with])*permille/1000] }
	slices.Sort(steps)
	t.Logf("refreshes on %d connections, without and with a sweep: %d and %d, p50 %v and %v, p99 %v and %v; swept meanwhile %d of %d rows; a step of at most %d rows among the refreshes: median %v, p99 %v, at most %v",
		connections, len(taken[0]), len(taken[1]), share(0, 500), share(1, 500), share(0, 990), share(1, 990), swept, before, store.SweepStep,
		steps[len(steps)/2], steps[len(steps)*99/100], steps[len(steps)-1])
	if got, bound := share(1, 990), 4*share(0, 990)+2*time.Second; got > bound {
		t.Errorf("p99 of a refresh beside a sweep is %v, want at most %v", got, bound)
	}
}

// staleRows counts sessions and audit events that are to be swept.
func staleRows(t *testing.T, config server.Config) int {
	t.Helper()
	driver, name := "sqlite", "file:"+filepath.Join(config.DataDir, "durward.db")
	if config.Database != "" {
		driver, name = "pgx", config.Database
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow(`SELECT (SELECT COUNT(*) FROM sessions WHERE idle_expires_at < 10000000) + (SELECT COUNT(*) FROM audit WHERE id < '01')`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
