package revocation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/durward-auth/durward/internal/fetch"
	"github.com/durward-auth/durward/internal/strictjson"
)

const (
	maxMetadata = 512 << 10 // bytes, and members
	maxGrant    = 64 << 10  // bytes
)

// grant is an access token for the feed.
type grant struct {
	token   string
	renewAt time.Time // some time before it expires; in the system's time, as timers are
}

func (g grant) usable() bool { return g.token != "" && time.Now().Before(g.renewAt) }

// grant asks for an access token with the client's credentials (RFC 6749 section 4.4).
func (f *feed) grant(ctx context.Context) (grant, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {Scope}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, f.tokenEndpoint(ctx), strings.NewReader(form.Encode()))
	if err != nil {
		return grant{}, fmt.Errorf("get an access token: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "durward")
	r.SetBasicAuth(url.QueryEscape(f.credentials.ClientID), url.QueryEscape(f.credentials.ClientSecret))
	asked := time.Now()
	response, err := f.client.Do(r)
	if err != nil {
		return grant{}, fmt.Errorf("get an access token: %w", err)
	}
	defer response.Body.Close()
	body, err := fetch.Body(response, maxGrant)
	if err != nil {
		return grant{}, fmt.Errorf("get an access token: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return grant{}, fmt.Errorf("get an access token: answered with status %d%s", response.StatusCode, oauthError(body))
	}
	g, err := parseGrant(string(body), asked)
	if err != nil {
		return grant{}, fmt.Errorf("get an access token: %w", err)
	}
	return g, nil
}

// tokenEndpoint is the one of the issuer's metadata (RFC 8414), or the usual one where there is none.
func (f *feed) tokenEndpoint(ctx context.Context) string {
	usual := f.at("/token")
	from := fetch.MetadataURLs(f.base)[0]
	body, _, err := fetch.Get(ctx, f.client, fetch.Request{From: from, Accept: "application/json", Limit: maxMetadata})
	if err != nil {
		return usual
	}
	var metadata struct {
		Issuer   string `json:"issuer"`
		Endpoint string `json:"token_endpoint"`
	}
	if err := strictjson.DecodeKnown(string(body), strictjson.Limits{Members: maxMetadata}, &metadata); err != nil || metadata.Issuer != f.issuer {
		return usual
	}
	endpoint, err := fetch.ParseEndpoint(metadata.Endpoint)
	if err != nil || endpoint.Scheme != "https" && f.base.Scheme == "https" {
		return usual
	}
	return endpoint.String()
}

// parseGrant reads a token response (RFC 6749 section 5.1). The token is renewed when nine tenths of its time are over.
func parseGrant(body string, asked time.Time) (grant, error) {
	var answer struct {
		Token     string `json:"access_token"`
		Type      string `json:"token_type"`
		ExpiresIn int64  `json:"expires_in"`
		Scope     string `json:"scope"`
	}
	if err := strictjson.DecodeKnown(body, strictjson.Limits{}, &answer); err != nil {
		return grant{}, err
	}
	switch {
	case answer.Token == "" || strings.ContainsFunc(answer.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return grant{}, errors.New("the answer has no usable access_token")
	case !strings.EqualFold(answer.Type, "Bearer"):
		return grant{}, errors.New("the answer has a token_type other than Bearer")
	case answer.Scope != "" && !slices.Contains(strings.Split(answer.Scope, " "), Scope):
		return grant{}, fmt.Errorf("the client may not have the scope %s", Scope)
	case answer.ExpiresIn <= 0:
		return grant{}, errors.New("the answer has no usable expires_in")
	}
	lifetime := time.Duration(min(answer.ExpiresIn, 24*3600)) * time.Second
	return grant{answer.Token, asked.Add(lifetime * 9 / 10)}, nil
}

// oauthError is the code of an error response (RFC 6749 section 5.2) for a message, if it has one.
func oauthError(body []byte) string {
	var answer struct {
		Error string `json:"error"`
	}
	if err := strictjson.DecodeKnown(string(body), strictjson.Limits{}, &answer); err != nil || answer.Error == "" {
		return ""
	}
	return fmt.Sprintf(": %.64q", answer.Error)
}
