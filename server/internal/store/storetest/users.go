package storetest

import (
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

func userRoundTrip(s *suite) {
	want := account.User{
		ID: "0190", Name: "Ånna", Canonical: "ånna", Email: "Anna@Example.org", Roles: []string{"admin", "editor"},
		Scopes: []string{"a:b"}, Version: 7, CreatedAt: s.now, UpdatedAt: s.now.Add(time.Second), DisabledAt: s.now.Add(time.Minute),
	}
	s.ok(s.db.CreateUser(s.ctx, want, "the hash", s.event(audit.UserCreate)))
	s.equal(s.find("0190"), want, "user")
	for key, read := range map[string]func() (account.User, string, error){
		"name": func() (account.User, string, error) { return s.db.Credentials(s.ctx, "ånna") },
		"id":   func() (account.User, string, error) { return s.db.CredentialsByID(s.ctx, "0190") },
	} {
		u, hash, err := read()
		s.ok(err)
		s.equal(u, want, "credentials by %s", key)
		s.equal(hash, "the hash", "hash by %s", key)
	}
	s.equal(len(s.events(audit.Query{})), 1, "events")
}

func nameTaken(s *suite) {
	first := s.user("anna")
	second := first
	second.ID, second.Email = "other", "other@example.org"
	s.is(s.db.CreateUser(s.ctx, second, hash, s.event(audit.UserCreate)), account.ErrUsernameTaken)
	s.equal(s.find(first.ID), first, "first user")
	_, err := s.db.User(s.ctx, "other")
	s.is(err, account.ErrUserNotFound)
	s.is(s.db.CreateUser(s.ctx, first, hash, s.event(audit.UserCreate)), account.ErrUsernameTaken)
	s.equal(len(s.events(audit.Query{})), 1, "events")
}

func unknownUser(s *suite) {
	e := s.event(audit.UserUpdate)
	for name, call := range map[string]func() error{
		"User":            func() error { _, err := s.db.User(s.ctx, "none"); return err },
		"Credentials":     func() error { _, _, err := s.db.Credentials(s.ctx, "none"); return err },
		"CredentialsByID": func() error { _, _, err := s.db.CredentialsByID(s.ctx, "none"); return err },
		"SetEmail":        func() error { _, err := s.db.SetEmail(s.ctx, "none", "", s.now, e); return err },
		"SetPassword":     func() error { _, err := s.db.SetPassword(s.ctx, "none", hash, "new", "", s.now, e); return err },
		"SetRoles":        func() error { _, _, err := s.db.SetRoles(s.ctx, "none", nil, s.now, e); return err },
		"SetScopes":       func() error { _, _, err := s.db.SetScopes(s.ctx, "none", nil, s.now, e); return err },
		"Disable":         func() error { _, _, err := s.db.Disable(s.ctx, "none", s.now, e); return err },
		"Enable":          func() error { _, err := s.db.Enable(s.ctx, "none", s.now, e); return err },
		"RevokeUser":      func() error { _, err := s.db.RevokeUser(s.ctx, "none", s.now, e); return err },
		"DeleteUser":      func() error { _, err := s.db.DeleteUser(s.ctx, "none", s.now, e); return err },
		"EndSessions":     func() error { _, err := s.db.EndSessions(s.ctx, "none", "", s.now, e); return err },
	} {
		s.Log(name)
		s.is(call(), account.ErrUserNotFound)
	}
	s.equal(len(s.events(audit.Query{})), 0, "events")
}

func listUsers(s *suite) {
	for _, u := range []account.User{
		{Name: "Zoë", Canonical: "zoë"},
		{Name: "bob_1", Canonical: "bob_1", Email: "Bob@Example.ORG"},
		{Name: "bobx1", Canonical: "bobx1"},
		{Name: "АСЕ", Canonical: "ace"}, // Cyrillic letters that look like Latin ones
		{Name: "percent", Canonical: "percent", Email: "100%@example.net"},
	} {
		u.ID, u.Version = "id-"+u.Canonical, 1
		s.ok(s.db.CreateUser(s.ctx, u, hash, s.event(audit.UserCreate)))
	}
	for search, want := range map[string]string{
		"": "ace bob_1 bobx1 percent zoë", "BOB": "bob_1 bobx1", "b_1": "bob_1", "%": "percent", "%b": "", "example.org": "bob_1",
		"ZOË": "zoë", "асе": "ace", "ace": "ace", "!": "", `\`: "", "'": "", strings.Repeat("a", 100_000): "",
	} {
		users, err := s.db.Users(s.ctx, account.Page{Search: search, Limit: 10})
		s.ok(err)
		s.equal(names(users), want, "users that match %.20q", search)
	}
	var paged []string
	for page := (account.Page{Limit: 2}); ; {
		users, err := s.db.Users(s.ctx, page)
		s.ok(err)
		if len(users) == 0 {
			break
		}
		paged = append(paged, names(users))
		page.After = users[len(users)-1].Canonical
	}
	s.equal(paged, []string{"ace bob_1", "bobx1 percent", "zoë"}, "pages")
}

func names(users []account.User) string {
	var list []string
	for _, u := range users {
		list = append(list, u.Canonical)
	}
	return strings.Join(list, " ")
}

func setEmail(s *suite) {
	u := s.user("anna")
	later := s.now.Add(time.Hour)
	got, err := s.db.SetEmail(s.ctx, u.ID, "New@Example.org", later, s.event(audit.UserUpdate))
	s.ok(err)
	u.Email, u.UpdatedAt = "New@Example.org", later
	s.equal(got, u, "user returned")
	s.equal(s.find(u.ID), u, "user stored")
	found, err := s.db.Users(s.ctx, account.Page{Search: "new@example"})
	s.ok(err)
	s.equal(names(found), "anna", "users found by the new address")
}

func spacedNames(s *suite) {
	u := s.user("anna")
	for _, bad := range []string{"", "a b", "a\tb", "a\u00a0b"} {
		if _, _, err := s.db.SetRoles(s.ctx, u.ID, []string{"fine", bad}, s.now, s.event(audit.UserRoles)); err == nil {
			s.Errorf("role %q was stored", bad)
		}
		if _, _, err := s.db.SetScopes(s.ctx, u.ID, []string{bad}, s.now, s.event(audit.UserScopes)); err == nil {
			s.Errorf("scope %q was stored", bad)
		}
	}
	s.equal(s.find(u.ID), u, "user")
}
