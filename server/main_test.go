package server_test

import (
	"testing"

	"github.com/durward-auth/durward/server/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
