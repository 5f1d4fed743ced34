package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
	"github.com/durward-auth/durward/revocation"
)

var credentials = revocation.Credentials{ClientID: "dwc_orders", ClientSecret: "dws_secret"}

// feed is the side of an issuer that verifiers follow: it revokes what it is sent.
func feed(t *testing.T, revoked <-chan revocation.Entry) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != credentials.ClientID || secret != credentials.ClientSecret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"token","token_type":"Bearer","expires_in":900,"scope":"revocations:read"}`))
	})
	mux.HandleFunc("GET /revocations", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		at := revocation.Cursor{Epoch: "e1"}
		send := func(e revocation.Event) {
			_, _ = w.Write(e.AppendTo(nil))
			_ = http.NewResponseController(w).Flush()
		}
		send(revocation.ResetEvent())
		send(revocation.HeartbeatEvent(at, time.Now()))
		for {
			select {
			case <-r.Context().Done():
				return
			case entry := <-revoked:
				at.Seq++
				send(revocation.RevokeEvent(at, []revocation.Entry{entry}))
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func TestALogoutAtTheIssuerEndsTheTokenHere(t *testing.T) {
	revoked := make(chan revocation.Entry)
	server := feed(t, revoked)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	follower, err := revocation.Follow(ctx, server.URL, credentials, revocation.Options{GoOnWhenStale: true})
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	if err := ready(ctx, follower); err != nil {
		t.Fatal(err)
	}
	issuer := durwardtest.New(t)
	config := issuer.Config()
	config.Revocation = durward.RevokedBy(follower)
	handler, err := routes(config)
	if err != nil {
		t.Fatal(err)
	}
	get := func(path, token string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, issuer.Request("GET", path, token))
		return w
	}
	here := issuer.Token(durward.Claims{Subject: "1", Username: "ada", SessionID: "here"})
	there := issuer.Token(durward.Claims{Subject: "1", Username: "ada", SessionID: "there", Roles: []string{"admin"}})
	for name, c := range map[string]struct {
		path, token string
		status      int
	}{
		"no token":                         {"/orders", "", 401},
		"a bad token":                      {"/orders", here + "x", 401},
		"a user":                           {"/orders", here, 200},
		"all orders, for a user":           {"/orders/all", here, 403},
		"all orders, for an administrator": {"/orders/all", there, 200},
		"a route that there is not, for the router": {"/orders/x", here, 404},
	} {
		if w := get(c.path, c.token); w.Code != c.status {
			t.Errorf("%s: got %d %s, want %d", name, w.Code, w.Body, c.status)
		}
	}
	if body := get("/orders", here).Body.String(); body != `{"customer":"ada","orders":[]}`+"\n" {
		t.Errorf("got %s, want the orders of ada", body)
	}

	select {
	case revoked <- revocation.Entry{Kind: revocation.Session, ID: "here", ExpiresAt: time.Now().Add(time.Hour)}:
	case <-ctx.Done():
		t.Fatal("nobody follows the feed")
	}
	for get("/orders", here).Code != 401 {
		if ctx.Err() != nil {
			t.Fatal("the token of a session that has ended is still accepted")
		}
	}
	if w := get("/orders", here); !strings.Contains(w.Body.String(), "token_revoked") {
		t.Errorf("got %s, want token_revoked", w.Body)
	}
	if w := get("/orders/all", there); w.Code != 200 {
		t.Errorf("another session: got %d %s, want 200", w.Code, w.Body)
	}
}

func TestItDoesNotServeWithoutTheRevocations(t *testing.T) {
	server := feed(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	wrong := revocation.Credentials{ClientID: credentials.ClientID, ClientSecret: "dws_wrong"}
	err := run(ctx, "127.0.0.1:0", server.URL, "", wrong)
	if err == nil || strings.Contains(err.Error(), wrong.ClientSecret) {
		t.Errorf("got %v, want an error that does not tell the secret", err)
	}
	if err := run(ctx, "127.0.0.1:0", "http://id.example.org", "", credentials); err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("an issuer without TLS: got %v, want an error that says so", err)
	}
}
