package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/server/internal/keyring"
	"github.com/durward-auth/durward/session"
)

// Store is all that the server asks of a database.
type Store interface {
	account.Store
	account.ClientStore
	keyring.Store
	feed.Store
	StatusEnd(ctx context.Context) (int64, error)
	StatusMarks(ctx context.Context, first, end int64, now time.Time) ([]int64, error)
	Events(ctx context.Context, q audit.Query) ([]audit.Event, error)
	Sweep(ctx context.Context, now time.Time, retention time.Duration) (int, error)
	Check(ctx context.Context) error
	Ping(ctx context.Context) error
}

// Run runs the suite. open returns an empty database with the system's clock, and closes it at the
// end of the test.
func Run(t *testing.T, open func(t *testing.T) Store) {
	for name, test := range map[string]func(s *suite){
		"a user is read back as it was created":                       userRoundTrip,
		"a canonical name is taken once":                              nameTaken,
		"an unknown user is not found by any method":                  unknownUser,
		"users are listed in pages and searched literally":            listUsers,
		"an e-mail address is replaced":                               setEmail,
		"a role with a space in it is refused":                        spacedNames,
		"a session is read back as it was opened":                     sessionRoundTrip,
		"no session is opened for other credentials":                  openRefused,
		"a login replaces the hash and clears counters":               openReplaces,
		"live sessions are listed the last used first":                listSessions,
		"a session ends once and its tokens are revoked":              endSession,
		"a session past its limits ends while its token lives":        endExpiredSession,
		"a password given again moves auth_time alone":                reauthenticate,
		"no session is renewed for other credentials":                 reauthenticateRefused,
		"sessions are listed in pages, the newest first":              sessionsPage,
		"a wider scope rotates nothing":                               rotationScope,
		"all sessions but one end":                                    endSessions,
		"a rotation follows the policy in every state":                rotationFollowsPolicy,
		"a rotation extends the access expiry and never shortens it":  rotationAccess,
		"a reused token ends the session":                             rotationReused,
		"a session of a disabled user counts as ended":                rotationDisabled,
		"one of 200 concurrent rotations moves the session":           rotationRace,
		"a password change ends every other session":                  setPassword,
		"roles and scopes raise the version and sessions live on":     setRights,
		"disabling twice changes nothing":                             disableTwice,
		"revoking a user lets them log in again":                      revokeUser,
		"deleting a user revokes what was issued":                     deleteUser,
		"the last enabled administrator stays":                        lastAdministrator,
		"two administrators who demote each other do not both win":    administratorRace,
		"a failed act leaves no trace":                                noTrace,
		"revocations are kept once, the longer and higher":            revocationsMerge,
		"revocations are read in the order of their places":           revocationsInOrder,
		"an entry that is stored again moves to the end":              feedMoves,
		"a reader of revocations skips none":                          feedNeverSkips,
		"the epoch stays":                                             epochs,
		"places in the status lists are given out once":               statusLeases,
		"what is revoked is marked in the status lists":               statusMarks,
		"a reused token marks its session":                            reuseMarks,
		"failure counters keep the latest value":                      failureCounters,
		"a client is read back as it was created":                     clientRoundTrip,
		"a client's access is remembered as long as its tokens live":  clientAccess,
		"revoking a client twice changes nothing":                     revokeClientTwice,
		"a new secret replaces the old one and revokes the tokens":    renewClientSecret,
		"no token escapes the revocation of its client":               clientRace,
		"a single token is revoked":                                   revokeToken,
		"a live session is found with its user":                       liveSession,
		"keys are installed once":                                     installKeys,
		"keys rotate one step at a time":                              rotateKeys,
		"of many concurrent rotations of the keys one wins":           rotateKeysRace,
		"a key is revoked once, in each of its states":                revokeKeyInEachState,
		"what cannot be revoked of the keys changes nothing":          revokeKeyRefused,
		"the next key is replaced before it signs":                    replaceNextKey,
		"the life of tokens is raised for the keys that sign":         raiseTokenLife,
		"an erased key has expired for good":                          erasedKeys,
		"everything is sealed under another master key, or nothing":   rewrap,
		"an event is read back as it was recorded":                    eventRoundTrip,
		"events are selected by every field and paged, newest first":  selectEvents,
		"ids of events increase":                                      eventIDs,
		"a sweep deletes what means nothing any more, in small steps": sweep,
		"a sound database passes its check":                           checks,
	} {
		t.Run(name, func(t *testing.T) {
			test(&suite{T: t, db: open(t), ctx: t.Context(), now: time.Now().UTC().Truncate(time.Microsecond)})
		})
	}
}

type suite struct {
	*testing.T
	db  Store
	ctx context.Context
	now time.Time
}

var policy = session.DefaultPolicy()

const hash = "$argon2id$checked"

// user creates an enabled user.
func (s *suite) user(name string, roles ...string) account.User {
	s.Helper()
	u := account.User{
		ID: "id-" + name, Name: name, Canonical: name, Roles: roles, Version: 1, CreatedAt: s.now, UpdatedAt: s.now,
	}
	s.ok(s.db.CreateUser(s.ctx, u, hash, s.event(audit.UserCreate)))
	return u
}

// session opens a session whose access token lives for the given time.
func (s *suite) session(u account.User, access time.Duration) account.Session {
	s.Helper()
	return s.open(account.Session{
		State: policy.Start(u.ID, s.now), Scopes: []string{"read", "write"}, Address: "192.0.2.7", UserAgent: "curl/8",
		AccessExpiresAt: s.now.Add(access),
	})
}

func (s *suite) open(opened account.Session) account.Session {
	s.Helper()
	_, err := s.db.OpenSession(s.ctx, opened, hash, "", nil, s.event(audit.SessionLogin))
	s.ok(err)
	return opened
}

func (s *suite) event(action audit.Action) audit.Event {
	return audit.Event{Time: s.now, Action: action, Outcome: audit.Success, Count: 1}
}

func (s *suite) rotate(id string, presented int64, now time.Time) account.Rotated {
	s.Helper()
	r, err := s.db.RotateSession(s.ctx, account.Rotation{
		SessionID: id, Presented: presented, Now: now, Policy: policy, AccessExpiresAt: now.Add(15 * time.Minute),
	}, s.event(audit.SessionRefresh))
	s.ok(err)
	return r
}

// live returns the ids of the live sessions of a user.
func (s *suite) live(userID string) []string {
	s.Helper()
	sessions, err := s.db.Sessions(s.ctx, userID, s.now)
	s.ok(err)
	var ids []string
	for _, one := range sessions {
		ids = append(ids, one.ID)
	}
	return ids
}

func (s *suite) find(id string) account.User {
	s.Helper()
	u, err := s.db.User(s.ctx, id)
	s.ok(err)
	return u
}

// revoked returns what is revoked at now, by kind and id.
func (s *suite) revoked(now time.Time) map[string]revocation.Entry {
	s.Helper()
	var entries []revocation.Entry
	for _, e := range s.feed(0) {
		if e.ExpiresAt.IsZero() || e.ExpiresAt.After(now) {
			entries = append(entries, e.Entry)
		}
	}
	return byName(entries)
}

func byName(entries []revocation.Entry) map[string]revocation.Entry {
	names := map[string]revocation.Entry{}
	for _, e := range entries {
		names[e.Kind.String()+" "+e.ID] = e
	}
	return names
}

func (s *suite) events(q audit.Query) []audit.Event {
	s.Helper()
	events, err := s.db.Events(s.ctx, q)
	s.ok(err)
	return events
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Fatalf("got error %v, want %v", err, want)
	}
}

func (s *suite) equal(got, want any, what string, args ...any) {
	s.Helper()
	if !reflect.DeepEqual(got, want) {
		s.Fatalf("%s:\n got %+v\nwant %+v", fmt.Sprintf(what, args...), got, want)
	}
}
