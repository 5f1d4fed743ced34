package httpapi_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/durward-auth/durward/server/internal/httpapi"
)

func behindProxies(c *httpapi.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
}

func TestAHopMayCarryAPortAndBrackets(t *testing.T) {
	d := open(t, behindProxies)
	for _, c := range []struct{ name, forwarded, want string }{
		{"an IPv4 address with a port", "203.0.113.9:50001", "203.0.113.9"},
		{"an IPv6 address with a port", "[2001:db8::1]:443", "2001:db8::1"},
		{"an IPv6 address in brackets", "[2001:db8::1]", "2001:db8::1"},
		{"an IPv6 address without brackets has no port", "2001:db8::1:443", "2001:db8::1:443"},
		{"an IPv4 address in IPv6 clothes, with a port", "[::ffff:203.0.113.9]:443", "203.0.113.9"},
		{"a zone is dropped", "[fe80::1%eth0]:443", "fe80::1"},
		{"a proxy with a port is passed over", "1.2.3.4:1, 203.0.113.9:50001, 10.0.0.7:443,[fd00::7]", "203.0.113.9"},
		{"a port that is none", "203.0.113.9:65536", "10.0.0.1"},
		{"a colon without a port", "203.0.113.9:", "10.0.0.1"},
		{"an IPv4 address in brackets", "[203.0.113.9]", "10.0.0.1"},
		{"brackets around nothing", "[]", "10.0.0.1"},
		{"brackets twice", "[[2001:db8::1]]", "10.0.0.1"},
	} {
		if got, _ := from(d, "10.0.0.1:1234", http.Header{"X-Forwarded-For": {c.forwarded}}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
