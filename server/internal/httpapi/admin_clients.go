package httpapi

import (
	"net/http"

	"github.com/durward-auth/durward/server/internal/account"
)

// clientView is a client as administrators see it. The secret is there in the answer that makes it, and never again.
type clientView struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	CreatedAt string   `json:"created_at"`
	RevokedAt *string  `json:"revoked_at"`
	Secret    string   `json:"secret,omitempty"`
}

func viewClient(c account.Client) clientView {
	view := clientView{ID: c.ID, Name: c.Name, Scopes: list(c.Scopes), CreatedAt: instant(c.CreatedAt)}
	if c.Revoked() {
		revoked := instant(c.RevokedAt)
		view.RevokedAt = &revoked
	}
	return view
}

// pathClient is the client id of the path; one that nobody can have is nobody's.
func pathClient(r *http.Request) (string, error) {
	id := r.PathValue("id")
	if len(id) > maxUserID || !isRequestID(id) {
		return "", account.ErrClientNotFound
	}
	return id, nil
}

func (a *api) listClients(x *exchange, r *http.Request) error {
	clients, err := a.Accounts.ListClients(r.Context())
	if err != nil {
		return err
	}
	views := make([]clientView, 0, len(clients))
	for _, c := range clients {
		views = append(views, viewClient(c))
	}
	return x.json(http.StatusOK, struct {
		Clients []clientView `json:"clients"`
	}{views})
}

func (a *api) createClient(x *exchange, r *http.Request) error {
	var in struct {
		Name   *string  `json:"name"`
		Scopes []string `json:"scopes"`
	}
	if err := x.decode(r, &in); err != nil {
		return err
	}
	if err := required(member{"name", in.Name != nil}); err != nil {
		return err
	}
	c, secret, err := a.Accounts.CreateClient(r.Context(), *in.Name, in.Scopes, x.actor(), x.origin())
	if err != nil {
		return err
	}
	return x.clientSecret(http.StatusCreated, c, secret)
}

func (a *api) renewClientSecret(x *exchange, r *http.Request) error {
	id, err := pathClient(r)
	if err != nil {
		return err
	}
	c, secret, err := a.Accounts.RenewClientSecret(r.Context(), id, x.actor(), x.origin())
	if err != nil {
		return err
	}
	return x.clientSecret(http.StatusOK, c, secret)
}

func (a *api) revokeClient(x *exchange, r *http.Request) error {
	id, err := pathClient(r)
	if err != nil {
		return err
	}
	if _, err := a.Accounts.RevokeClient(r.Context(), id, x.actor(), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}

func (x *exchange) clientSecret(status int, c account.Client, secret account.ClientSecret) error {
	view := viewClient(c)
	view.Secret = secret.Reveal()
	return x.json(status, view)
}
