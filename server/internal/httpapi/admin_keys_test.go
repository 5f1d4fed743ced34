package httpapi_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/httpapi"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// fakeKeys answers as the function fields say.
type fakeKeys struct {
	mu      sync.Mutex
	records []keyring.Record
	fails   error
	asked   []string // what was asked for, and by whom
}

func (f *fakeKeys) Records() []keyring.Record {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.records)
}

func (f *fakeKeys) Rotate(_ context.Context, e audit.Event) error {
	return f.ask("rotate by " + e.ActorName + " from " + e.Address)
}

func (f *fakeKeys) Revoke(_ context.Context, kid string, e audit.Event) error {
	return f.ask("revoke " + kid + " by " + e.ActorName + " from " + e.Address)
}

func (f *fakeKeys) ask(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	return f.fails
}

func TestAdministratorsSeeAndChangeTheKeys(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	admin := d.login("root").Access
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	d.keys.records = []keyring.Record{
		{KeyID: "old", Algorithm: "ES256", State: keyring.Retired, Sealed: "x1.canary", CreatedAt: at, ActivatedAt: at, RetiredAt: at, ExpiresAt: at.Add(time.Hour)},
		{KeyID: "bad", Algorithm: "ES256", State: keyring.Revoked, CreatedAt: at, RevokedAt: at, ExpiresAt: at.Add(time.Hour)},
	}
	const want = `{"keys":[` +
		`{"kid":"old","alg":"ES256","state":"retired","created_at":"2026-11-01T12:00:00Z","activated_at":"2026-11-01T12:00:00Z","retired_at":"2026-11-01T12:00:00Z","revoked_at":null,"expires_at":"2026-11-01T13:00:00Z"},` +
		`{"kid":"bad","alg":"ES256","state":"revoked","created_at":"2026-11-01T12:00:00Z","activated_at":null,"retired_at":null,"revoked_at":"2026-11-01T12:00:00Z","expires_at":null}]}`
	for _, a := range []answer{
		d.want(d.do("GET", "/admin/keys", "", as(admin)), 200, ""),
		d.want(d.do("POST", "/admin/keys/rotate", "", as(admin)), 200, ""),
	} {
		if got := strings.TrimSpace(a.body); got != want { // E07: nothing sealed, nothing private
			t.Errorf("%s %s:\n got %s\nwant %s", a.Request.Method, a.Request.URL.Path, got, want)
		}
	}
	d.want(d.do("DELETE", "/admin/keys/old", "", as(admin)), 204, "")
	asked := []string{"rotate by root from 127.0.0.1", "revoke old by root from 127.0.0.1"}
	if !slices.Equal(d.keys.asked, asked) {
		t.Errorf("asked for: got %q, want %q", d.keys.asked, asked)
	}
	d.want(d.do("DELETE", "/admin/keys/"+strings.Repeat("k", 200), "", as(admin)), 404, "key_not_found")
	if len(d.keys.asked) != len(asked) {
		t.Error("a kid that no key can have was looked for")
	}
	for code, fails := range map[string]error{
		"key_not_found": keyring.ErrKeyUnknown, "key_expired": keyring.ErrKeyExpired, "keys_changed": keyring.ErrConflict, "too_many_keys": keyring.ErrTooManyKeys, "master_key_replaced": keyring.ErrMasterReplaced,
	} {
		d.keys.fails = fails
		status := 409
		if fails == keyring.ErrKeyUnknown {
			status = 404
		}
		d.want(d.do("DELETE", "/admin/keys/old", "", as(admin)), status, code)
	}
}

// E09: the key set is for everybody to read and to cache, and for nothing else.
func TestE09TheKeySetIsPublicCacheableAndReadOnly(t *testing.T) {
	d := open(t, func(c *httpapi.Config) { c.KeySetMaxAge = 5 * time.Minute })
	const path = "/.well-known/jwks.json"
	check := func(a answer) {
		t.Helper()
		for name, want := range map[string]string{
			"Content-Type": "application/jwk-set+json", "Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff",
			"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("E09: %s %s: got %q, want %q", a.Request.Method, name, got, want)
			}
		}
		if a.Header.Get("ETag") == "" {
			t.Errorf("E09: %s: no ETag", a.Request.Method)
		}
	}
	for _, accept := range []string{"", "text/html", "application/json"} {
		a := d.want(d.do("GET", path, "", with("Accept", accept), with("Origin", "https://anybody.example")), 200, "")
		check(a)
		var set struct{ Keys []map[string]any }
		a.decode(t, &set)
		if len(set.Keys) == 0 {
			t.Error("E09: the key set is empty")
		}
		for _, key := range set.Keys {
			for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if _, there := key[private]; there {
					t.Errorf("E09: the key set has the private member %q", private)
				}
			}
		}
		d.want(d.do("GET", path, "", with("If-None-Match", a.Header.Get("ETag"))), 304, "")
	}
	head := d.want(d.do("HEAD", path, ""), 200, "")
	check(head)
	if head.body != "" {
		t.Errorf("E09: HEAD has a body: %q", head.body)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		d.want(d.do(method, path, ""), 405, "method_not_allowed")
	}
}
