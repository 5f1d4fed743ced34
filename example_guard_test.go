package durward_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/durward-auth/durward"
)

// exampleGuard is a guard, after a change of its configuration, and an issuer whose tokens it accepts.
func exampleGuard(change func(*durward.Config)) (*durward.Guard, *durward.Signer) {
	signer, config := exampleSigner()
	change(&config)
	guard, err := durward.New(config)
	if err != nil {
		log.Fatal(err)
	}
	return guard, signer
}

func ExampleGuard_Optional() {
	guard, signer := exampleGuard(func(*durward.Config) {})
	front := guard.Optional(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Printf("visitor %q\n", durward.FromContext(r.Context()).Subject)
	}))

	answer(front, httptest.NewRequest("GET", "/", nil))
	answer(front, request(signer, "/", durward.Claims{Subject: "ada"}))
	bad := httptest.NewRequest("GET", "/", nil)
	bad.Header.Set("Authorization", "Bearer a.b.c")
	answer(front, bad)
	// Output:
	// visitor ""
	// 200
	// visitor "ada"
	// 200
	// 401 Bearer error="invalid_token"
}

// A program that dispatches requests by itself asks the guard and answers in its own way.
func ExampleGuard_Check() {
	guard, signer := exampleGuard(func(*durward.Config) {})

	claims, refusal := guard.Check(request(signer, "/", durward.Claims{Subject: "ada"}), durward.Role("admin"))
	fmt.Println(claims.Subject, refusal)
	claims, refusal = guard.Check(request(signer, "/", durward.Claims{Subject: "ada", Roles: []string{"admin"}}), durward.Role("admin"))
	fmt.Println(claims.Subject, refusal == nil)
	// Output:
	//  This route needs the role admin.
	// ada true
}

func ExampleGuard_Middleware() {
	guard, signer := exampleGuard(func(*durward.Config) {})
	administrators := guard.Middleware(durward.Role("admin"))

	handler := administrators(hello)
	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", Roles: []string{"admin"}}))
	// Output: 200
}

func ExampleRole() {
	guard, signer := exampleGuard(func(*durward.Config) {})
	handler := guard.Require(hello, durward.Role("admin", "auditor"))

	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", Roles: []string{"auditor"}}))
	answer(handler, request(signer, "/", durward.Claims{Subject: "bob", Roles: []string{"user"}}))
	// Output:
	// 200
	// 403
}

func ExampleScope() {
	guard, signer := exampleGuard(func(*durward.Config) {})
	handler := guard.Require(hello, durward.Scope("orders:read", "orders:write"))

	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", Scopes: []string{"orders:write", "orders:read"}}))
	answer(handler, request(signer, "/", durward.Claims{Subject: "bob", Scopes: []string{"orders:read"}}))
	// Output:
	// 200
	// 403 Bearer error="insufficient_scope", scope="orders:read orders:write"
}

func ExampleFresh() {
	guard, signer := exampleGuard(func(*durward.Config) {})
	handler := guard.Require(hello, durward.Fresh(5*time.Minute))

	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", AuthTime: time.Now()}))
	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", AuthTime: time.Now().Add(-time.Hour)}))
	// Output:
	// 200
	// 403 Bearer error="insufficient_user_authentication", max_age="300"
}

func ExampleWhere() {
	guard, signer := exampleGuard(func(*durward.Config) {})
	handler := guard.Require(hello, durward.Where(func(_ context.Context, c durward.Claims) error {
		if c.ClientID != "mobile" {
			return errors.New("only the mobile app may call this")
		}
		return nil
	}))

	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", ClientID: "mobile"}))
	answer(handler, request(signer, "/", durward.Claims{Subject: "ada", ClientID: "web"}))
	// Output:
	// 200
	// 403
}

// A token may come in the Authorization header, in a header of one's own, or in a cookie.
func ExampleLocation() {
	guard, signer := exampleGuard(func(c *durward.Config) {
		c.Locations = []durward.Location{durward.BearerHeader(), durward.Header("x-access-token"), durward.Cookie("__Host-token")}
	})
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	handler := guard.Require(hello)

	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("x-access-token", token)
	answer(handler, r)

	r.AddCookie(&http.Cookie{Name: "__Host-token", Value: token})
	answer(handler, r) // two tokens in one request

	r = httptest.NewRequest("POST", "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-token", Value: token})
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	answer(handler, r) // a browser sends a cookie for any site
	// Output:
	// 200
	// 400 Bearer error="invalid_request"
	// 403
}

func ExampleUserFromContext() {
	type user struct{ Name string }
	users := map[string]*user{"user-1": {"Ada"}}
	guard, signer := exampleGuard(func(c *durward.Config) {
		c.Identify = func(_ context.Context, claims durward.Claims) (any, error) {
			if found, ok := users[claims.Subject]; ok {
				return found, nil
			}
			return nil, durward.ErrTokenUser
		}
	})
	handler := guard.Require(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		found, _ := durward.UserFromContext[*user](r.Context())
		fmt.Println("Hello,", found.Name)
	}))

	answer(handler, request(signer, "/", durward.Claims{Subject: "user-1"}))
	answer(handler, request(signer, "/", durward.Claims{Subject: "user-2"}))
	// Output:
	// Hello, Ada
	// 200
	// 401 Bearer error="invalid_token"
}

// OnRefuse answers in the program's own words, and sees the exact reason.
func ExampleRefusal() {
	guard, _ := exampleGuard(func(c *durward.Config) {
		c.OnRefuse = func(w http.ResponseWriter, r *http.Request, refusal *durward.Refusal) {
			fmt.Println("log:", durward.Reason(refusal.Err), refusal.Err)
			durward.WriteRefusal(w, r, refusal)
		}
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer a.b.c")
	answer(guard.Require(hello), r)
	// Output:
	// log: malformed the token is not a compact JWS of canonical base64url and strict JSON
	// 401 Bearer error="invalid_token"
}
