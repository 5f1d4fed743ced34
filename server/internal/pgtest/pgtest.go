package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// shared is the server of Database, one for each test binary.
var shared struct {
	once   sync.Once
	server *Server
	err    error
	count  atomic.Int64
}

// Main is the TestMain of a package whose tests use Database.
func Main(m *testing.M) {
	status := m.Run()
	if err := Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// Stop ends the server of Database, if one was started.
func Stop() error {
	if shared.server == nil {
		return nil
	}
	return shared.server.remove()
}

// Database returns the URL of an empty schema on a server that the tests of a binary share. Without
// PostgreSQL the test is skipped, and with CI=true it fails.
func Database(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		shared.server, shared.err = create()
		if shared.err == nil {
			shared.err = shared.server.Start()
		}
	})
	need(t, shared.err)
	return shared.server.Database(t)
}

// Start starts a server for one test, with settings such as "fsync=off", and removes it at the end.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	s, err := create(settings...)
	need(t, err)
	t.Cleanup(func() {
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s
}

// need skips the test when PostgreSQL is not installed, and fails it in CI or when it does not start.
func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errNone) && os.Getenv("CI") != "true":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// Database makes a schema of its own, which costs less than a database, and returns the URL that leads to it.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	name := fmt.Sprintf("test%d", shared.count.Add(1))
	if _, err := conn.Exec(ctx, "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	return s.URL("postgres") + "&search_path=" + name
}
