package account_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

// decode reads one part of a token without a check.
func decode(t testing.TB, token string, part int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[part])
	must(t, err)
	var members map[string]any
	must(t, json.Unmarshal(text, &members))
	return members
}

func names(members map[string]any) []string {
	var names []string
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestAccessTokensHaveExactlyTheClaimsOfTheContract(t *testing.T) {
	o := open(t)
	u, err := o.CreateUser(t.Context(), account.NewUser{
		Username: "Alice", Password: goodWord, Email: "alice.secret@example.org", Roles: []string{"clerk"}, Scopes: []string{"orders:read"},
	}, account.Operator, cli)
	must(t, err)
	login := o.login("alice")
	o.clock.Advance(time.Second)
	refreshed, err := o.refresh(login)
	must(t, err)
	issued, err := o.IssueToken(t.Context(), u, "", account.Operator, cli)
	must(t, err)
	o.user("bob", nil, nil)
	bare := o.login("bob")

	want := []string{"amr", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "roles", "scope", "sid", "sub", "username", "ver"}
	ids := map[any]bool{}
	for name, g := range map[string]account.Grant{"a login": login, "a refresh": refreshed, "an operator": issued, "a user without rights": bare} {
		header, payload := decode(t, g.AccessToken, 0), decode(t, g.AccessToken, 1)
		if got := names(header); !slices.Equal(got, []string{"alg", "kid", "typ"}) || header["alg"] != "ES256" || header["typ"] != "at+jwt" {
			t.Errorf("%s: got the header %v, want alg ES256, typ at+jwt and kid", name, header)
		}
		want := want
		if name == "an operator" { // nobody gave a password
			want = slices.DeleteFunc(slices.Clone(want), func(claim string) bool { return claim == "auth_time" || claim == "amr" })
		}
		if got := names(payload); !slices.Equal(got, want) {
			t.Errorf("%s: got the claims %v, want %v", name, got, want)
		}
		if text := fmt.Sprint(payload); strings.Contains(text, "secret") || strings.Contains(text, home.Address) {
			t.Errorf("%s: got the claims %v, want no personal data", name, payload)
		}
		ids[payload["jti"]] = true
	}
	if len(ids) != 4 {
		t.Errorf("jti: got %d different ones, want 4", len(ids))
	}

	claims := o.accepted("a login", login)
	at := o.clock.Now().Add(-time.Second)
	for _, c := range []struct {
		name      string
		got, want any
	}{
		{"iss", claims.Issuer, issuer},
		{"aud", claims.Audience, []string{issuer}},
		{"sub", claims.Subject, u.ID},
		{"exp", claims.ExpiresAt.UTC(), at.Add(15 * time.Minute)},
		{"iat", claims.IssuedAt.UTC(), at},
		{"auth_time", claims.AuthTime.UTC(), at},
		{"client_id", claims.ClientID, account.ClientID},
		{"sid", claims.SessionID, login.SessionID},
		{"ver", claims.Version, int64(1)},
		{"username", claims.Username, "Alice"},
		{"roles", claims.Roles, []string{"clerk"}},
		{"scope", claims.Scopes, []string{"orders:read"}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("claim %s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	if payload := decode(t, bare.AccessToken, 1); payload["scope"] != "" || fmt.Sprint(payload["roles"]) != "[]" {
		t.Errorf("a user without rights: got scope %v and roles %v, want both empty", payload["scope"], payload["roles"])
	}
}

func TestAnAccessTokenExpires(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	o.clock.Advance(15*time.Minute - time.Second)
	o.accepted("a second before", g)
	o.clock.Advance(time.Second)
	if _, err := o.verify(g); err == nil {
		t.Error("after 15 minutes: got the access token accepted, want it refused")
	}
	if _, err := o.refresh(g); err != nil {
		t.Errorf("the refresh token: got %v, want none", err)
	}
}

func TestAnOperatorIssuesTokensOfAUser(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, []string{"orders:read", "orders:write"})
	g, err := o.IssueToken(t.Context(), u, "orders:read", account.Operator, cli)
	must(t, err)
	if claims := o.accepted("issued", g); strings.Join(claims.Scopes, " ") != "orders:read" || claims.Subject != u.ID {
		t.Errorf("issued: got %v for %q, want orders:read for %q", claims.Scopes, claims.Subject, u.ID)
	}
	if _, err := o.refresh(g); err != nil {
		t.Errorf("issued, refreshed: got %v, want none", err)
	}
	_, err = o.IssueToken(t.Context(), u, "admin", account.Operator, cli)
	wantInput(t, "a scope beyond the user's", err, "invalid_scope")
	must(t, o.RevokeUser(t.Context(), u.ID, account.Operator, cli))
	o.refused("issued, after a revocation", g)
}

func TestAGrantPrintsNothing(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	g := o.login("alice")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("login", "grant", g)
	for name, text := range map[string]string{
		"%v": fmt.Sprintf("%v", g), "%+v": fmt.Sprintf("%+v", g), "%#v": fmt.Sprintf("%#v", g), "%s": g.String(), "slog": log.String(),
	} {
		if strings.Contains(text, g.AccessToken) || strings.Contains(text, g.RefreshToken) || !strings.Contains(text, "secret") && !strings.Contains(text, g.SessionID) {
			t.Errorf("%s: got %q, want [secret] or the session's id", name, text)
		}
	}
}
