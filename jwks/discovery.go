package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/durward-auth/durward/internal/fetch"
	"github.com/durward-auth/durward/internal/strictjson"
)

// metadataLifetime is how long the metadata is relied on while it leads to keys.
const metadataLifetime = time.Hour

// maxMetadataMembers bounds the metadata: issuers list many things there.
const maxMetadataMembers = 16 << 10

// locate finds where the keys are, unless that is known.
func (f *fetcher) locate(ctx context.Context, now time.Duration) error {
	if f.config.Issuer == "" {
		f.location = f.start
		return nil
	}
	if f.location != nil && now < f.locatedAt+metadataLifetime {
		return nil
	}
	var problems []error
	for _, from := range fetch.MetadataURLs(f.start) {
		found, err := f.discover(ctx, from)
		if err == nil {
			if f.location == nil || *f.location != *found {
				f.etag = ""
			}
			f.location, f.locatedAt = found, now
			return nil
		}
		problems = append(problems, err)
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("find the keys: %w", errors.Join(problems...))
}

func (f *fetcher) discover(ctx context.Context, from *url.URL) (*url.URL, error) {
	body, _, err := f.get(ctx, from, "")
	if err != nil {
		return nil, err
	}
	var metadata struct {
		Issuer string `json:"issuer"`
		KeySet string `json:"jwks_uri"`
	}
	if err := strictjson.DecodeKnown(string(body), strictjson.Limits{Members: maxMetadataMembers}, &metadata); err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if metadata.Issuer != f.config.Issuer {
		return nil, fmt.Errorf("%s: it is the metadata of another issuer", from)
	}
	location, err := fetch.ParseEndpoint(metadata.KeySet)
	if err != nil {
		return nil, fmt.Errorf("%s: jwks_uri: %w", from, err)
	}
	if location.Scheme != "https" && f.start.Scheme == "https" {
		return nil, fmt.Errorf("%s: jwks_uri: it must begin with https://, as the issuer does", from)
	}
	return location, nil
}
