package httpapi

import (
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// client returns the address of the client: the peer's, or, where the peer is a trusted proxy, the last hop
// of X-Forwarded-For that is not one. What is to the left of that hop is the client's own word and is not read.
func (a *api) client(r *http.Request) (address string, proxied bool) {
	if len(a.TrustedProxies) == 0 {
		return host(r.RemoteAddr), false
	}
	peer, err := netip.ParseAddr(host(r.RemoteAddr))
	if err != nil {
		return host(r.RemoteAddr), false
	}
	peer = peer.Unmap().WithZone("")
	if !a.trusted(peer) {
		return peer.String(), false
	}
	return a.forwarded(r, peer).String(), true
}

func (a *api) trusted(addr netip.Addr) bool {
	for _, prefix := range a.TrustedProxies {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// maxHops bounds how many hops of X-Forwarded-For are read. There is no bound on its length: a client could
// reach it, and hide what the proxy says about it.
const maxHops = 64

// forwarded walks X-Forwarded-For from the right, over the hops of trusted proxies, to the first other one.
// Where it cannot get on, the client is the last hop that it understood.
func (a *api) forwarded(r *http.Request, peer netip.Addr) netip.Addr {
	client, walked := peer, 0
	for _, hops := range slices.Backward(r.Header["X-Forwarded-For"]) {
		for more := true; more; {
			if walked++; walked > maxHops {
				return client
			}
			hop := hops
			if last := strings.LastIndexByte(hops, ','); last >= 0 {
				hops, hop = hops[:last], hops[last+1:]
			} else {
				more = false
			}
			addr, ok := parseHop(hop)
			if !ok {
				a.warnOfHop(client)
				return client
			}
			client = addr
			if !a.trusted(client) {
				return client
			}
		}
	}
	return client
}

// warnOfHop says once that limits by address may hold for all clients of a proxy together.
func (a *api) warnOfHop(proxy netip.Addr) {
	a.unreadable.Do(func() {
		a.Log.Warn("a trusted proxy sends an unreadable hop in X-Forwarded-For: its clients may all count as one", slog.String("proxy", proxy.String()))
	})
}

// parseHop reads one hop of X-Forwarded-For: an address, which may be in brackets if it is an IPv6 one, and
// may have a port, which is dropped as a zone is.
func parseHop(hop string) (addr netip.Addr, ok bool) {
	hop = strings.Trim(hop, " \t")
	if inner, found := strings.CutPrefix(hop, "["); found && strings.HasSuffix(hop, "]") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return addr.Unmap().WithZone(""), err == nil && addr.Is6()
	}
	if addr, err := netip.ParseAddr(hop); err == nil {
		return addr.Unmap().WithZone(""), true
	}
	place, err := netip.ParseAddrPort(hop)
	return place.Addr().Unmap().WithZone(""), err == nil
}

// host is an "address:port" without the port, brackets and zone.
func host(remote string) string {
	if i := strings.LastIndexByte(remote, ':'); i >= 0 {
		remote = remote[:i]
	}
	remote = strings.TrimSuffix(strings.TrimPrefix(remote, "["), "]")
	address, _, _ := strings.Cut(remote, "%")
	return address
}

// maxUserAgent bounds what is kept of the User-Agent, in bytes.
const maxUserAgent = 256

// userAgent is the User-Agent in a form that is safe to keep: valid UTF-8, no control characters, at most 256 bytes.
func userAgent(r *http.Request) string { return clean(r.UserAgent(), maxUserAgent) }

// clean bounds a text from outside and takes what steers terminals and parsers out of it.
func clean(text string, limit int) string {
	text = strings.ToValidUTF8(cut(text, limit), "?")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, text)
}

// cut shortens a text to a limit in bytes, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
