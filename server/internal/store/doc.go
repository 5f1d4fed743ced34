// Package store owns the server's SQL: users, sessions, revocations, signing keys, failure counters and the audit log.
package store
