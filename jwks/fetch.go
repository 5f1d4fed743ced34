package jwks

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/fetch"
)

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
	return fetcher{client: fetch.Client(c.Client), config: c, start: start}
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
	set, err := f.parse(body)
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

func (f *fetcher) parse(body []byte) (*durward.KeySet, error) {
	if f.config.Algorithm == "" {
		return durward.ParseKeySet(body, f.config.KeyTypes...)
	}
	return durward.ParseKeySetFor(f.config.Algorithm, body, f.config.KeyTypes...)
}

// get fetches one document. The body is nil when it is still the one with the entity tag.
func (f *fetcher) get(ctx context.Context, from *url.URL, etag string) (body []byte, header http.Header, err error) {
	return fetch.Get(ctx, f.client, fetch.Request{
		From: from, ETag: etag, Limit: f.config.MaxBytes,
		Accept: "application/jwk-set+json, application/json",
	})
}
