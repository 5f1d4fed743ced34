package httpapi

import (
	"net/http"

	"github.com/durward-auth/durward/server/internal/account"
)

func (a *api) register(x *exchange, r *http.Request) error {
	var in struct {
		Username *string `json:"username"`
		Password *string `json:"password"`
		Email    *string `json:"email"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"username", in.Username != nil}, member{"password", in.Password != nil}); err != nil {
		return err
	}
	u, err := a.Accounts.Register(r.Context(), account.NewUser{Username: *in.Username, Password: *in.Password, Email: text(in.Email)}, x.origin())
	if err != nil {
		return err
	}
	x.userID = u.ID
	return x.json(http.StatusCreated, struct {
		Message string   `json:"message"`
		User    userView `json:"user"`
	}{"User registered successfully", viewNewUser(u)})
}
