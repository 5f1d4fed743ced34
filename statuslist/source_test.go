package statuslist_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/statuslist"
)

const (
	issuer = "https://id.example.org"
	listAt = issuer + "/statuslist/1"
)

// lists is an issuer's lists without a network between: a client's Transport.
type lists struct {
	mu      sync.Mutex
	body    string
	status  int
	fetches int
	delay   time.Duration
}

func (l *lists) RoundTrip(r *http.Request) (*http.Response, error) {
	l.mu.Lock()
	l.fetches++
	body, status, delay := l.body, l.status, l.delay
	l.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if r.URL.String() != listAt || r.Header.Get("Accept") != "application/statuslist+jwt" {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (l *lists) set(body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.body, l.status = body, http.StatusOK
}

func (l *lists) fail(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.status = status
}

func (l *lists) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fetches
}

var listKey = func() *durward.SigningKey {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		panic(err)
	}
	return key
}()

// published is a list of the size in which the places are revoked.
func published(t testing.TB, size int64, change func(*statuslist.Token), revoked ...int64) string {
	t.Helper()
	list, err := statuslist.NewList(2, size)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range revoked {
		list.Set(index, statuslist.Invalid)
	}
	token := statuslist.Token{URI: listAt, Issuer: issuer, IssuedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour), TTL: time.Minute, List: list}
	if change != nil {
		change(&token)
	}
	text, err := token.Sign(t.Context(), listKey)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func newSource(t testing.TB, l *lists, change func(*statuslist.Config)) *statuslist.Source {
	t.Helper()
	c := statuslist.Config{Issuer: issuer, Keys: listKey, Client: &http.Client{Transport: l}}
	if change != nil {
		change(&c)
	}
	s, err := statuslist.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(index int64) durward.Claims {
	return durward.Claims{Issuer: issuer, IssuedAt: time.Now(), Status: durward.StatusReference{URI: listAt, Index: index}}
}

// expect holds that exactly one root is above an error.
func expect(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || (want != nil) != (err != nil) ||
		errors.Is(err, durward.ErrUnavailable) && errors.Is(err, durward.ErrToken) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestATokenIsWhatItsListSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{}
		l.set(published(t, 1000, nil, 7, 999))
		s := newSource(t, l, nil)
		for index, want := range map[int64]error{
			0: nil, 6: nil, 7: durward.ErrTokenRevoked, 8: nil, 999: durward.ErrTokenRevoked, 1 << 40: durward.ErrTokenClaims, -1: durward.ErrTokenClaims,
		} {
			if err := s.Check(t.Context(), at(index)); !errors.Is(err, want) || errors.Is(err, durward.ErrUnavailable) {
				t.Errorf("place %d: got %v, want %v", index, err, want)
			}
		}
		if got := l.count(); got != 1 {
			t.Errorf("got %d fetches, want 1", got)
		}
		other := at(0)
		other.Issuer = "https://other.example.org"
		expect(t, s.Check(t.Context(), other), durward.ErrUnavailable)
		expect(t, s.Check(t.Context(), durward.Claims{Issuer: issuer}), nil)
		required := newSource(t, l, func(c *statuslist.Config) { c.Required = true })
		expect(t, required.Check(t.Context(), durward.Claims{Issuer: issuer}), durward.ErrTokenClaims)
		for _, uri := range []string{"https://evil.example.org/statuslist/1", "http://id.example.org/statuslist/1", "https://id.example.org:8443/1", "file:///etc/passwd", "x"} {
			c := at(0)
			c.Status.URI = uri
			expect(t, s.Check(t.Context(), c), durward.ErrTokenClaims)
		}
		if got := l.count(); got != 1 {
			t.Errorf("got %d fetches after foreign addresses, want 1", got)
		}
	})
}

func TestAListThatCannotBeRelyedOnIsNotHad(t *testing.T) {
	other, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(typ, payload string, key *durward.SigningKey) string {
		text, err := durward.SignPayload(context.Background(), key, typ, []byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	const good = `{"sub":"https://id.example.org/statuslist/1","iat":1,"ttl":9.5,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`
	with := func(old, replacement string) string {
		return signed("statuslist+jwt", strings.Replace(good, old, replacement, 1), listKey)
	}
	cases := map[string]string{
		"nothing":             "",
		"no token":            "<html>",
		"of another type":     signed("at+jwt", good, listKey),
		"by another key":      signed("statuslist+jwt", good, other.WithID(listKey.ID())),
		"by an unknown key":   signed("statuslist+jwt", good, other),
		"at another address":  with("statuslist/1", "statuslist/2"),
		"of another issuer":   with(`"iat"`, `"iss":"https://x","iat"`),
		"expired":             with(`"iat":1`, `"iat":1,"exp":2`),
		"of the future":       with(`"iat":1`, `"iat":99999999999`),
		"without sub":         with(`"sub"`, `"x"`),
		"without iat":         with(`"iat"`, `"x"`),
		"without a list":      with(`"status_list"`, `"x"`),
		"of three bits":       with(`"bits":1`, `"bits":3`),
		"of bits as a string": with(`"bits":1`, `"bits":"1"`),
		"with lst a number":   with(`"eNrbuRgAAhcBXQ"`, `1`),
		"with lst cut short":  with(`eNrbuRgAAhcBXQ`, `eNrbuRgAAhcB`),
		"with a ttl of zero":  with(`9.5`, `0`),
		"with a ttl of text":  with(`9.5`, `"9"`),
		"with sub twice":      with(`"iat"`, `"sub":"https://id.example.org/statuslist/1","iat"`),
		"a bomb":              with(`eNrbuRgAAhcBXQ`, zeros(t, 8<<20)),
	}
	synctest.Test(t, func(t *testing.T) {
		l := &lists{}
		l.set(signed("statuslist+jwt", good, listKey))
		expect(t, newSource(t, l, nil).Check(t.Context(), at(1)), nil)
		for name, body := range cases {
			l.set(body)
			s := newSource(t, l, func(c *statuslist.Config) { c.MaxBytes = 1 << 20 })
			if err := s.Check(t.Context(), at(1)); !errors.Is(err, durward.ErrUnavailable) || errors.Is(err, durward.ErrToken) {
				t.Errorf("%s: got %v, want %v", name, err, durward.ErrUnavailable)
			}
		}
		for _, status := range []int{204, 302, 404, 500} {
			l.fail(status)
			expect(t, newSource(t, l, nil).Check(t.Context(), at(1)), durward.ErrUnavailable)
		}
	})
}

func TestAListIsFetchedAnewInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{delay: 100 * time.Millisecond}
		l.set(published(t, 100, nil))
		s := newSource(t, l, nil)
		var many sync.WaitGroup
		for range 50 {
			many.Go(func() { expect(t, s.Check(t.Context(), at(7)), nil) })
		}
		many.Wait()
		if got := l.count(); got != 1 {
			t.Errorf("got %d fetches for 50 at once, want 1", got)
		}
		l.set(published(t, 100, nil, 7))
		time.Sleep(47 * time.Second)
		expect(t, s.Check(t.Context(), at(7)), nil) // four fifths of the minute are not over
		time.Sleep(time.Second)
		before := time.Now()
		expect(t, s.Check(t.Context(), at(7)), nil) // this one has the list fetched beside it
		if took := time.Since(before); took != 0 {
			t.Errorf("got an answer after %v, want it at once", took)
		}
		time.Sleep(time.Second)
		expect(t, s.Check(t.Context(), at(7)), durward.ErrTokenRevoked)

		// The issuer goes away: the list serves out its time, and no more.
		l.fail(http.StatusBadGateway)
		time.Sleep(58 * time.Second)
		expect(t, s.Check(t.Context(), at(8)), nil)
		time.Sleep(time.Second)
		expect(t, s.Check(t.Context(), at(8)), durward.ErrUnavailable)
		fetches := l.count()
		for range 40 {
			expect(t, s.Check(t.Context(), at(8)), durward.ErrUnavailable)
			time.Sleep(100 * time.Millisecond)
		}
		if got := l.count() - fetches; got > 1 {
			t.Errorf("got %d fetches in 4 s from an issuer that is down, want at most 1", got)
		}
		l.set(published(t, 100, nil, 7))
		time.Sleep(6 * time.Second)
		expect(t, s.Check(t.Context(), at(8)), nil)
	})
}

func TestAnExpiredListIsNotUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{}
		l.set(published(t, 100, func(token *statuslist.Token) {
			token.ExpiresAt = time.Now().Add(10 * time.Second)
			token.TTL = time.Hour
		}))
		s := newSource(t, l, nil)
		expect(t, s.Check(t.Context(), at(7)), nil)
		time.Sleep(10*time.Second - 1)
		expect(t, s.Check(t.Context(), at(7)), nil)
		time.Sleep(time.Nanosecond)
		expect(t, s.Check(t.Context(), at(7)), durward.ErrUnavailable)
	})
}

// A token whose place is behind the end of a list that is older than the token may be in the next one.
func TestAListThatHasGrownIsFetchedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &lists{}
		l.set(published(t, 100, nil))
		s := newSource(t, l, nil)
		expect(t, s.Check(t.Context(), at(7)), nil)
		time.Sleep(2 * time.Second)
		expect(t, s.Check(t.Context(), at(150)), durward.ErrUnavailable) // not again within five seconds
		l.set(published(t, 200, nil, 151))
		time.Sleep(4 * time.Second)
		expect(t, s.Check(t.Context(), at(151)), durward.ErrTokenRevoked)
		if got := l.count(); got != 2 {
			t.Errorf("got %d fetches, want 2", got)
		}
	})
}

func TestConfigurationsAreCheckedAsAWhole(t *testing.T) {
	for name, c := range map[string]struct {
		config statuslist.Config
		want   []string
	}{
		"nothing":                  {statuslist.Config{}, []string{"Issuer", "Keys"}},
		"an issuer that is no URL": {statuslist.Config{Issuer: "id", Keys: listKey}, []string{"Origins"}},
		"an origin with a path":    {statuslist.Config{Issuer: "id", Keys: listKey, Origins: []string{"https://a.example/b"}}, []string{"Origins[0]"}},
		"an origin over http":      {statuslist.Config{Issuer: "id", Keys: listKey, Origins: []string{"http://a.example"}}, []string{"Origins[0]"}},
		"bounds": {statuslist.Config{Issuer: issuer, Keys: listKey, MaxAge: 1, MaxBytes: -1, MaxLists: -1, Timeout: time.Hour},
			[]string{"MaxAge", "MaxBytes", "MaxLists", "Timeout"}},
	} {
		s, err := statuslist.New(c.config)
		if err == nil || s != nil {
			t.Errorf("%s: got %v, want an error", name, s)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want it to name %s", name, err, want)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(`{"sub":"u","iat":1,"exp":9,"ttl":9.5,"status_list":{"bits":1,"lst":"eNrbuRgAAhcBXQ"}}`, int64(3))
	f.Add(`{"sub":"u","iat":1e3,"status_list":{"bits":8,"lst":"eNo76fITAAPfAgc","aggregation_uri":""},"x":[]}`, int64(-1))
	f.Fuzz(func(t *testing.T, payload string, index int64) {
		text, err := durward.SignPayload(t.Context(), listKey, "statuslist+jwt", []byte(payload))
		if payload == "" && err != nil {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		const limit = 1 << 16
		token, err := statuslist.Verify(t.Context(), listKey, text, limit)
		if err != nil {
			return
		}
		if token.URI == "" || token.List.Len()*int64(token.List.Bits()) > 8*limit || token.TTL < 0 {
			t.Fatalf("got %+v, want what was asked for", token)
		}
		if _, ok := token.List.Get(index); ok != (index >= 0 && index < token.List.Len()) {
			t.Fatalf("place %d of %d: got %v", index, token.List.Len(), ok)
		}
	})
}
