package httpapi_test

import (
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/statuslist"
)

// list reads a status list as a verifier does.
func (d *door) list(path string) statuslist.Token {
	d.t.Helper()
	a := d.want(d.do("GET", path, ""), 200, "")
	if a.Header.Get("Content-Type") != "application/statuslist+jwt" || a.Header.Get("Cache-Control") != "public, max-age=5" ||
		a.Header.Get("Access-Control-Allow-Origin") != "*" {
		d.t.Errorf("got headers %v", a.Header)
	}
	keys, err := durward.NewKeySet(d.key.Public())
	must(d.t, err)
	token, err := statuslist.Verify(d.t.Context(), keys, a.body, account.ListSize)
	must(d.t, err)
	return token
}

func TestTheStatusListSaysWhatIsRevoked(t *testing.T) {
	d := open(t)
	d.want(d.do("GET", "/statuslist/0", ""), 404, "status_list_not_found")
	d.feed.places = account.ListSize + 2048
	for _, n := range []string{"2", "-1", "00", "x", "+1", "9223372036854775807", "9223372036854775808"} {
		d.want(d.do("GET", "/statuslist/"+n, ""), 404, "status_list_not_found")
	}
	entry := revocation.Entry{Kind: revocation.Session, ID: "s", ExpiresAt: d.clock.Now().Add(time.Hour)}
	d.feed.mark(entry, 7, account.ListSize, account.ListSize+9)
	must(t, d.hub.Read(t.Context()))

	first, second := d.list("/statuslist/0"), d.list("/statuslist/1")
	now := d.clock.Now()
	if first.URI != issuer+"/statuslist/0" || !first.IssuedAt.Equal(now) || first.TTL != 5*time.Second || !first.ExpiresAt.After(now.Add(time.Minute)) || first.List.Bits() != 1 {
		t.Errorf("got %+v", first)
	}
	if first.List.Len() != account.ListSize {
		t.Errorf("got %d places, want all %d: sessions that are newer than a copy have one too", first.List.Len(), account.ListSize)
	}
	for _, c := range []struct {
		list  *statuslist.List
		place int64
		want  statuslist.Status
	}{
		{first.List, 7, statuslist.Invalid}, {first.List, 0, statuslist.Valid}, {first.List, 9, statuslist.Valid},
		{second.List, 0, statuslist.Invalid}, {second.List, 9, statuslist.Invalid}, {second.List, 7, statuslist.Valid},
	} {
		if got, ok := c.list.Get(c.place); !ok || got != c.want {
			t.Errorf("place %d: got %v, %v, want %v", c.place, got, ok, c.want)
		}
	}
}

func TestAStatusListIsKeptUntilSomethingChanges(t *testing.T) {
	d := open(t)
	d.feed.places = 2048
	tag := d.want(d.do("GET", "/statuslist/0", ""), 200, "").Header.Get("ETag")
	d.clock.advance(30 * time.Second)
	d.want(d.do("GET", "/statuslist/0", "", with("If-None-Match", tag)), 304, "")
	if d.feed.built != 1 {
		t.Errorf("got %d builds for two requests and no change, want 1", d.feed.built)
	}
	revoke := func(id string, place int64) {
		d.feed.mark(revocation.Entry{Kind: revocation.Session, ID: id, ExpiresAt: d.clock.Now().Add(time.Hour)}, place)
		must(t, d.hub.Read(t.Context()))
	}
	revoke("a", 1025)
	if got, _ := d.list("/statuslist/0").List.Get(1025); got != statuslist.Invalid {
		t.Errorf("got %v after a change, want it marked", got)
	}
	revoke("b", 1026)
	d.list("/statuslist/0")
	if d.feed.built != 2 {
		t.Errorf("got %d builds within a second of the last, want 2", d.feed.built)
	}
	d.clock.advance(time.Second)
	if got, _ := d.list("/statuslist/0").List.Get(1026); got != statuslist.Invalid {
		t.Errorf("got %v a second later, want it marked", got)
	}
	d.clock.advance(time.Minute)
	if list := d.list("/statuslist/0"); !list.IssuedAt.Equal(d.clock.Now()) {
		t.Errorf("got a list of %v at %v, want a new one after half of its lifetime", list.IssuedAt, d.clock.Now())
	}
}

func TestAccessTokensNameTheirPlace(t *testing.T) {
	d := open(t)
	d.user("anna")
	verifier, err := durward.NewVerifier(d.config.Guard)
	must(t, err)
	status := func(token string) durward.StatusReference {
		t.Helper()
		claims, err := verifier.Verify(t.Context(), token)
		must(t, err)
		return claims.Status
	}
	first, second := d.login("anna"), d.login("anna")
	a, b := status(first.Access), status(second.Access)
	if a.URI != issuer+"/statuslist/0" || a.Index != 1024 || b.URI != a.URI || b.Index != 1025 {
		t.Errorf("got %+v and %+v, want two places of the first list", a, b)
	}
	var next tokens
	d.want(d.do("POST", "/refresh", `{"refresh_token":"`+first.Refresh+`"}`), 200, "").decode(t, &next)
	if got := status(next.Access); got != a {
		t.Errorf("got %+v after a refresh, want %+v", got, a)
	}
	if got := status(d.login("anna").Access); got.Index != 1026 {
		t.Errorf("got place %d after a refresh that needed none, want 1026", got.Index)
	}
}
