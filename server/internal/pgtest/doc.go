// Package pgtest gives tests a PostgreSQL server of their own, started from the binaries that Debian installs.
package pgtest
