// Package server owns the Durward server as one thing: its configuration, its parts wired
// together, and its life from Open to Close. Another program can mount it as an
// http.Handler.
package server
