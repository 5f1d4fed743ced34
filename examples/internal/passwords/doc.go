// Package passwords owns how the example programs keep passwords: as PBKDF2 hashes, computed a few at a time.
package passwords
