package httpapi

import (
	"net/http"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

// keyView is a signing key as administrators see it; nothing of it is secret.
type keyView struct {
	KeyID       string        `json:"kid"`
	Algorithm   string        `json:"alg"`
	State       keyring.State `json:"state"`
	CreatedAt   *string       `json:"created_at"`
	ActivatedAt *string       `json:"activated_at"`
	RetiredAt   *string       `json:"retired_at"`
	RevokedAt   *string       `json:"revoked_at"`
	ExpiresAt   *string       `json:"expires_at"`
}

func viewKey(r keyring.Record) keyView {
	return keyView{
		KeyID: r.KeyID, Algorithm: r.Algorithm, State: r.State, CreatedAt: instantOrNull(r.CreatedAt), ActivatedAt: instantOrNull(r.ActivatedAt),
		RetiredAt: instantOrNull(r.RetiredAt), RevokedAt: instantOrNull(r.RevokedAt), ExpiresAt: instantOrNull(r.VerifiesUntil()),
	}
}

// instantOrNull is nil for the zero time.
func instantOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := instant(t)
	return &text
}

// maxKeyID is longer than any kid that this server makes.
const maxKeyID = 128

func (a *api) listKeys(x *exchange, _ *http.Request) error {
	records := a.Keys.Records()
	views := make([]keyView, len(records))
	for i, r := range records {
		views[i] = viewKey(r)
	}
	return x.json(http.StatusOK, struct {
		Keys []keyView `json:"keys"`
	}{views})
}

func (a *api) rotateKeys(x *exchange, r *http.Request) error {
	if err := a.Keys.Rotate(r.Context(), x.event()); err != nil {
		return err
	}
	return a.listKeys(x, r)
}

func (a *api) revokeKey(x *exchange, r *http.Request) error {
	kid := r.PathValue("kid")
	if len(kid) > maxKeyID {
		return keyring.ErrKeyUnknown
	}
	if err := a.Keys.Revoke(r.Context(), kid, x.event()); err != nil {
		return err
	}
	return x.noContent()
}

// event begins what the audit log says of the administrator's act.
func (x *exchange) event() audit.Event {
	by := x.actor()
	return audit.Event{ActorID: by.UserID, ActorName: by.Name, Origin: x.origin()}
}
