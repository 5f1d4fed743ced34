package durwardtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

// routes is what a program under test offers.
func routes(config durward.Config) http.Handler {
	guard, err := durward.New(config)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /admin", guard.Require(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "Welcome, ", durward.FromContext(r.Context()).Subject)
	}), durward.Role("admin")))
	return mux
}

// t stands for the *testing.T that a test is given.
var t testing.TB = example{}

type example struct{ testing.TB }

func (example) Helper()                      {}
func (example) Context() context.Context     { return context.Background() }
func (example) Fatalf(text string, a ...any) { panic(fmt.Sprintf(text, a...)) }

func Example() {
	issuer := durwardtest.New(t)
	handler := routes(issuer.Config())

	for _, token := range []string{"", issuer.TokenFor("bob"), issuer.TokenFor("ada", "admin")} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, issuer.Request("GET", "/admin", token))
		fmt.Println(w.Code)
	}
	// Output:
	// 401
	// 403
	// 200
}

func ExampleIssuer_Token() {
	issuer := durwardtest.New(t)
	token := issuer.Token(
		durward.Claims{Subject: "ada", Scopes: []string{"orders:read"}, AuthTime: issuer.Clock.Now()},
		map[string]string{"tenant": "north"},
	)

	claims, err := issuer.Guard().Verifier().Verify(context.Background(), token)
	fmt.Println(claims.Subject, claims.Scopes, err)
	// Output: ada [orders:read] <nil>
}

func ExampleIssuer_BadTokens() {
	issuer := durwardtest.New(t)
	handler := routes(issuer.Config())

	for _, bad := range issuer.BadTokens(durward.Claims{Subject: "ada", Roles: []string{"admin"}}) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, issuer.Request("GET", "/admin", bad.Token))
		if w.Code != http.StatusUnauthorized {
			fmt.Println("a token that is", bad.Name, "got", w.Code)
		}
	}
	// Output:
}

func ExampleClock_Advance() {
	issuer := durwardtest.New(t)
	verifier := issuer.Guard().Verifier()
	token := issuer.TokenFor("ada")

	issuer.Clock.Advance(15 * time.Minute)
	_, err := verifier.Verify(context.Background(), token)
	fmt.Println(errors.Is(err, durward.ErrTokenExpired))
	// Output: true
}

func ExampleIssuer_Rotate() {
	issuer := durwardtest.New(t)
	verifier := issuer.Guard().Verifier()
	old := issuer.TokenFor("ada")

	issuer.Rotate()
	_, err := verifier.Verify(context.Background(), old)
	fmt.Println("after the rotation:", err)

	issuer.RetireOld()
	_, err = verifier.Verify(context.Background(), old)
	fmt.Println("after the retirement:", err)
	// Output:
	// after the rotation: <nil>
	// after the retirement: no key has the token's algorithm and key id
}
