// Package jws reads and writes the parts of a compact JWS (RFC 7515, section 7.1).
//
// Its functions are pure: they know no key and no claim. A token has exactly
// one spelling here, because a token with two would slip past whatever compares
// tokens as strings.
package jws
