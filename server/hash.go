package server

import (
	"os"

	"github.com/durward-auth/durward/server/internal/password/hasher"
)

// HashPasswords does the work of the process that Config.HashProcess starts, until the server ends, if the program was started as that
// process, and reports whether it was: then the program must end. One that sets HashProcess calls it first of all. The error says that
// a person has started it.
func HashPasswords() (started bool, err error) {
	if !hasher.Wanted() {
		return false, nil
	}
	return true, hasher.Serve(os.Stdin, os.Stdout)
}
