package blackbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

func TestTheServerDoesWhatItsSettingsSay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "durward.toml")
	settings := "access-ttl = \"10m\"\nregistration = \"closed\"\naudience = [\"orders\"]\nalgorithm = \"EdDSA\"\ncors-origin = [\"https://app.example.org\"]\n"
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	server := start(t, "--config", file, "--access-ttl", "2m")
	c := server.client()
	c.refused(t, http.StatusForbidden, "registration_closed", "POST", "/register", "", members{"username": "ada", "password": password})
	operate[any](t, server.data, password, "user", "add", "ada", "--password-stdin")
	session := c.login(t, "ada")
	if session.ExpiresIn != 120 {
		t.Errorf("an access token lives %d seconds, want the 120 of the command line", session.ExpiresIn)
	}
	header, payload := headerAndPayload(t, session.Access)
	if header["alg"] != "EdDSA" || payload["aud"] != "orders" || payload["iss"] != issuer {
		t.Errorf("the token is signed by %v for %v of %v, want EdDSA, orders and %s", header["alg"], payload["aud"], payload["iss"], issuer)
	}
	c.accepted(t, session.Access)

	for origin, want := range map[string]string{"https://app.example.org": "https://app.example.org", "https://evil.example.org": "", "null": "", "http://app.example.org": ""} {
		request, err := http.NewRequest("GET", c.base+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", origin)
		a, err := c.do(request)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("the origin %s is answered with %q, want %q", origin, got, want)
		}
	}
	server.stop()
}
