package limit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strings"
)

// A kind of counter, and the first letter of its key.
type kind byte

const (
	pairKind    kind = 'p'
	accountKind kind = 'n'
	addressKind kind = 'a'
)

const tagSize = 16 // bytes of the HMAC that a key keeps

// key names a counter in the store without naming an account or an address.
func (l *Limiter) key(k kind, parts ...string) string {
	mac := hmac.New(sha256.New, l.secret)
	mac.Write([]byte{byte(k)})
	for _, part := range parts {
		mac.Write([]byte{0})
		mac.Write([]byte(part))
	}
	return string(k) + ":" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:tagSize])
}

// kindOf returns the kind of a key as key wrote it.
func kindOf(key string) (kind, bool) {
	letter, tag, ok := strings.Cut(key, ":")
	if !ok || len(letter) != 1 || len(tag) != base64.RawURLEncoding.EncodedLen(tagSize) {
		return 0, false
	}
	switch k := kind(letter[0]); k {
	case pairKind, accountKind, addressKind:
		return k, true
	}
	return 0, false
}

// prefix returns what counts as one address: an IPv4 address, mapped into IPv6 or
// not, or an IPv6 /64, the smallest network that a subscriber is given (RFC 6177).
func prefix(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return "none"
	}
	if addr.Is4() {
		return addr.String()
	}
	return netip.PrefixFrom(addr, 64).Masked().String()
}
