package httpapi

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
)

// userView is a user as its owner sees it; administrators see more.
type userView struct {
	ID        string    `json:"id"`
	Username  string    `json:"username"`
	Email     *string   `json:"email"`
	Roles     []string  `json:"roles"`
	Scopes    *[]string `json:"scopes,omitempty"`
	CreatedAt string    `json:"created_at"`
}

// viewNewUser has no scopes: nobody has any at registration.
func viewNewUser(u account.User) userView {
	view := userView{ID: u.ID, Username: u.Name, Roles: list(u.Roles), CreatedAt: instant(u.CreatedAt)}
	if u.Email != "" {
		view.Email = &u.Email
	}
	return view
}

func viewUser(u account.User) userView {
	view, scopes := viewNewUser(u), list(u.Scopes)
	view.Scopes = &scopes
	return view
}

func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// instant is a time in UTC (RFC 3339), to the microsecond that stores keep: it reads the same before and
// after it was stored.
func instant(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }

func (a *api) showMe(x *exchange, r *http.Request) error {
	u, err := a.Accounts.GetUser(r.Context(), x.claims.Subject)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, viewUser(u))
}

// changeMe changes what the body names. An e-mail address of null or "" is removed.
func (a *api) changeMe(x *exchange, r *http.Request) error {
	var in struct {
		Email json.RawMessage `json:"email"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if in.Email == nil {
		return a.showMe(x, r)
	}
	var email *string
	if err := json.Unmarshal(in.Email, &email); err != nil {
		return invalidRequest(`The member "email" must be a string or null.`)
	}
	u, err := a.Accounts.ChangeEmail(r.Context(), x.actor(), text(email), x.origin())
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, viewUser(u))
}

func (a *api) deleteMe(x *exchange, r *http.Request) error {
	if err := a.Accounts.DeleteAccount(r.Context(), x.actor(), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}

func (a *api) changePassword(x *exchange, r *http.Request) error {
	var in struct {
		Current *string `json:"current_password"`
		New     *string `json:"new_password"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"current_password", in.Current != nil}, member{"new_password", in.New != nil}); err != nil {
		return err
	}
	if err := a.Accounts.ChangePassword(r.Context(), x.actor(), *in.Current, *in.New, x.origin()); err != nil {
		return err
	}
	return x.noContent()
}
