package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/durward-auth/durward"
)

// maxRedirects bounds how often one request is sent on, within its origin.
const maxRedirects = 3

// fetcher gets key sets and remembers what the next fetch can save. Only one fetch uses it at a time.
type fetcher struct {
	client *http.Client
	config Config
	start  *url.URL // the issuer, or where the keys are

	location  *url.URL      // where the keys are; nil if that is to be found
	locatedAt time.Duration // on the source's stopwatch
	etag      string        // of set, or empty
	set       *durward.KeySet
	known     map[string]*durward.VerificationKey // those of set, by what they are
}

// answer is a good set and how long it is fresh.
type answer struct {
	set      *durward.KeySet
	lifetime time.Duration
}

func newFetcher(c Config, start *url.URL) fetcher {
	client := &http.Client{CheckRedirect: checkRedirect}
	if c.Client != nil {
		client.Transport, client.Timeout = c.Client.Transport, c.Client.Timeout
	}
	if client.Transport == nil {
		client.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	return fetcher{client: client, config: c, start: start}
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case !sameOrigin(r.URL, via[0].URL):
		return errors.New("redirect to another origin")
	case r.URL.User != nil:
		return errors.New("redirect to an address with user information")
	default:
		return nil
	}
}

// fetch gets the set. The time is the one on the source's stopwatch.
func (f *fetcher) fetch(ctx context.Context, now time.Duration) (answer, error) {
	if err := f.locate(ctx, now); err != nil {
		return answer{}, err
	}
	body, header, err := f.get(ctx, f.location, f.etag)
	if err == nil && body != nil {
		err = f.adopt(body, header)
	}
	if err != nil {
		f.location = nil // it may have moved
		return answer{}, err
	}
	return answer{f.set, freshFor(header, f.config.RefreshEvery)}, nil
}

// adopt makes the body the set, or leaves the last one.
func (f *fetcher) adopt(body []byte, header http.Header) error {
	set, err := durward.ParseKeySet(body, f.config.KeyTypes...)
	if err != nil {
		return fmt.Errorf("%s: %w", f.location, err)
	}
	known := make(map[string]*durward.VerificationKey)
	keys := set.Keys()
	for i, key := range keys {
		text, err := key.MarshalJWK()
		if err != nil {
			continue
		}
		if same := f.known[string(text)]; same != nil {
			keys[i] = same
		}
		known[string(text)] = keys[i]
	}
	if set, err = durward.NewKeySet(keys...); err != nil {
		return fmt.Errorf("%s: %w", f.location, err)
	}
	f.set, f.known, f.etag = set, known, entityTag(header)
	return nil
}

// get fetches one document. The body is nil when it is still the one with the entity tag.
func (f *fetcher) get(ctx context.Context, from *url.URL, etag string) (body []byte, header http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", "application/jwk-set+json, application/json")
	// Asked for by name, so that the transport does not unpack what is small on the way and huge in memory.
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "durward")
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	response, err := f.client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	switch encoding := response.Header.Get("Content-Encoding"); {
	case response.StatusCode == http.StatusNotModified && etag != "":
		return nil, response.Header, nil
	case response.StatusCode != http.StatusOK:
		return nil, nil, fmt.Errorf("%s: answered with status %d", from, response.StatusCode)
	case encoding != "" && encoding != "identity":
		return nil, nil, fmt.Errorf("%s: answered with an encoding that was not asked for", from)
	}
	limit := int64(f.config.MaxBytes)
	body, err = io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: read the answer: %w", from, err)
	}
	if int64(len(body)) > limit {
		return nil, nil, fmt.Errorf("%s: the answer is longer than %d bytes", from, limit)
	}
	return body, response.Header, nil
}
