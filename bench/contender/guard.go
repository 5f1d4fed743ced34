package contender

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go-chi/jwtauth/v5"
	echojwt "github.com/labstack/echo-jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwt"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/oracle"

	golangjwt "github.com/golang-jwt/jwt/v5"
)

// Guards returns middleware around an empty handler, the empty handler alone first. The fixture is of HS256.
func Guards(f *Fixture) ([]Contender, error) {
	return made(f,
		maker{"the empty handler alone", func(f *Fixture) (func() error, error) { return served(f, empty), nil }},
		maker{Ours, func(f *Fixture) (func() error, error) { return durwardGuard(f, -1) }},
		maker{OursHit, func(f *Fixture) (func() error, error) { return durwardGuard(f, 0) }},
		maker{"golang-jwt v5, hand-made", golangJWTGuard},
		maker{"echo-jwt v4", echoGuard},
		maker{"go-chi/jwtauth v5", chiGuard},
	)
}

var empty = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })

// discard is a response of which only the status is kept, so that nothing of a recorder is measured.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header            { return d.header }
func (d *discard) Write(body []byte) (int, error) { return len(body), nil }
func (d *discard) WriteHeader(status int)         { d.status = status }

// served sends one request with the fixture's token again and again.
func served(f *Fixture, handler http.Handler) func() error {
	request := httptest.NewRequest(http.MethodGet, "/", nil)
	request.Header.Set("Authorization", "Bearer "+f.Token)
	response := &discard{header: http.Header{}}
	return func() error {
		response.status = 0
		handler.ServeHTTP(response, request)
		if response.status != http.StatusNoContent {
			return errRefused
		}
		return nil
	}
}

func durwardGuard(f *Fixture, cacheBytes int) (func() error, error) {
	config, err := f.config(cacheBytes)
	if err != nil {
		return nil, err
	}
	guard, err := durward.New(config)
	if err != nil {
		return nil, err
	}
	return served(f, guard.Require(empty)), nil
}

type claimsKey struct{}

func golangJWTGuard(f *Fixture) (func() error, error) {
	parser := golangjwt.NewParser(golangjwt.WithValidMethods([]string{string(f.Algorithm)}), golangjwt.WithIssuer(issuer),
		golangjwt.WithAudience(audience), golangjwt.WithExpirationRequired())
	find := func(t *golangjwt.Token) (any, error) {
		if t.Header["kid"] != keyID || t.Header["typ"] != oracle.Type {
			return nil, errRefused
		}
		return f.public, nil
	}
	return served(f, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		claims := &oracle.TypedClaims{}
		if _, err := parser.ParseWithClaims(token, claims, find); !ok || err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		empty.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, claims)))
	})), nil
}

// echoGuard checks signature and expiry into a struct; issuer, audience and type are the handler's to check.
func echoGuard(f *Fixture) (func() error, error) {
	e := echo.New()
	e.Use(echojwt.WithConfig(echojwt.Config{
		SigningKey: f.public, SigningMethod: string(f.Algorithm),
		NewClaimsFunc: func(echo.Context) golangjwt.Claims { return &oracle.TypedClaims{} },
	}))
	e.GET("/", func(c echo.Context) error {
		token, ok := c.Get("user").(*golangjwt.Token)
		if !ok || token.Header["typ"] != oracle.Type {
			return errRefused
		}
		return c.NoContent(http.StatusNoContent)
	})
	return served(f, e), nil
}

func chiGuard(f *Fixture) (func() error, error) {
	auth := jwtauth.New(string(f.Algorithm), f.private, f.public, jwt.WithIssuer(issuer), jwt.WithAudience(audience), jwt.WithRequiredClaim("exp"))
	return served(f, jwtauth.Verifier(auth)(jwtauth.Authenticator(auth)(empty))), nil
}
