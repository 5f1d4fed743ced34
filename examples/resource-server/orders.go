package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/revocation"
)

// routes is the whole service.
func routes(config durward.Config) (http.Handler, error) {
	guard, err := durward.New(config)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders", guard.Require(http.HandlerFunc(orders)))
	mux.Handle("GET /orders/all", guard.Require(http.HandlerFunc(orders), durward.Role("admin")))
	return mux, nil
}

// orders answers with whose orders they would be.
func orders(w http.ResponseWriter, r *http.Request) {
	claims := durward.FromContext(r.Context())
	body, err := json.Marshal(map[string]any{"customer": claims.Username, "orders": []string{}})
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(body, '\n')) // whoever has gone does not read
}

// startWithin is how long the issuer may take to answer at the start.
const startWithin = 15 * time.Second

// ready waits for the revocations so far. Without them the guard would answer with 503.
func ready(ctx context.Context, feed *revocation.Follower) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	return feed.Ready(ctx)
}
