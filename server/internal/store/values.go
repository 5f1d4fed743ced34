package store

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// micros is how a time is stored: microseconds since 1970, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// joinNames is how a list of roles or scopes is stored. A name with a space in it
// would come back as two, so it is refused whoever let it pass.
func joinNames(names []string) (string, error) {
	for _, name := range names {
		if name == "" || strings.ContainsFunc(name, unicode.IsSpace) {
			return "", fmt.Errorf("%q cannot be stored as a role or scope: it is empty or contains a space", name)
		}
	}
	return strings.Join(names, " "), nil
}

func splitNames(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, " ")
}

func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}
