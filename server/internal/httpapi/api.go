package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
)

// api is the handler behind New.
type api struct {
	Config
	guard   *durward.Guard
	mux     *http.ServeMux
	exact   map[place]http.Handler // what the mux would find for routes without wildcards
	routes  []*route
	other   *route // what no pattern matches
	pool    sync.Pool
	headers headers
	cors    cors
	cursors cursors
	keySet  keySetCache

	unreadable   sync.Once   // the warning of an unreadable hop
	toldDraining atomic.Bool // the log tells why the server is not ready
}

// access is who may use a route.
type access string

const (
	accessAll access = "all"
	// accessToken routes take the access token of a user or of a client.
	accessToken access = "token"
	accessUser  access = "bearer"
	accessAdmin access = "admin"
	// accessClient routes authenticate clients, and answer as OAuth has it.
	accessClient access = "client"
	// accessVerifier routes tell programs what is revoked.
	accessVerifier access = revocation.Scope
	// accessOwn routes look for a credential of their own.
	accessOwn access = "own"
)

// route is one line of the contract.
type route struct {
	pattern string // as ServeMux reads it; the label in logs and metrics
	// method and path are the parts of a pattern without wildcards, else empty.
	method, path string
	access       access
	serve        func(*exchange, *http.Request) error
	// quick routes touch neither the store nor the hashing, and get no deadline.
	quick bool
	// fresh routes, of accessUser, ask for a password given within recentLogin.
	fresh  bool
	counts routeCounts
}

// place is the method and the path of a request.
type place struct{ method, path string }

// patience bounds what a request may wait for: the store, a place in the hashing queue. It is less than a
// server's write timeout, so that the answer still arrives.
const patience = 20 * time.Second

// recentLogin is how long a password counts for what cannot be undone.
const recentLogin = 5 * time.Minute

func newAPI(c Config) (*api, error) {
	a := &api{Config: c, mux: http.NewServeMux(), cors: newCORS(c.CORSOrigins), cursors: newCursors(c.CursorKey)}
	a.headers = newHeaders(a.cors.on())
	a.pool.New = func() any { return new(exchange) }

	guard, err := durward.New(c.Guard)
	if err != nil {
		return nil, err
	}
	a.guard = guard
	a.other = &route{pattern: "other"}
	a.routes = a.table()
	for _, rt := range append(a.routes, a.other) {
		rt.counts = c.Metrics.route(rt.pattern)
		if method, path, ok := strings.Cut(rt.pattern, " "); ok && !strings.ContainsRune(path, '{') {
			rt.method, rt.path = method, path
		}
	}
	a.exact = map[place]http.Handler{}
	for _, rt := range a.routes {
		handler := a.handler(rt)
		a.mux.Handle(rt.pattern, handler)
		if rt.path != "" {
			a.exact[place{rt.method, rt.path}] = handler
		}
	}
	c.Metrics.build(c.Version)
	c.Metrics.follow(c.Feed)
	return a, nil
}

// handler enters the route, so that even a refusal of the guard is counted under it.
func (a *api) handler(rt *route) http.Handler {
	var rules []durward.Rule
	guarded := true
	switch rt.access {
	case accessToken:
	case accessUser:
		rules = append(rules, aUser)
		if rt.fresh {
			rules = append(rules, durward.Fresh(recentLogin))
		}
	case accessAdmin:
		rules = append(rules, administrator)
	case accessVerifier:
		rules = append(rules, verifiers)
	default:
		guarded = false
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := w.(*exchange)
		x.route = rt
		if guarded || rt.access == accessOwn {
			w.Header()["Vary"] = a.headers.varyPrivate
			if hasQueryToken(r) {
				x.fail(invalidRequest("Send the access token in the Authorization header, never in the URL."))
				return
			}
		}
		if guarded {
			claims, refusal := a.guard.Check(r, rules...)
			if refusal != nil {
				x.turnAway(refusal)
				return
			}
			x.claims, x.userID = claims, claims.Subject
		}
		if !rt.quick {
			ctx, cancel := context.WithTimeout(r.Context(), patience)
			defer cancel()
			r = r.WithContext(ctx)
		}
		if err := rt.serve(x, r); err != nil {
			if rt.access == accessUser && errors.Is(err, account.ErrUserNotFound) {
				err = durward.ErrTokenRevoked // deleted at another replica a moment ago
			}
			x.fail(err)
		}
	})
}

// ServeHTTP answers one request, counts it and logs it.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := a.begin(w, r)
	defer x.finish()
	if x.cors(r) {
		return
	}
	if handler := a.exact[place{r.Method, r.URL.Path}]; handler != nil && r.URL.RawPath == "" {
		handler.ServeHTTP(x, r)
		return
	}
	a.mux.ServeHTTP(x, r)
	if x.route == nil {
		x.unmatched()
	}
}
