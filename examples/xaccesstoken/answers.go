package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/durward-auth/durward"
)

// reply answers with one JSON object of one member.
func reply(w http.ResponseWriter, status int, name, value string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	text, err := json.Marshal(map[string]string{name: value})
	if err == nil { // a map of strings always marshals
		_, _ = w.Write(text)
	}
}

// message is a route that always says the same.
func message(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusOK, "message", text)
	})
}

// respond answers a login.
func respond(w http.ResponseWriter, _ *http.Request, token string, _ time.Time) {
	reply(w, http.StatusOK, "token", token)
}

// refuseLogin says wrong credentials in the tutorial's words, and everything else as durward does.
func refuseLogin(w http.ResponseWriter, r *http.Request, refusal *durward.Refusal) {
	if refusal.Status == http.StatusUnauthorized {
		reply(w, http.StatusUnauthorized, "message", "Invalid credentials!")
		return
	}
	durward.WriteRefusal(w, r, refusal)
}

// refuseToken answers with the tutorial's 403 where durward would say 401 or 400.
func refuseToken(w http.ResponseWriter, r *http.Request, refusal *durward.Refusal) {
	switch {
	case refusal.Code == "token_missing":
		reply(w, http.StatusForbidden, "message", "Token is missing!")
	case refusal.Status == http.StatusServiceUnavailable:
		durward.WriteRefusal(w, r, refusal)
	default:
		reply(w, http.StatusForbidden, "message", "Token is invalid!")
	}
}

// anyOrigin lets pages of any origin call the API (CORS). That is safe here because the token is in a header that
// a page must set itself: nothing is sent along by the browser alone.
func anyOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "x-access-token, content-type")
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	})
}

// firstSteps is what a shell can be given to see the program work.
func firstSteps(base, password string) string {
	return fmt.Sprintf(`Listening on %[1]s. Paste into another shell:

curl -w '\n' -i %[1]s/
TOKEN=$(curl -s -H 'Content-Type: application/json' -d '{"username":"demo","password":"%[2]s"}' %[1]s/login | cut -d'"' -f4)
curl -w '\n' -H "x-access-token: $TOKEN" %[1]s/protected
curl -w '\n' %[1]s/protected

The password of the user demo is new at each start.
`, base, password)
}
