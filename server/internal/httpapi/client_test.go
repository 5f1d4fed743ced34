package httpapi_test

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
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

func TestAClientCannotHideBehindALongOrMalformedHeader(t *testing.T) {
	d := open(t, behindProxies)
	long := strings.Repeat("x", 8<<10)
	for _, c := range []struct {
		name      string
		forwarded []string
		want      string
	}{
		{"a long list of hops", []string{strings.Repeat("1.2.3.4, ", 4<<10) + "203.0.113.9"}, "203.0.113.9"},
		{"a long hop before the proxy's own", []string{long + ", 203.0.113.9"}, "203.0.113.9"},
		{"a long line before the proxy's own", []string{long, "203.0.113.9, 10.0.0.7"}, "203.0.113.9"},
		{"many lines before the proxy's own", append(slices.Repeat([]string{"1.2.3.4"}, 1000), "203.0.113.9"), "203.0.113.9"},
		{"malformed hops to the left do not matter", []string{"unknown, , 203.0.113.9"}, "203.0.113.9"},
		{"an empty line to the left does not matter", []string{"", "203.0.113.9"}, "203.0.113.9"},
		{"a malformed hop beyond a proxy: that proxy", []string{"203.0.113.9, unknown, 10.0.0.8, 10.0.0.7"}, "10.0.0.8"},
		{"an empty line beyond a proxy: that proxy", []string{"203.0.113.9", "", "10.0.0.7"}, "10.0.0.7"},
		{"a malformed hop at once: the peer", []string{"203.0.113.9, unknown"}, "10.0.0.1"},
		{"the 64th hop", []string{"1.2.3.4, 203.0.113.9" + strings.Repeat(", 10.0.0.7", 63)}, "203.0.113.9"},
		{"the 65th hop is not looked at", []string{"203.0.113.9, 10.0.0.8" + strings.Repeat(", 10.0.0.7", 63)}, "10.0.0.8"},
		{"the 65th hop is not looked at on lines of their own", append([]string{"203.0.113.9", "10.0.0.8"}, slices.Repeat([]string{"10.0.0.7"}, 63)...), "10.0.0.8"},
	} {
		if got, _ := from(d, "10.0.0.1:1234", http.Header{"X-Forwarded-For": c.forwarded}); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAnUnreadableHopIsWarnedOfOnce(t *testing.T) {
	const warning = "a trusted proxy sends an unreadable hop"
	d := open(t, behindProxies)
	from(d, "10.0.0.1:1234", http.Header{"X-Forwarded-For": {"unknown, 203.0.113.9"}})
	from(d, "203.0.113.9:1234", http.Header{"X-Forwarded-For": {"unknown"}})
	if strings.Contains(d.log.String(), warning) {
		t.Errorf("got %s, want no warning of hops that were not walked", d.log)
	}
	for range 3 {
		from(d, "10.0.0.1:1234", http.Header{"X-Forwarded-For": {"for-nobody, 10.0.0.7"}})
	}
	var got []map[string]any
	for line := range strings.Lines(d.log.String()) {
		if entry := parseLine(t, line); strings.Contains(entry["msg"].(string), warning) {
			got = append(got, entry)
		}
	}
	if len(got) != 1 || got[0]["level"] != "WARN" || got[0]["proxy"] != "10.0.0.7" {
		t.Errorf("got warnings %v, want one that names the proxy 10.0.0.7", got)
	}
	if strings.Contains(d.log.String(), "for-nobody") {
		t.Errorf("got %s, want nothing of the hop itself", d.log)
	}
}
