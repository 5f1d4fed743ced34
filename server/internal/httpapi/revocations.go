package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/feed"
)

// streamPatience is how long one write to a verifier may take.
const streamPatience = 10 * time.Second

// verifiers is the rule of the feed.
var verifiers = durward.Where(func(_ context.Context, c durward.Claims) error {
	if c.HasScope(revocation.Scope) {
		return nil
	}
	return forbidden("insufficient_scope", "This route needs the scope "+revocation.Scope+".",
		`Bearer error="insufficient_scope", scope="`+revocation.Scope+`"`, c)
})

// showRevocations tells what was revoked: once, or as it happens.
func (a *api) showRevocations(x *exchange, r *http.Request) error {
	q, err := readQuery(r, "after")
	if err != nil {
		return err
	}
	text, stream := q.Get("after"), acceptsEvents(r)
	if last := r.Header.Get("Last-Event-ID"); stream && last != "" {
		text = last
	}
	var after revocation.Cursor
	if text != "" {
		if after, err = revocation.ParseCursor(text); err != nil {
			return invalidRequest("The cursor is malformed: send one that this route answered, or none.")
		}
	}
	x.Header()["Vary"] = []string{x.Header().Get("Vary") + ", Accept"}
	if stream {
		return a.followRevocations(x, r, after)
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	err = a.Feed.Snapshot(ctx, after, x.part(a.headers.json))
	if err != nil && x.status != 0 {
		x.cause = err
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
	return err
}

func (a *api) followRevocations(x *exchange, r *http.Request, after revocation.Cursor) error {
	control := http.NewResponseController(x.ResponseWriter)
	_ = control.SetReadDeadline(time.Time{}) // the request has been read; where it cannot be set there is none
	x.Header()["X-Accel-Buffering"] = []string{"no"}
	write := x.part([]string{"text/event-stream"})
	expiry := time.NewTimer(x.claims.ExpiresAt.Sub(a.now()))
	defer expiry.Stop()
	err := a.Feed.Follow(r.Context(), after, feed.Follower{
		Holder: x.claims.Subject,
		Write: func(part []byte) error {
			if err := write(part); err != nil {
				return err
			}
			return control.Flush()
		},
		Expired: func() string { return a.expired(r.Context(), x.claims) },
		Timer:   expiry.C,
	})
	switch {
	case errors.Is(err, feed.ErrFull):
		return &problem{status: http.StatusServiceUnavailable, code: codeBusy, detail: "As many verifiers follow as may at once. Try again soon.", retryAfter: 5 * time.Second, cause: err}
	case errors.Is(err, feed.ErrDraining):
		return notReady(err)
	}
	return err
}

// expired says why the holder of a token that was good may not read on, or "".
func (a *api) expired(ctx context.Context, c durward.Claims) string {
	if !a.now().Before(c.ExpiresAt) {
		return revocation.EndTokenExpired
	}
	if a.Guard.Revocation != nil && errors.Is(a.Guard.Revocation(ctx, c), durward.ErrTokenRevoked) {
		return revocation.EndRevoked
	}
	return ""
}

func (a *api) now() time.Time {
	if a.Guard.Clock == nil {
		return time.Now()
	}
	return a.Guard.Clock()
}

// part writes an answer piece by piece. Each has a deadline of its own.
func (x *exchange) part(contentType []string) func([]byte) error {
	control := http.NewResponseController(x.ResponseWriter)
	return func(piece []byte) error {
		_ = control.SetWriteDeadline(time.Now().Add(streamPatience))
		if x.status == 0 {
			x.Header()["Content-Type"] = contentType
			x.WriteHeader(http.StatusOK)
		}
		_, err := x.Write(piece)
		return err
	}
}

// acceptsEvents says whether the request asks for a stream (RFC 9110 §12.5.1).
func acceptsEvents(r *http.Request) bool {
	for _, line := range r.Header["Accept"] {
		for entry := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(entry, ";")
			if strings.EqualFold(strings.TrimSpace(name), "text/event-stream") {
				return true
			}
		}
	}
	return false
}
