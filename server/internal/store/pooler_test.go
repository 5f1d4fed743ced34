package store_test

import (
	"io"
	"net"
	neturl "net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
)

// pooled returns the URL that leads over a pooler which drops the parameters that it does not know, as PgBouncer does
// with ignore_startup_parameters.
func pooled(t *testing.T, url string) string {
	t.Helper()
	u, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	to := u.Host
	u.Host = listener.Addr().String()
	var group sync.WaitGroup
	group.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			group.Go(func() { pool(client, to) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		group.Wait()
	})
	return u.String()
}

func pool(client net.Conn, to string) {
	defer client.Close()
	message, err := pgproto3.NewBackend(client, client).ReceiveStartupMessage()
	startup, ok := message.(*pgproto3.StartupMessage)
	if err != nil || !ok {
		return
	}
	for name := range startup.Parameters {
		if strings.HasSuffix(name, "_timeout") {
			delete(startup.Parameters, name)
		}
	}
	first, err := startup.Encode(nil)
	if err != nil {
		return
	}
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	if _, err := server.Write(first); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	_, _ = io.Copy(server, client)
}

func TestAPoolerThatDropsTheTimeoutsIsRefused(t *testing.T) {
	url := pooled(t, pgtest.Database(t))
	db, err := store.Open(t.Context(), store.Config{URL: url})
	if err == nil {
		db.Close()
		t.Fatal("a database behind a pooler is opened, want it refused")
	}
	for _, want := range []string{"statement_timeout is not in force", "PgBouncer", "give the URL of the database itself"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a sentence with %q", err, want)
		}
	}
}
