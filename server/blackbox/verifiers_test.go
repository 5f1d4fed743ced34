//go:build unix

package blackbox_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
	"github.com/durward-auth/durward/revocation"
)

// startReachable starts a server that is its own issuer, as verifiers that find everything under its address need it.
func startReachable(t *testing.T, args ...string) *process {
	t.Helper()
	addr := freeAddr(t)
	return start(t, append([]string{"--addr", addr, "--issuer", "http://" + addr}, args...)...)
}

// verifierOf makes a client of the server that may follow revocations.
func verifierOf(t *testing.T, server *process, name string) revocation.Credentials {
	t.Helper()
	added := addClient(t, server, name, revocation.Scope)
	return revocation.Credentials{ClientID: added.ID, ClientSecret: added.Secret}
}

// promised is how soon a connected verifier refuses what was revoked: a second, and time for a loaded machine.
const promised = 10 * time.Second

func TestALogoutReachesAResourceServer(t *testing.T) {
	t.Parallel()
	server := startReachable(t)
	c := server.client()
	c.register(t, "ada")
	credentials := verifierOf(t, server, "orders")
	here, there := c.login(t, "ada"), c.login(t, "ada")

	binary := filepath.Join(t.TempDir(), "resource-server.exe")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "../../examples/resource-server").CombinedOutput(); err != nil {
		t.Fatalf("build the resource server: %v\n%s", err, out)
	}
	unset, err := exec.CommandContext(t.Context(), binary).CombinedOutput()
	if err == nil || !strings.Contains(string(unset), "client add orders --scope revocations:read") {
		t.Errorf("without settings: got %v, %q, want how to start it", err, unset)
	}
	addr := freeAddr(t)
	p := launchWith(t, []string{
		"DURWARD_ISSUER=" + server.url, "ORDERS_CLIENT_ID=" + credentials.ClientID, "ORDERS_CLIENT_SECRET=" + credentials.ClientSecret,
	}, binary, "-addr", addr)
	p.listening(t, "http://"+addr)
	if strings.Contains(p.log(), credentials.ClientSecret) {
		t.Error("the resource server prints its secret")
	}
	orders := &client{"http://" + addr, browser()}
	orders.want(t, http.StatusOK, "GET", "/orders", here.Access, nil)
	orders.want(t, http.StatusForbidden, "GET", "/orders/all", here.Access, nil)
	orders.want(t, http.StatusUnauthorized, "GET", "/orders", "", nil)

	c.want(t, http.StatusNoContent, "POST", "/logout", here.Access, nil)
	eventually(t, promised, "the resource server refuses what was logged out", func() bool {
		return orders.call(t, "GET", "/orders", here.Access, nil).status == http.StatusUnauthorized
	})
	orders.want(t, http.StatusOK, "GET", "/orders", there.Access, nil)
}

func TestAUserThatIsRevokedIsRefusedByAFollower(t *testing.T) {
	t.Parallel()
	server := startReachable(t)
	c := server.client()
	c.register(t, "ada")
	c.register(t, "bob")
	follower, err := revocation.Follow(t.Context(), server.url, verifierOf(t, server, "orders"), revocation.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	if err := follower.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := jwks.New(server.url)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: server.url, Audience: server.url, Keys: keys, Revocation: durward.RevokedBy(follower)})
	if err != nil {
		t.Fatal(err)
	}
	reason := func(token string) string {
		_, err := verifier.Verify(t.Context(), token)
		return durward.Reason(err)
	}
	first, second, bob := c.login(t, "ada"), c.login(t, "ada"), c.login(t, "bob")
	for _, token := range []string{first.Access, second.Access, bob.Access} {
		if got := reason(token); got != "" {
			t.Fatalf("a fresh token is refused: %s", got)
		}
	}
	operate[any](t, server.data, "", "user", "revoke", "ada")
	for _, token := range []string{first.Access, second.Access} {
		eventually(t, promised, "a follower refuses every token of the user", func() bool { return reason(token) == "revoked" })
	}
	c.rejected(t, "token_revoked", first.Access)
	c.refreshRefused(t, "invalid_refresh_token", second.Refresh)
	if got := reason(bob.Access); got != "" {
		t.Errorf("another user's token is refused: %s", got)
	}
	if got := reason(c.login(t, "ada").Access); got != "" {
		t.Errorf("the token of a login after that is refused: %s", got)
	}
	if got := len(events(t, server.data, "--action", "user.revoke")); got != 1 {
		t.Errorf("the audit log has %d revocations of a user, want 1", got)
	}
}

func TestAVerifierInPythonReadsTheStatusList(t *testing.T) {
	t.Parallel()
	python := needJOSE(t)
	const ttl = time.Second
	server := startReachable(t, "--status-list-ttl", ttl.String())
	c := server.client()
	c.register(t, "ada")
	here, there := c.login(t, "ada"), c.login(t, "ada")
	addr := freeAddr(t)
	_, port, _ := strings.Cut(addr, ":")
	p := launch(t, "", python, "../../examples/python-verifier/verifier.py", server.url, server.url, port)
	p.listening(t, "http://"+addr)
	service := &client{"http://" + addr, browser()}
	if got := service.want(t, http.StatusOK, "GET", "/", here.Access, nil); string(got.body) != "Hello ada" {
		t.Errorf("got %q, want a greeting of ada", got.body)
	}
	head, payload, _ := strings.Cut(here.Access, ".")
	for name, token := range map[string]string{
		"no token":                  "",
		"no token at all":           "x",
		"a token without signature": head + "." + payload[:strings.LastIndexByte(payload, '.')+1],
		"another token's signature": here.Access[:strings.LastIndexByte(here.Access, '.')] + there.Access[strings.LastIndexByte(there.Access, '.'):],
		"alg none":                  "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + payload[:strings.LastIndexByte(payload, '.')+1],
		"a refresh token":           here.Refresh,
		"a status list":             string(c.want(t, http.StatusOK, "GET", "/statuslist/0", "", nil).body),
	} {
		if got := service.call(t, "GET", "/", token, nil).status; got != http.StatusUnauthorized && got != http.StatusServiceUnavailable {
			t.Errorf("%s: got %d, want 401, or 503 for a key that there is not", name, got)
		}
	}

	c.want(t, http.StatusNoContent, "POST", "/logout", here.Access, nil)
	eventually(t, ttl+promised, "the status list says that the session has ended", func() bool {
		return service.call(t, "GET", "/", here.Access, nil).status == http.StatusUnauthorized
	})
	service.want(t, http.StatusOK, "GET", "/", there.Access, nil)

	text := readText(t, "../../examples/python-verifier/verifier.py")
	if got := strings.Count(text, "\n"); got >= 60 {
		t.Errorf("the example has %d lines, want it under 60", got)
	}
}

// needJOSE returns a Python that has PyJWT with cryptography.
func needJOSE(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.CommandContext(t.Context(), python, "-c", "import jwt, cryptography; jwt.PyJWKClient").Run() == nil {
			return python
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("CI must have PyJWT: install Debian's packages python3-jwt and python3-cryptography")
	}
	t.Skip("this test needs PyJWT: install python3-jwt and python3-cryptography to run it")
	return ""
}
