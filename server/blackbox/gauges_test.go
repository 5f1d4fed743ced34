package blackbox_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// gauges are what a server holds now.
type gauges struct {
	goroutines, descriptors int
	memory                  int // resident, in bytes; 0 where the system does not tell
}

// gauges asks GET /metrics on a connection of its own.
func (p *process) gauges(t *testing.T) gauges {
	t.Helper()
	c := p.client()
	defer c.http.CloseIdleConnections()
	text := string(c.want(t, http.StatusOK, "GET", "/metrics", "", nil).body)
	return gauges{metric(t, text, "go_goroutines"), metric(t, text, "process_open_fds"), p.resident(t)}
}

// metric is the value of a metric without labels, or 0 where the system does not tell.
func metric(t *testing.T, text, name string) int {
	t.Helper()
	_, rest, found := strings.Cut(text, "\n"+name+" ")
	if !found {
		return 0
	}
	number, _, _ := strings.Cut(rest, "\n")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil {
		t.Fatalf("the metric %s: %v", name, err)
	}
	return int(value)
}
