package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/session"
)

// sessionView is a session as its owner and administrators see it.
type sessionView struct {
	ID         string  `json:"id"`
	UserID     *string `json:"user_id,omitempty"`  // for administrators
	Username   *string `json:"username,omitempty"` // for administrators
	Device     string  `json:"device"`
	CreatedAt  string  `json:"created_at"`
	AuthTime   *string `json:"auth_time"`
	LastUsedAt string  `json:"last_used_at"`
	ExpiresAt  string  `json:"expires_at"`
	IP         string  `json:"ip"`
	UserAgent  string  `json:"user_agent"`
	Current    bool    `json:"current"`
}

func (x *exchange) viewSession(s account.Session) sessionView {
	expires := s.ExpiresAt
	if s.IdleExpiresAt.Before(expires) {
		expires = s.IdleExpiresAt
	}
	view := sessionView{
		ID: s.ID, Device: s.DeviceName(), CreatedAt: instant(s.CreatedAt), LastUsedAt: instant(s.LastUsedAt), ExpiresAt: instant(expires),
		IP: s.Address, UserAgent: s.UserAgent, Current: s.ID == x.claims.SessionID,
	}
	if !s.AuthTime.IsZero() {
		at := instant(s.AuthTime)
		view.AuthTime = &at
	}
	return view
}

func (a *api) listSessions(x *exchange, r *http.Request) error {
	sessions, err := a.Accounts.ListSessions(r.Context(), x.claims.Subject)
	if err != nil {
		return err
	}
	views := make([]sessionView, 0, len(sessions))
	for _, s := range sessions {
		views = append(views, x.viewSession(s))
	}
	return x.json(http.StatusOK, struct {
		Sessions []sessionView `json:"sessions"`
	}{views})
}

func (a *api) endSession(x *exchange, r *http.Request) error {
	id := r.PathValue("id")
	if !session.ValidID(id) {
		return account.ErrSessionNotFound
	}
	if err := a.Accounts.EndSession(r.Context(), x.actor(), id, x.origin()); err != nil {
		return err
	}
	return x.noContent()
}

// listAllSessions answers with a page of live sessions, the newest first.
func (a *api) listAllSessions(x *exchange, r *http.Request) error {
	page, scope, err := a.sessionsPage(r)
	if err != nil {
		return err
	}
	limit := page.Limit
	page.Limit++ // whether there is a next page
	sessions, err := a.Accounts.AllSessions(r.Context(), page)
	if err != nil {
		return err
	}
	var next *string
	if len(sessions) > limit {
		sessions = sessions[:limit]
		cursor := a.cursors.make(placeOf(sessions[limit-1].Session), scope)
		next = &cursor
	}
	views := make([]sessionView, 0, len(sessions))
	for _, s := range sessions {
		view := x.viewSession(s.Session)
		view.UserID, view.Username = &s.UserID, &s.Username
		views = append(views, view)
	}
	return x.json(http.StatusOK, struct {
		Sessions []sessionView `json:"sessions"`
		Next     *string       `json:"next"`
	}{views, next})
}

// sessionsPage reads what a page is asked for, and what its cursors belong to.
func (a *api) sessionsPage(r *http.Request) (account.SessionsPage, string, error) {
	q, err := readQuery(r, "limit", "after", "user")
	if err != nil {
		return account.SessionsPage{}, "", err
	}
	page := account.SessionsPage{UserID: q.Get("user")}
	if page.Limit, err = pageLimit(q); err != nil {
		return account.SessionsPage{}, "", err
	}
	const longestID = 64
	if len(page.UserID) > longestID {
		return account.SessionsPage{}, "", invalidRequest("The user must be a user's id.")
	}
	scope := "sessions\x00" + page.UserID // no search has this byte
	if q.Has("after") {
		place, ok := a.cursors.read(q.Get("after"), scope)
		if !ok {
			return account.SessionsPage{}, "", invalidRequest("The cursor is not one of this list: begin without it.")
		}
		created, id, _ := strings.Cut(place, " ")
		micros, err := strconv.ParseInt(created, 10, 64)
		if err != nil {
			return account.SessionsPage{}, "", invalidRequest("The cursor is not one of this list: begin without it.")
		}
		page.After, page.AfterID = time.UnixMicro(micros), id
	}
	return page, scope, nil
}

// placeOf is where in the list a session stands.
func placeOf(s account.Session) string {
	return strconv.FormatInt(s.CreatedAt.UnixMicro(), 10) + " " + s.ID
}

func (a *api) endAnySession(x *exchange, r *http.Request) error {
	id := r.PathValue("id")
	if !session.ValidID(id) {
		return account.ErrSessionNotFound
	}
	if err := a.Accounts.EndAnySession(r.Context(), id, x.actor(), x.origin()); err != nil {
		return err
	}
	return x.noContent()
}
