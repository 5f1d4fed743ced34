// Package httpapi owns the HTTP contract of the server: its routes, what requests may hold, and
// the one spelling of every answer. Requests stop here; the rules are in package account.
package httpapi
