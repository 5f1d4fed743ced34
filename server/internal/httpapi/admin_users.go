package httpapi

import (
	"context"
	"net/http"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// adminView is a user as administrators see it.
type adminView struct {
	userView
	Disabled  bool   `json:"disabled"`
	UpdatedAt string `json:"updated_at"`
}

func viewForAdmin(u account.User) adminView {
	return adminView{userView: viewUser(u), Disabled: u.Disabled(), UpdatedAt: instant(u.UpdatedAt)}
}

// maxUserID is longer than any user id.
const maxUserID = 64

// pathUser is the user id of the path; one that nobody can have is nobody's.
func pathUser(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if len(id) > maxUserID || !isRequestID(id) {
		return "", account.ErrUserNotFound
	}
	return id, nil
}

func (a *api) createUser(x *exchange, r *http.Request) error {
	var in struct {
		Username *string  `json:"username"`
		Password *string  `json:"password"`
		Email    *string  `json:"email"`
		Roles    []string `json:"roles"`
		Scopes   []string `json:"scopes"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"username", in.Username != nil}, member{"password", in.Password != nil}); err != nil {
		return err
	}
	u, err := a.Accounts.CreateUser(r.Context(), account.NewUser{
		Username: *in.Username, Password: *in.Password, Email: text(in.Email), Roles: in.Roles, Scopes: in.Scopes,
	}, x.actor(), x.origin())
	if err != nil {
		return err
	}
	x.Header()["Location"] = []string{"/admin/users/" + u.ID}
	return x.json(http.StatusCreated, viewForAdmin(u))
}

func (a *api) showUser(x *exchange, r *http.Request) error {
	id, err := pathUser(r)
	if err != nil {
		return err
	}
	u, err := a.Accounts.GetUser(r.Context(), id)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, viewForAdmin(u))
}

func (a *api) setRoles(x *exchange, r *http.Request) error {
	var in struct {
		Roles []string `json:"roles"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"roles", in.Roles != nil}); err != nil {
		return err
	}
	return a.changeUser(x, r, func(ctx context.Context, id string, by account.Actor, from audit.Origin) (account.User, error) {
		return a.Accounts.SetRoles(ctx, id, in.Roles, by, from)
	})
}

func (a *api) setScopes(x *exchange, r *http.Request) error {
	var in struct {
		Scopes []string `json:"scopes"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"scopes", in.Scopes != nil}); err != nil {
		return err
	}
	return a.changeUser(x, r, func(ctx context.Context, id string, by account.Actor, from audit.Origin) (account.User, error) {
		return a.Accounts.SetScopes(ctx, id, in.Scopes, by, from)
	})
}

func (a *api) disableUser(x *exchange, r *http.Request) error {
	return a.changeUser(x, r, a.Accounts.Disable)
}

func (a *api) enableUser(x *exchange, r *http.Request) error {
	return a.changeUser(x, r, a.Accounts.Enable)
}

func (a *api) revokeUser(x *exchange, r *http.Request) error {
	return a.endUser(x, r, a.Accounts.RevokeUser)
}

func (a *api) deleteUser(x *exchange, r *http.Request) error {
	return a.endUser(x, r, a.Accounts.DeleteUser)
}

// changeUser does something to the user of the path and shows what became of it.
func (a *api) changeUser(x *exchange, r *http.Request, change func(context.Context, string, account.Actor, audit.Origin) (account.User, error)) error {
	id, err := pathUser(r)
	if err != nil {
		return err
	}
	u, err := change(r.Context(), id, x.actor(), x.origin())
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, viewForAdmin(u))
}

// endUser does something to the user of the path after which there is nothing to show.
func (a *api) endUser(x *exchange, r *http.Request, end func(context.Context, string, account.Actor, audit.Origin) error) error {
	id, err := pathUser(r)
	if err != nil {
		return err
	}
	if err := end(r.Context(), id, x.actor(), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}
