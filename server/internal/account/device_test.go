package account_test

import (
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

func TestASessionHasAReadableName(t *testing.T) {
	const chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
	for want, agent := range map[string]string{
		"Firefox on Linux":            "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
		"Chrome on Windows":           "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + chrome + " Safari/537.36",
		"Edge on Windows":             "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + chrome + " Safari/537.36 Edg/142.0.0.0",
		"Opera on Linux":              "Mozilla/5.0 (X11; Linux x86_64) " + chrome + " Safari/537.36 OPR/125.0.0.0",
		"Safari on macOS":             "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
		"Safari on iPhone":            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
		"Chrome on iPad":              "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1",
		"Samsung Internet on Android": "Mozilla/5.0 (Linux; Android 16; SM-S931B) " + strings.Replace(chrome, "Chrome", "SamsungBrowser/29.0 Chrome", 1) + " Mobile Safari/537.36",
		"Chrome on ChromeOS":          "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + chrome + " Safari/537.36",
		"curl":                        "curl/8.14.1",
		"Go-http-client":              "Go-http-client/2.0",
		"Unknown device":              "",
		"Unknown device on Linux":     "Mozilla/5.0 (Linux)",
		strings.Repeat("x", 32) + "…": strings.Repeat("x", 200),
	} {
		if got := (account.Session{UserAgent: agent}).DeviceName(); got != want {
			t.Errorf("%q: got %q, want %q", agent, got, want)
		}
	}
	if got := (account.Session{UserAgent: "curl/8", Device: "Ada's laptop"}).DeviceName(); got != "Ada's laptop" {
		t.Errorf("a name of its own: got %q", got)
	}
}

func TestADeviceIsNamedAtTheLogin(t *testing.T) {
	o := open(t)
	u := o.user("alice", nil, nil)
	login := func(device string) error {
		_, err := o.Login(t.Context(), account.Credentials{Username: "alice", Password: goodWord, Device: device}, home)
		return err
	}
	for _, device := range []string{strings.Repeat("a", 129), "a\x00b", "a\nb", "a\u202eb", "\xff"} {
		wantInput(t, "device "+device, login(device), "invalid_request")
	}
	must(t, login("Jürgens Händi 📱"))
	must(t, login(""))
	sessions, err := o.ListSessions(t.Context(), u.ID)
	must(t, err)
	names := map[string]bool{}
	for _, s := range sessions {
		names[s.DeviceName()] = true
	}
	if len(sessions) != 2 || !names["Jürgens Händi 📱"] || !names["curl"] {
		t.Errorf("got %v, want the name that was given and that of the User-Agent", names)
	}
}

func TestTheOtherSessionsEnd(t *testing.T) {
	o := open(t)
	o.user("alice", nil, nil)
	o.user("bob", nil, nil)
	own, a, b, stranger := o.login("alice"), o.login("alice"), o.login("alice"), o.login("bob")
	must(t, o.LogoutOthers(t.Context(), actor(own), home))
	o.refused("another session", a)
	o.refused("another session", b)
	o.accepted("the own session", own)
	o.accepted("somebody else's", stranger)
	_, err := o.refresh(a)
	wantError(t, "another session, refreshed", err, account.ErrInvalidRefresh)
	if _, err := o.refresh(own); err != nil {
		t.Errorf("the own session, refreshed: got %v", err)
	}
	events := o.events()
	found := false
	for _, e := range events {
		found = found || e.Action == audit.SessionEndOthers && e.ActorName == "alice" && e.Outcome == audit.Success
	}
	if !found {
		t.Errorf("audit log: got %+v, want session.end_others", events)
	}
}
