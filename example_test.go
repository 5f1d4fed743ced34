package durward_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
)

// exampleSigner and exampleConfig stand for an issuer and for a program that accepts its tokens.
func exampleSigner() (*durward.Signer, durward.Config) {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.example.org", Audience: "orders", Key: key})
	if err != nil {
		log.Fatal(err)
	}
	return signer, durward.Config{Issuer: "https://id.example.org", Audience: "orders", Keys: key.Public()}
}

// request is a request with a token for these claims.
func request(signer *durward.Signer, target string, c durward.Claims) *http.Request {
	token, _, err := signer.Sign(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// answer prints what a handler answers.
func answer(handler http.Handler, r *http.Request) {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("WWW-Authenticate"))))
}

var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "Hello,", durward.FromContext(r.Context()).Subject)
})

func Example() {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: "https://id.example.org", Audience: "orders", Key: key})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := durward.New(durward.Config{Issuer: "https://id.example.org", Audience: "orders", Keys: key.Public()})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /protected", guard.Require(hello))
	mux.Handle("GET /admin", guard.Require(hello, durward.Role("admin")))

	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range []string{"/protected", "/admin"} {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 Hello, ada
	//
	// 403 {"type":"about:blank","title":"Forbidden","status":403,"detail":"This route needs the role admin.","code":"insufficient_role"}
}

func ExampleVerifier_Verify() {
	signer, config := exampleSigner()
	verifier, err := durward.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada", Roles: []string{"admin"}})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), token)
	fmt.Println(claims.Subject, claims.HasRole("admin"), err)

	_, err = verifier.Verify(context.Background(), token+"x")
	fmt.Println(errors.Is(err, durward.ErrToken), durward.Reason(err))
	// Output:
	// ada true <nil>
	// true malformed
}

func ExampleVerifier_VerifyForLogout() {
	signer, config := exampleSigner()
	config.Clock = func() time.Time { return time.Now().Add(time.Hour) }
	verifier, err := durward.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada", SessionID: "session-1"})
	if err != nil {
		log.Fatal(err)
	}
	_, err = verifier.Verify(context.Background(), token)
	fmt.Println(err)
	claims, err := verifier.VerifyForLogout(context.Background(), token)
	fmt.Println(claims.SessionID, err)
	// Output:
	// the token has expired
	// session-1 <nil>
}

func ExampleSigner_Sign() {
	signer, config := exampleSigner()
	type plan struct {
		Plan string `json:"plan"`
	}
	token, expiresAt, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada"}, plan{"gold"})
	fmt.Println(time.Until(expiresAt) > 14*time.Minute, err)

	verifier, err := durward.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), token)
	if err != nil {
		log.Fatal(err)
	}
	private, err := durward.DecodeClaims[plan](claims)
	fmt.Println(private.Plan, err)

	_, _, err = signer.Sign(context.Background(), durward.Claims{Subject: "ada"}, map[string]any{"sub": "root"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// gold <nil>
	// sign token: private claim "sub": the claim name is reserved
}

func ExampleDecodeClaims() {
	signer, config := exampleSigner()
	verifier, err := durward.NewVerifier(config)
	if err != nil {
		log.Fatal(err)
	}
	token, _, err := signer.Sign(context.Background(), durward.Claims{Subject: "ada"}, map[string]any{"tenant": map[string]any{"id": 7}})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), token)
	if err != nil {
		log.Fatal(err)
	}
	own, err := durward.DecodeClaims[struct {
		Subject string `json:"sub"`
		Tenant  struct {
			ID int `json:"id"`
		} `json:"tenant"`
	}](claims)
	fmt.Println(own.Subject, own.Tenant.ID, err)
	// Output: ada 7 <nil>
}

func ExampleRevokedIn() {
	signer, config := exampleSigner()
	revoked := revocation.NewSet(time.Now)
	config.Revocation = durward.RevokedIn(revoked)
	guard, err := durward.New(config)
	if err != nil {
		log.Fatal(err)
	}
	r := request(signer, "/", durward.Claims{Subject: "ada", SessionID: "session-1"})
	answer(guard.Require(hello), r)

	revoked.Add(revocation.Entry{Kind: revocation.Session, ID: "session-1", ExpiresAt: time.Now().Add(time.Hour)})
	answer(guard.Require(hello), r)
	// Output:
	// 200
	// 401 Bearer error="invalid_token"
}

func ExampleLoginHandler() {
	signer, config := exampleSigner()
	login, err := durward.LoginHandler(durward.LoginConfig{
		Signer: signer,
		Authenticate: func(_ context.Context, username, password string) (durward.Identity, error) {
			// Look the user up and compare a hash of the password, in the same time for an unknown name.
			if username != "ada" || password != "correct horse" {
				return durward.Identity{}, durward.ErrInvalidCredentials
			}
			return durward.Identity{Subject: "user-1", Username: "ada", Roles: []string{"admin"}}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	guard, err := durward.New(config)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /login", login)
	mux.Handle("GET /admin", guard.Require(hello, durward.Role("admin")))

	answer(mux, post(`{"username":"ada","password":"correct horse"}`))
	answer(mux, post(`{"username":"ada","password":"wrong"}`))
	// Output:
	// 200
	// 401 Bearer
}
