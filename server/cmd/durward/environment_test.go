package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestMisspeltVariablesAreNamed(t *testing.T) {
	var log bytes.Buffer
	warnOfMisspelt(slog.New(slog.NewTextHandler(&log, nil)), []string{
		"DURWARD_ACESS_TTL=5m", "DURWARD_ACCESS_TTL=5m", "DURWARD_MASTER_KEY=secret", "DURWARD_TEST_X=1", "PATH=/bin",
	})
	if got := strings.Count(log.String(), "variable="); got != 1 || !strings.Contains(log.String(), "variable=DURWARD_ACESS_TTL") {
		t.Errorf("got %q, want one line, about DURWARD_ACESS_TTL", log.String())
	}
}
