// Command bearer is the tutorial's first program: register, log in, and call protected routes with
// "Authorization: Bearer". Start it with
//
//	go run ./examples/bearer
//
// and paste the lines that it prints. DURWARD_SECRET, at least 32 random bytes, makes tokens outlive a restart.
package main

import (
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
	issuer   = "https://bearer.example"
	audience = "bearer"
)

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:8080", "listen on this `address`")
	flag.Parse()

	key, err := signingKey(os.Getenv("DURWARD_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	users := newUsers()
	password, err := users.addAdmin()
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
		Signer: signer, Authenticate: users.authenticate, Respond: respond,
	})
	if err != nil {
		return nil, err
	}
	guard, err := durward.New(durward.Config{
		Issuer: issuer, Audience: audience, Keys: key, OnRefuse: refuse, Clock: clock,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /register", users.register)
	mux.Handle("POST /login", login)
	mux.Handle("GET /protected", guard.Require(message("This is a protected route")))
	mux.Handle("GET /admin", guard.Require(message("Welcome to the admin panel"), durward.Role("admin")))
	return mux, nil
}
