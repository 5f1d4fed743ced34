package statuslist_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/statuslist"
)

// An issuer publishes a list in which the token at place 3 is taken back, and a verifier asks it.
func Example() {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		panic(err)
	}
	var uri string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		list, err := statuslist.NewList(1, 1000)
		if err != nil {
			panic(err)
		}
		list.Set(3, statuslist.Invalid)
		token, err := statuslist.Token{URI: uri, IssuedAt: time.Now(), TTL: time.Minute, List: list}.Sign(r.Context(), key)
		if err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", statuslist.MediaType)
		fmt.Fprint(w, token)
	}))
	defer server.Close()
	uri = server.URL + "/statuslist/1"

	statuses, err := statuslist.New(statuslist.Config{Issuer: server.URL, Keys: key})
	if err != nil {
		panic(err)
	}
	// In a durward.Config it is Revocation: statuses.Check.
	for index := range int64(5) {
		claims := durward.Claims{Issuer: server.URL, Status: durward.StatusReference{URI: uri, Index: index}}
		fmt.Println(index, statuses.Check(context.Background(), claims))
	}
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 2 <nil>
	// 3 the token has been revoked
	// 4 <nil>
}
