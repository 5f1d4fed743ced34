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
	reply(w, http.StatusOK, "access_token", token)
}

// refuse answers a good token with too little right in the tutorial's words, and everything else as durward does.
func refuse(w http.ResponseWriter, r *http.Request, refusal *durward.Refusal) {
	if refusal.Status == http.StatusForbidden {
		reply(w, http.StatusForbidden, "message", "Unauthorized access")
		return
	}
	durward.WriteRefusal(w, r, refusal)
}

// firstSteps is what a shell can be given to see the program work.
func firstSteps(base, adminPassword string) string {
	return fmt.Sprintf(`Listening on %[1]s. Paste into another shell:

curl -w '\n' -H 'Content-Type: application/json' -d '{"username":"ada","password":"correct horse"}' %[1]s/register
TOKEN=$(curl -s -H 'Content-Type: application/json' -d '{"username":"ada","password":"correct horse"}' %[1]s/login | cut -d'"' -f4)
curl -w '\n' -H "Authorization: Bearer $TOKEN" %[1]s/protected
ADMIN=$(curl -s -H 'Content-Type: application/json' -d '{"username":"admin","password":"%[2]s"}' %[1]s/login | cut -d'"' -f4)
curl -w '\n' -H "Authorization: Bearer $ADMIN" %[1]s/admin

The password of the user admin is new at each start.
`, base, adminPassword)
}
