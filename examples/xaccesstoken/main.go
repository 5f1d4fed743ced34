// Command xaccesstoken is the tutorial's second program: the token travels in the header "x-access-token", and pages of
// any origin may call it. Start it with
//
//	go run ./examples/xaccesstoken
//
// and paste the lines that it prints. DURWARD_SECRET, at least 32 random bytes, makes tokens outlive a restart.
package main

import (
	"crypto/rand"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/durward-auth/durward"
)

const (
	issuer   = "https://xaccesstoken.example"
	audience = "xaccesstoken"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:8080", "listen on this `address`")
	flag.Parse()

	key, err := signingKey(os.Getenv("DURWARD_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	password := rand.Text()
	users, err := newUsers("demo", password)
	if err != nil {
		log.Fatal(err)
	}
	handler, err := routes(key, users, time.Now)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(firstSteps("http://"+listener.Addr().String(), password))
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	log.Fatal(server.Serve(listener))
}

// signingKey makes the key from the secret, or a random one if there is no secret.
func signingKey(secret string) (*durward.SigningKey, error) {
	if secret == "" {
		log.Print("DURWARD_SECRET is not set: a random secret is used, and tokens end with this process.")
		return durward.GenerateKey(durward.HS256)
	}
	key, err := durward.NewHMACKey(durward.HS256, []byte(secret))
	if err != nil {
		return nil, fmt.Errorf("DURWARD_SECRET: %w", err)
	}
	return key, nil
}

func routes(key *durward.SigningKey, users *users, clock func() time.Time) (http.Handler, error) {
	signer, err := durward.NewSigner(durward.SignerConfig{
		Issuer: issuer, Audience: audience, Key: key, TTL: time.Hour, Clock: clock,
	})
	if err != nil {
		return nil, err
	}
	login, err := durward.LoginHandler(durward.LoginConfig{
		Signer: signer, Authenticate: users.authenticate, Respond: respond, OnRefuse: refuseLogin,
	})
	if err != nil {
		return nil, err
	}
	guard, err := durward.New(durward.Config{
		Issuer: issuer, Audience: audience, Keys: key, Clock: clock,
		Locations: []durward.Location{durward.Header("x-access-token")}, OnRefuse: refuseToken,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", message("Welcome to the JWT API!"))
	mux.Handle("POST /login", login)
	mux.Handle("GET /protected", guard.Require(message("This is a protected route!")))
	return anyOrigin(mux), nil
}
