package jwks_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwks"
)

func Example() {
	keys, err := jwks.New("https://id.example.org")
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := durward.New(durward.Config{
		Issuer:   "https://id.example.org",
		Audience: "orders",
		Keys:     keys,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	http.Handle("GET /orders", guard.Require(http.NotFoundHandler()))
}

// A key set without metadata, with a record of every fetch.
func ExampleNewSource() {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		fmt.Println(err)
		return
	}
	public, err := durward.NewKeySet(key.WithID("2026-11").Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		text, _ := public.MarshalJWKS()
		w.Header().Set("Cache-Control", "max-age=300")
		_, _ = w.Write(text)
	}))
	defer issuer.Close()

	keys, err := jwks.NewSource(jwks.Config{
		URL:      issuer.URL + "/jwks.json",
		CoolDown: 30 * time.Second,
		OnRefresh: func(ctx context.Context, r jwks.Refresh) {
			if r.Err != nil {
				slog.WarnContext(ctx, "no new key set", "err", r.Err, "keys", r.Keys)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// At the start of the program, to learn of a wrong address at once.
	if err := keys.Refresh(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	found, err := keys.Lookup(context.Background(), durward.ES256, "2026-11")
	fmt.Println(found, err)
	_, err = keys.Lookup(context.Background(), durward.ES256, "made-up")
	fmt.Println(err)
	// Output:
	// ES256 key 2026-11 <nil>
	// no key has the token's algorithm and key id
}
