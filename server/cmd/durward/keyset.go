package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/durward-auth/durward"
)

const (
	maxKeySetBytes = 512 << 10
	keySetTimeout  = 5 * time.Second
)

// readKeySet reads a key set from a file or a URL.
func readKeySet(ctx context.Context, from string) (*durward.KeySet, error) {
	text, err := []byte(nil), error(nil)
	if strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
		text, err = fetchKeySet(ctx, from)
	} else {
		text, err = os.ReadFile(from)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key set: %w", err)
	}
	return durward.ParseKeySet(text)
}

// fetchKeySet gets a key set over https, or http from this machine alone; it follows no redirect to elsewhere.
func fetchKeySet(ctx context.Context, from string) ([]byte, error) {
	u, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return nil, errors.New("a key set from another machine must come over https")
	}
	ctx, cancel := context.WithTimeout(ctx, keySetTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		return fmt.Errorf("%s redirects to %s: give the address that holds the key set", u.Host, next.URL.Host)
	}}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", from, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxKeySetBytes+1))
	if err == nil && len(text) > maxKeySetBytes {
		err = errors.New("the key set is larger than 512 KiB")
	}
	return text, err
}
