package server_test

import (
	"testing"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/pgtest"
)

func TestMain(m *testing.M) {
	if started, err := server.HashPasswords(); err != nil {
		panic(err)
	} else if started {
		return
	}
	pgtest.Main(m)
}
