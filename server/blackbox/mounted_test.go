package blackbox_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/durward-auth/durward/server"
)

// Another program can hold the server, behind its own routes or a listener of its own. What this test links is also how the
// cache of test results learns that the program, which the other tests run as a process, has changed.
func TestAnotherProgramHoldsTheServer(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	held, err := server.Open(t.Context(), server.Config{DataDir: data, Issuer: issuer, MetricsOnMain: true})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- held.Serve(ctx, listener) }()

	c := &client{"http://" + listener.Addr().String(), browser()}
	c.register(t, "ada")
	session := c.login(t, "ada")
	c.accepted(t, session.Access)
	c.want(t, http.StatusNoContent, "POST", "/logout", session.Access, nil)
	c.rejected(t, "token_revoked", session.Access)

	stop()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := held.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
	// The data is the same for the program.
	process := startOn(t, data)
	process.client().rejected(t, "token_revoked", session.Access)
	process.client().login(t, "ada")
	process.stop()
	healthy(t, data)
}
