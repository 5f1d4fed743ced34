package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// user is one account with the tokens it holds now.
type user struct {
	name, access, refresh string
}

const password = "correct horse battery staple"

func (p *process) register(ctx context.Context, n int) ([]*user, error) {
	users := make([]*user, n)
	for i := range users {
		users[i] = &user{name: "load-" + strconv.Itoa(i)}
		if _, err := p.post(ctx, "/register", map[string]string{"username": users[i].name, "password": password}); err != nil {
			return nil, fmt.Errorf("register: %w", err)
		}
		if err := p.login(ctx, users[i]); err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
	}
	return users, nil
}

func (p *process) login(ctx context.Context, u *user) error {
	return p.tokens(ctx, u, "/login", map[string]string{"username": u.name, "password": password})
}

func (p *process) refresh(ctx context.Context, u *user) error {
	return p.tokens(ctx, u, "/refresh", map[string]string{"refresh_token": u.refresh})
}

func (p *process) tokens(ctx context.Context, u *user, path string, in map[string]string) error {
	body, err := p.post(ctx, path, in)
	if err != nil {
		return err
	}
	var out struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return err
	}
	u.access, u.refresh = out.Access, out.Refresh
	return nil
}

func (p *process) post(ctx context.Context, path string, in any) ([]byte, error) {
	encoded, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+path, bytes.NewReader(encoded))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= 300 {
		err = fmt.Errorf("%s answers %s: %s", path, response.Status, body)
	}
	return body, err
}

// result is what a load gave.
type result struct {
	rate     float64 // a second
	count    int
	p50, p99 time.Duration
}

// load calls act from n workers for a stretch of time.
func load(ctx context.Context, n int, length time.Duration, act func(ctx context.Context, worker int) error) (result, error) {
	taken := make([][]time.Duration, n)
	failed := make([]error, n)
	begun := time.Now()
	var group sync.WaitGroup
	for worker := range n {
		group.Go(func() {
			for time.Since(begun) < length && failed[worker] == nil {
				before := time.Now()
				failed[worker] = act(ctx, worker)
				taken[worker] = append(taken[worker], time.Since(before))
			}
		})
	}
	group.Wait()
	elapsed := time.Since(begun)
	for _, err := range failed {
		if err != nil {
			return result{}, err
		}
	}
	all := slices.Concat(taken...)
	slices.Sort(all)
	return result{
		rate: float64(len(all)) / elapsed.Seconds(), count: len(all),
		p50: all[len(all)/2], p99: all[len(all)*99/100],
	}, nil
}

// bareHash is how often n callers compute Argon2id at the server's parameters (19 MiB, two passes, one lane).
func bareHash(ctx context.Context, n int, length time.Duration) float64 {
	salt := make([]byte, 16)
	rand.Read(salt)
	hashed, _ := load(ctx, n, length, func(context.Context, int) error {
		argon2.IDKey([]byte(password), salt, 2, 19<<10, 1, 32)
		return nil
	})
	return hashed.rate
}

var requestRate = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)

// wrk asks for one address with a bearer token, and refuses a run in which an answer was no success.
func wrk(ctx context.Context, url, token string, connections int, length time.Duration) (float64, error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+length.String(),
		"-H", "Authorization: Bearer "+token, url).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk (install Debian's package of that name): %w: %s", err, out)
	}
	match := requestRate.FindSubmatch(out)
	if match == nil || bytes.Contains(out, []byte("Non-2xx")) {
		return 0, fmt.Errorf("wrk: %s", out)
	}
	return strconv.ParseFloat(string(match[1]), 64)
}
