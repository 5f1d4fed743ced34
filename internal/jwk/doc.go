// Package jwk owns keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037, RFC 7638) and as PEM,
// and the rules that make a key fit for an algorithm.
package jwk
