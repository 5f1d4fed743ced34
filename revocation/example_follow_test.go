package revocation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/durward-auth/durward/revocation"
)

// feedServer stands for an issuer that has revoked one session.
func feedServer() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"t","token_type":"Bearer","expires_in":900}`)
	})
	mux.HandleFunc("GET /revocations", func(w http.ResponseWriter, r *http.Request) {
		at := revocation.Cursor{Epoch: "e", Seq: 1}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range []revocation.Event{
			revocation.ResetEvent(),
			revocation.RevokeEvent(at, []revocation.Entry{{Kind: revocation.Session, ID: "session-1"}}),
			revocation.HeartbeatEvent(at, time.Now()),
		} {
			_, _ = w.Write(e.AppendTo(nil))
		}
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	return httptest.NewServer(mux)
}

// A second service refuses what the issuer has revoked. In a durward.Config it is Revocation: durward.RevokedBy(feed).
func ExampleFollow() {
	issuer := feedServer()
	defer issuer.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	feed, err := revocation.Follow(ctx, issuer.URL, revocation.Credentials{ClientID: "orders", ClientSecret: "from the environment"}, revocation.Options{})
	if err != nil {
		panic(err)
	}
	defer feed.Close()
	if err := feed.Ready(ctx); err != nil {
		panic(err)
	}
	fmt.Println(feed.Revoked("token-1", "session-1", "key-1", "alice", 1))
	fmt.Println(feed.Revoked("token-2", "session-2", "key-1", "alice", 1))
	fmt.Println(feed.Status().Cursor)
	// Output:
	// sid <nil>
	// none <nil>
	// e.1
}
