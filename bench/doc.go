// Package bench compares durward with other implementations of JSON Web Tokens, so that they
// weigh on nobody who uses the library.
package bench
