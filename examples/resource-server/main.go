// Command resource-server is a second service: it trusts the tokens of a Durward server, checks each by itself, and refuses
// them as soon as the server takes them back. Start it with
//
//	go run ./examples/resource-server
//
// and it tells what it needs.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
	"github.com/durward-auth/durward/revocation"
)

const howToStart = `This service follows the revocations of a Durward server, as a client of it. With the server running, make one:

	go run ./server/cmd/durward client add orders --scope revocations:read

and start this program with the id and the secret that it prints:

	export DURWARD_ISSUER=http://127.0.0.1:8080 ORDERS_CLIENT_ID=dwc_… ORDERS_CLIENT_SECRET=dws_…
	go run ./examples/resource-server

ORDERS_AUDIENCE is what tokens must be for, by default the issuer.
`

func main() {
	log.SetFlags(0)
	addr := flag.String("addr", "127.0.0.1:8081", "listen on this `address`")
	flag.Parse()
	issuer := os.Getenv("DURWARD_ISSUER")
	credentials := revocation.Credentials{ClientID: os.Getenv("ORDERS_CLIENT_ID"), ClientSecret: os.Getenv("ORDERS_CLIENT_SECRET")}
	if issuer == "" || credentials.ClientID == "" || credentials.ClientSecret == "" {
		log.Fatal(howToStart)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *addr, issuer, os.Getenv("ORDERS_AUDIENCE"), credentials); err != nil {
		log.Print(err)
		stop()
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, addr, issuer, audience string, credentials revocation.Credentials) error {
	feed, err := revocation.Follow(ctx, issuer, credentials, revocation.Options{})
	if err != nil {
		return err
	}
	defer feed.Close()
	keys, err := jwks.New(issuer)
	if err != nil {
		return err
	}
	if audience == "" {
		audience = issuer
	}
	handler, err := routes(durward.Config{Issuer: issuer, Audience: audience, Keys: keys, Revocation: durward.RevokedBy(feed)})
	if err != nil {
		return err
	}
	if err := ready(ctx, feed); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("Orders are at http://%s/orders, for whoever has a token of %s.\n", listener.Addr(), issuer)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
