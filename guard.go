package durward

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// A Guard lets requests with a good token through to handlers. It is immutable and safe for
// concurrent use.
type Guard struct {
	verifier *Verifier
	origins  *http.CrossOriginProtection
}

// New makes a guard. It checks the configuration and reports all of its problems together.
func New(c Config) (*Guard, error) {
	c, err := c.checked()
	if err != nil {
		return nil, err
	}
	if c.OnRefuse == nil {
		c.OnRefuse = WriteRefusal
	}
	return &Guard{verifier: newVerifier(c), origins: http.NewCrossOriginProtection()}, nil
}

// Verifier returns the verifier of the guard, for tokens that arrive in other ways.
func (g *Guard) Verifier() *Verifier { return g.verifier }

// Require lets a request through to next when it carries a good token for which every rule holds.
// Otherwise it is refused: 401 for no token or a bad one, 403 for a good one with too little right, 400 for
// several tokens, 503 when tokens cannot be checked now.
func (g *Guard) Require(next http.Handler, rules ...Rule) http.Handler {
	return g.handler(next, false, rules)
}

// Optional lets a request without a token through as anonymous: [FromContext] returns zero claims then.
// A token that is there must be good, and every rule hold for it.
func (g *Guard) Optional(next http.Handler, rules ...Rule) http.Handler {
	return g.handler(next, true, rules)
}

// Middleware is Require in the form that routers expect.
func (g *Guard) Middleware(rules ...Rule) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return g.Require(next, rules...) }
}

// Check judges a request as Require does, for a program that dispatches by itself: it returns the claims of a good token for
// which every rule holds, or a refusal. It answers nothing, and asks neither Config.OnRefuse nor Config.Identify.
func (g *Guard) Check(r *http.Request, rules ...Rule) (Claims, *Refusal) {
	token, cookie, err := locate(r, g.verifier.config.Locations)
	if err != nil {
		return Claims{}, refusalFor(err)
	}
	claims, refusal := g.verify(r, token, cookie)
	if refusal == nil {
		refusal = g.judge(r.Context(), claims, rules)
	}
	if refusal != nil {
		return Claims{}, refusal
	}
	return claims, nil
}

func (g *Guard) handler(next http.Handler, optional bool, rules []Rule) http.Handler {
	if next == nil {
		panic("durward: the guarded handler is nil")
	}
	for _, rule := range rules {
		if rule.check == nil {
			panic("durward: a rule is empty")
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		config := &g.verifier.config
		token, cookie, err := locate(r, config.Locations)
		if optional && errors.Is(err, ErrTokenMissing) {
			next.ServeHTTP(w, anonymous(r))
			return
		}
		if err != nil {
			config.OnRefuse(w, r, refusalFor(err))
			return
		}
		admitted, refusal := g.admit(r, token, cookie, rules)
		if refusal != nil {
			config.OnRefuse(w, r, refusal)
			return
		}
		next.ServeHTTP(w, r.WithContext(admitted))
	})
}

// anonymous takes away what another guard around this one may have found.
func anonymous(r *http.Request) *http.Request {
	if r.Context().Value(contextKey{}) == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), contextKey{}, (*admitted)(nil)))
}

// admitted is what a guard hands to handlers: the request's context with the claims and the user.
type admitted struct {
	context.Context
	claims Claims
	user   any
}

type contextKey struct{}

// Value answers for the guard, and leaves every other key to the request's own context.
func (a *admitted) Value(key any) any {
	if key == (contextKey{}) {
		return a
	}
	return a.Context.Value(key)
}

func (g *Guard) admit(r *http.Request, token string, cookie bool, rules []Rule) (*admitted, *Refusal) {
	ctx := r.Context()
	claims, refusal := g.verify(r, token, cookie)
	if refusal != nil {
		return nil, refusal
	}
	a := &admitted{Context: ctx, claims: claims}
	if identify := g.verifier.config.Identify; identify != nil {
		var err error
		if a.user, err = identify(ctx, a.claims); err != nil {
			return nil, refusalFor(fmt.Errorf("identify the user: %w", err))
		}
	}
	if refusal := g.judge(ctx, a.claims, rules); refusal != nil {
		return nil, refusal
	}
	return a, nil
}

func (g *Guard) verify(r *http.Request, token string, cookie bool) (Claims, *Refusal) {
	if cookie {
		if err := g.origins.Check(r); err != nil {
			return Claims{}, &Refusal{
				Status: http.StatusForbidden, Code: codeCrossSite,
				Detail: "The request comes from another site.", Err: err,
			}
		}
	}
	claims, err := g.verifier.Verify(r.Context(), token)
	if err != nil {
		return Claims{}, refusalFor(err)
	}
	return claims, nil
}

func (g *Guard) judge(ctx context.Context, claims Claims, rules []Rule) *Refusal {
	for _, rule := range rules {
		if refusal := rule.check(ctx, claims, g.verifier.config.Clock()); refusal != nil {
			return refusal.of(claims)
		}
	}
	return nil
}

// FromContext returns the claims of the token that a guard let through; zero claims when there was none.
func FromContext(ctx context.Context) Claims {
	if a, _ := ctx.Value(contextKey{}).(*admitted); a != nil {
		return a.claims
	}
	return Claims{}
}

// UserFromContext returns what Config.Identify returned for this request, if it is a T.
func UserFromContext[T any](ctx context.Context) (T, bool) {
	if a, _ := ctx.Value(contextKey{}).(*admitted); a != nil {
		user, ok := a.user.(T)
		return user, ok
	}
	var zero T
	return zero, false
}
