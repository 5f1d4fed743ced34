package password

import (
	_ "embed"
	"sync"

	"github.com/durward-auth/durward/server/internal/password/wordset"
)

// The common passwords of NOTICE, written by gencommon.
//
//go:embed common.bin
var commonEncoded string

var commonPasswords = sync.OnceValue(func() wordset.Set {
	set, err := wordset.Parse(commonEncoded)
	if err != nil {
		panic("password: common.bin: " + err.Error())
	}
	return set
})

// isCommon says whether a folded password is on the list. One that is not is called common
// by mistake less than once in a million times.
func isCommon(folded string) bool { return commonPasswords().Contains(folded) }
