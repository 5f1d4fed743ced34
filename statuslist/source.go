package statuslist

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/fetch"
)

// A Source keeps the status lists of one issuer, and fetches them as tokens name them. It is safe for concurrent use, has
// no goroutine of its own, and there is nothing to close.
type Source struct {
	config  Config
	origins []*url.URL
	client  *http.Client

	mu      sync.Mutex
	entries map[string]*entry
	asked   uint64 // counts questions, to tell which list was asked least lately
}

// entry is what is known of one list. Its fields belong to the source's mu; a token is never changed.
type entry struct {
	uri       string
	token     *Token // nil if none could be had yet
	fetchedAt time.Time
	refreshAt time.Time // from then on a question begins a fetch
	expiresAt time.Time // from then on the list is not used
	retryAt   time.Time // after a failed fetch: not before
	err       error     // why the last fetch failed, or nil
	flight    chan struct{}
	asked     uint64
}

const (
	// coolDown is the least time between a failed fetch and the next, and between two fetches that places beyond the end
	// of a list cause.
	coolDown = 5 * time.Second

	// issuedAhead is how far ahead of the clock a list may be issued.
	issuedAhead = time.Minute
)

// New checks the configuration and reports all of its problems together. It fetches nothing.
func New(c Config) (*Source, error) {
	c, origins, err := c.checked()
	if err != nil {
		return nil, err
	}
	return &Source{config: c, origins: origins, client: fetch.Client(c.Client), entries: map[string]*entry{}}, nil
}

// Check says whether a verified token still stands; it is the Revocation of a durward.Config. The error is
// durward.ErrTokenRevoked for one that was taken back or suspended, one under durward.ErrTokenClaims for a place
// that its list does not have, or for no place where one is required, and one under durward.ErrUnavailable when the list
// cannot be had or has expired, and for a token of another issuer.
func (s *Source) Check(ctx context.Context, c durward.Claims) error {
	if c.Issuer != s.config.Issuer {
		return fmt.Errorf("%w: status of a token of another issuer", durward.ErrUnavailable)
	}
	if c.Status.URI == "" {
		if s.config.Required {
			return fmt.Errorf("%w: status is missing", durward.ErrTokenClaims)
		}
		return nil
	}
	token, err := s.list(ctx, c.Status.URI, time.Time{})
	if err != nil {
		return err
	}
	status, ok := token.List.Get(c.Status.Index)
	if !ok {
		// The list may have grown since.
		if token, err = s.list(ctx, c.Status.URI, s.config.Clock().Add(-coolDown)); err != nil {
			return err
		}
		status, ok = token.List.Get(c.Status.Index)
	}
	switch {
	case !ok && token.IssuedAt.Before(c.IssuedAt):
		return fmt.Errorf("%w: the status list is older than the token", durward.ErrUnavailable)
	case !ok:
		return fmt.Errorf("%w: the status list has no such place", durward.ErrTokenClaims)
	case status != Valid:
		return durward.ErrTokenRevoked
	default:
		return nil
	}
}

// allowed says whether a list may be fetched from there.
func (s *Source) allowed(uri string) error {
	u, err := fetch.ParseEndpoint(uri)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.origins, func(o *url.URL) bool { return fetch.SameOrigin(o, u) }) {
		return errors.New("its list is not at an allowed origin")
	}
	return nil
}

// list returns a list that may be used now and, if a fetch is allowed, was fetched after the given time.
func (s *Source) list(ctx context.Context, uri string, after time.Time) (*Token, error) {
	for waited := false; ; waited = true {
		now := s.config.Clock()
		s.mu.Lock()
		if s.entries[uri] == nil {
			if err := s.allowed(uri); err != nil {
				s.mu.Unlock()
				return nil, fmt.Errorf("%w: status: %w", durward.ErrTokenClaims, err)
			}
		}
		e := s.entry(uri)
		usable := e.token != nil && now.Before(e.expiresAt)
		wanted := !usable || !now.Before(e.refreshAt) || e.fetchedAt.Before(after)
		if wanted && !waited && e.flight == nil && !now.Before(e.retryAt) {
			e.flight = make(chan struct{})
			// The fetch is everybody's: it does not end with the request that happened to begin it.
			go s.fetch(context.WithoutCancel(ctx), e, e.flight)
		}
		token, flight, err := e.token, e.flight, e.err
		wait := flight != nil && (!usable || e.fetchedAt.Before(after))
		s.mu.Unlock()
		switch {
		case wait && !waited:
			select {
			case <-flight:
			case <-ctx.Done():
				return nil, unavailable(uri, context.Cause(ctx))
			}
		case usable:
			return token, nil
		case err != nil:
			return nil, unavailable(uri, err)
		default:
			return nil, unavailable(uri, errors.New("it has expired"))
		}
	}
}

func unavailable(uri string, err error) error {
	// A list that is refused, as a token is, is no reason to refuse the token that names it.
	return fmt.Errorf("%w: status list %.256q: %v", durward.ErrUnavailable, uri, err)
}

// entry returns the entry of a list. The caller holds mu.
func (s *Source) entry(uri string) *entry {
	s.asked++
	e := s.entries[uri]
	if e == nil {
		for len(s.entries) >= s.config.MaxLists {
			var oldest *entry
			for _, other := range s.entries {
				if oldest == nil || other.asked < oldest.asked {
					oldest = other
				}
			}
			delete(s.entries, oldest.uri)
		}
		// The copy lets go of the token that named it.
		uri = strings.Clone(uri)
		e = &entry{uri: uri}
		s.entries[uri] = e
	}
	e.asked = s.asked
	return e
}

func (s *Source) fetch(ctx context.Context, e *entry, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	began := s.config.Clock()
	token, err := s.get(ctx, e.uri, began)
	now := s.config.Clock()
	s.mu.Lock()
	e.err = err
	if err != nil {
		e.retryAt = now.Add(coolDown)
	} else {
		lifetime := s.lifetime(token, began)
		e.token, e.fetchedAt, e.retryAt = token, began, time.Time{}
		e.refreshAt, e.expiresAt = began.Add(lifetime*4/5), began.Add(lifetime)
	}
	e.flight = nil
	s.mu.Unlock()
	if s.config.OnRefresh != nil {
		s.config.OnRefresh(e.uri, now.Sub(began), err)
	}
	close(done)
}

// lifetime is how long a list may be used: to the end of its ttl, its exp and MaxAge, whichever comes first.
func (s *Source) lifetime(t *Token, now time.Time) time.Duration {
	lifetime := min(cmp.Or(t.TTL, usualAge), s.config.MaxAge)
	if !t.ExpiresAt.IsZero() {
		lifetime = min(lifetime, t.ExpiresAt.Sub(now))
	}
	return lifetime
}

// get fetches a list and checks it (draft-ietf-oauth-status-list §8.3).
func (s *Source) get(ctx context.Context, uri string, now time.Time) (*Token, error) {
	from, err := fetch.ParseEndpoint(uri)
	if err != nil {
		return nil, err
	}
	body, _, err := fetch.Get(ctx, s.client, fetch.Request{From: from, Accept: MediaType, Limit: largestToken(s.config.MaxBytes)})
	if err != nil {
		return nil, err
	}
	token, err := Verify(ctx, s.config.Keys, string(body), s.config.MaxBytes)
	switch {
	case err != nil:
		return nil, err
	case token.URI != uri:
		return nil, errors.New("it is the list of another address")
	case token.Issuer != "" && token.Issuer != s.config.Issuer:
		return nil, errors.New("it is the list of another issuer")
	case !token.ExpiresAt.IsZero() && !now.Before(token.ExpiresAt):
		return nil, errors.New("it has expired")
	case token.IssuedAt.After(now.Add(issuedAhead)):
		return nil, errors.New("it is issued in the future")
	}
	return &token, nil
}
