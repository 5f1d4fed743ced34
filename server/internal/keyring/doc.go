// Package keyring owns the server's signing keys: their states, their rotation and revocation, and
// the master key that seals them at rest.
package keyring
