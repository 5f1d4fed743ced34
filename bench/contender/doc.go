// Package contender puts implementations of JSON Web Tokens side by side: each checks and makes the same token as
// its documentation advises, so that their costs compare.
package contender
