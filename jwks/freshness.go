package jwks

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshFor is how long an answer is fresh: what is left of its max-age (RFC 9111 §4.2.1), within bounds, or what
// is usual.
func freshFor(header http.Header, usual time.Duration) time.Duration {
	for directive := range strings.SplitSeq(strings.Join(header.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if !strings.EqualFold(name, "max-age") {
			continue
		}
		age, ok := seconds(strings.Trim(value, `"`))
		if !ok {
			break
		}
		passed, _ := seconds(header.Get("Age"))
		return min(max(age-passed, shortestRefresh), longestRefresh)
	}
	return usual
}

// seconds reads delta-seconds (RFC 9111 §1.2.2); more than ten years are ten years.
func seconds(text string) (time.Duration, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	const most = 10 * 365 * 24 * 3600
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n > most {
		n = most
	}
	return time.Duration(n) * time.Second, true
}

// entityTag returns the ETag (RFC 9110 §8.8.3) if there is a sound one.
func entityTag(header http.Header) string {
	tag := header.Get("ETag")
	opaque := strings.TrimPrefix(tag, "W/")
	if len(opaque) < 2 || len(opaque) > 256 || opaque[0] != '"' || opaque[len(opaque)-1] != '"' {
		return ""
	}
	for i := 1; i < len(opaque)-1; i++ {
		if c := opaque[i]; c <= ' ' || c == '"' || c > '~' {
			return ""
		}
	}
	return tag
}
