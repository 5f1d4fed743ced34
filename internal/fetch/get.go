package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// maxRedirects bounds how often one request is sent on, within its origin.
const maxRedirects = 3

// Client returns a client with the Transport and the Timeout of base, which may be nil, without its cookies, and that
// follows redirects within their origin alone. Without a Transport it goes through the proxy that the environment
// names, and keeps no connection open.
func Client(base *http.Client) *http.Client {
	client := &http.Client{CheckRedirect: checkRedirect}
	if base != nil {
		client.Transport, client.Timeout = base.Transport, base.Timeout
	}
	if client.Transport == nil {
		client.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: 64 << 10,
		}
	}
	return client
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errors.New("too many redirects")
	case !SameOrigin(r.URL, via[0].URL):
		return errors.New("redirect to another origin")
	case r.URL.User != nil:
		return errors.New("redirect to an address with user information")
	default:
		return nil
	}
}

// Request is a document to get.
type Request struct {
	From   *url.URL
	Accept string
	ETag   string // of the document that is known already, or empty
	Limit  int    // of the answer, in bytes
}

// Get fetches a document. The body is nil when it is still the one with the entity tag. Any answer but
// 200, one that is longer than the limit, and one in an encoding, is an error.
func Get(ctx context.Context, client *http.Client, q Request) (body []byte, header http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, q.From.String(), nil)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("Accept", q.Accept)
	// Asked for by name, so that the transport does not unpack what is small on the way and huge in memory.
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "durward")
	if q.ETag != "" {
		r.Header.Set("If-None-Match", q.ETag)
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotModified && q.ETag != "" {
		return nil, response.Header, nil
	}
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s: answered with status %d", q.From, response.StatusCode)
	}
	if body, err = Body(response, q.Limit); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", q.From, err)
	}
	return body, response.Header, nil
}

// Body reads all of an answer of at most limit bytes.
func Body(response *http.Response, limit int) ([]byte, error) {
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, errors.New("answered with an encoding that was not asked for")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(limit)+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > limit {
		return nil, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	return body, nil
}
