package fetch

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// ParseIssuer reads an issuer identifier (RFC 8414 §2).
func ParseIssuer(raw string) (*url.URL, error) {
	u, err := ParseEndpoint(raw)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return nil, errors.New("it has a query")
	}
	return u, nil
}

// ParseEndpoint reads an address that may be fetched: https, or http on loopback, where nobody can listen in.
func ParseEndpoint(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, errors.New("it names no host")
	case u.User != nil:
		return nil, errors.New("it has user information")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, errors.New("it has a fragment")
	case u.Scheme == "https", u.Scheme == "http" && loopback(u):
		return u, nil
	default:
		return nil, errors.New("it must begin with https:// (http:// on loopback only)")
	}
}

func loopback(u *url.URL) bool {
	if strings.EqualFold(u.Hostname(), "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}

// SameOrigin says whether two addresses have the same scheme, host and port (RFC 6454 §4).
func SameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

// MetadataURLs returns where an issuer's metadata may be: after RFC 8414 §3.1, and after OpenID Connect Discovery
// 1.0 §4.1.
func MetadataURLs(issuer *url.URL) []*url.URL {
	path := strings.TrimSuffix(issuer.EscapedPath(), "/")
	root := issuer.Scheme + "://" + issuer.Host
	var found []*url.URL
	for _, text := range []string{
		root + "/.well-known/oauth-authorization-server" + path,
		root + path + "/.well-known/openid-configuration",
	} {
		if u, err := url.Parse(text); err == nil {
			found = append(found, u)
		}
	}
	return found
}

func portOf(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}
