package sessiontest

import (
	"slices"
	"strings"
	"time"
)

// model is what sessions ought to be, in the simplest words.
type model struct {
	users    []*modelUser
	sessions []*modelSession
	issued   []modelAccess
}

type modelUser struct {
	name          string
	disabled      bool
	scopes, roles string
	version       int
}

type modelSession struct {
	user           *modelUser
	id             string
	scope          string
	tokens         []string // every refresh token, in order
	moved          time.Time
	authTime       time.Time
	idle, absolute time.Time
	ended          bool
}

type modelAccess struct {
	session *modelSession
	version int
	expires time.Time
	access  any
}

func (s *modelSession) over(now time.Time) bool {
	return s.ended || !now.Before(s.idle) || !now.Before(s.absolute)
}

// present says what the i-th token of a session leads to, and does it.
func (s *modelSession) present(i int, scope string, now time.Time, idle, grace time.Duration) (successor bool, err error) {
	last := len(s.tokens) - 1
	granted := errScope
	if _, ok := part(both(s.scope, s.user.scopes), scope); ok {
		granted = nil
	}
	switch {
	case s.over(now):
		return false, errInvalid
	case i == last:
		if granted == nil {
			s.moved, s.idle = now, now.Add(idle)
			if s.absolute.Before(s.idle) {
				s.idle = s.absolute
			}
		}
		return granted == nil, granted
	case i == last-1 && now.Sub(s.moved) <= grace:
		return false, granted
	default:
		s.ended = true
		return false, errReused
	}
}

// good says whether an access token is to be accepted.
func (a modelAccess) good(now time.Time) bool {
	return now.Before(a.expires) && !a.session.ended && a.version == a.session.user.version
}

func (m *model) end(user *modelUser, except *modelSession) {
	for _, s := range m.sessions {
		if s.user == user && s != except {
			s.ended = true
		}
	}
}

// live are the ids of a user's live sessions, sorted.
func (m *model) live(user *modelUser, now time.Time) []string {
	var ids []string
	for _, s := range m.sessions {
		if s.user == user && !s.over(now) {
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// both are the scopes of the first list that the second has too.
func both(granted, had string) string {
	kept := slices.DeleteFunc(strings.Fields(granted), func(scope string) bool { return !slices.Contains(strings.Fields(had), scope) })
	return strings.Join(kept, " ")
}

// part is what was asked for, or all, if all of it may be granted.
func part(grantable, asked string) (string, bool) {
	if asked == "" {
		return grantable, true
	}
	return asked, both(asked, grantable) == asked
}
