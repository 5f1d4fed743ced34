package session

import (
	"slices"
	"strings"
)

// Narrow returns the part of a session's scope that a refresh asks for (RFC 6749
// sections 3.3 and 6): each scope once, in the order of the request; all that was
// granted for an empty request. It returns [ErrScope] when the session has not
// been granted one of them.
func Narrow(granted, asked string) (string, error) {
	if asked == "" {
		return granted, nil
	}
	has := strings.Fields(granted)
	var part []string
	for scope := range strings.FieldsSeq(asked) {
		if !slices.Contains(has, scope) {
			return "", ErrScope
		}
		if !slices.Contains(part, scope) {
			part = append(part, scope)
		}
	}
	return strings.Join(part, " "), nil
}
