package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

type endpoint = func(*exchange, *http.Request) error

// keySetCache keeps the entity tag of the key set that was served last.
type keySetCache struct{ last atomic.Pointer[document] }

// document is a body with its entity tag (RFC 9110 §8.8.3).
type document struct {
	body []byte
	tag  string
}

func newDocument(body []byte) *document {
	sum := sha256.Sum256(body)
	return &document{body: body, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
}

// showKeySet serves the key set to verifiers and their caches, and to pages of every origin.
func (a *api) showKeySet() endpoint {
	control := []string{"public, max-age=" + strconv.FormatInt(int64(a.KeySetMaxAge/time.Second), 10)}
	return func(x *exchange, r *http.Request) error {
		body := a.KeySet()
		current := a.keySet.last.Load()
		if current == nil || !bytes.Equal(current.body, body) {
			current = newDocument(bytes.Clone(body))
			a.keySet.last.Store(current)
		}
		return x.document(r, current, a.headers.keySet, control)
	}
}

// document serves what everybody may read and keep.
func (x *exchange) document(r *http.Request, d *document, contentType, control []string) error {
	header := x.Header()
	header["Cache-Control"] = control
	header["Etag"] = []string{d.tag}
	header["Access-Control-Allow-Origin"] = x.api.headers.anyOrigin
	if matches(r.Header["If-None-Match"], d.tag) {
		x.WriteHeader(http.StatusNotModified)
		return nil
	}
	header["Content-Type"] = contentType
	x.WriteHeader(http.StatusOK)
	_, _ = x.Write(d.body)
	return nil
}

// matches compares entity tags weakly (RFC 9110 §13.1.2).
func matches(lines []string, tag string) bool {
	for _, line := range lines {
		for candidate := range strings.SplitSeq(line, ",") {
			candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
			if candidate == tag || candidate == "*" {
				return true
			}
		}
	}
	return false
}

// metadata says what this server can do today (RFC 8414 §2). There is no authorization endpoint of RFC 6749, so the
// list of response types is empty.
func (a *api) metadata() endpoint {
	base, secrets := strings.TrimSuffix(a.Issuer, "/"), []string{"client_secret_basic", "client_secret_post"}
	meta := struct {
		Issuer         string   `json:"issuer"`
		KeySet         string   `json:"jwks_uri"`
		ResponseTypes  []string `json:"response_types_supported"`
		GrantTypes     []string `json:"grant_types_supported"`
		Token          string   `json:"token_endpoint"`
		TokenAuth      []string `json:"token_endpoint_auth_methods_supported"`
		Introspect     string   `json:"introspection_endpoint"`
		IntrospectAuth []string `json:"introspection_endpoint_auth_methods_supported"`
		Revoke         string   `json:"revocation_endpoint"`
		RevokeAuth     []string `json:"revocation_endpoint_auth_methods_supported"`
		Documentation  string   `json:"service_documentation,omitempty"`
	}{
		Issuer: a.Issuer, KeySet: base + "/.well-known/jwks.json",
		ResponseTypes: []string{}, GrantTypes: []string{clientGrant},
		Token: base + "/token", TokenAuth: secrets,
		Introspect: base + "/introspect", IntrospectAuth: append(secrets[:2:2], "Bearer"),
		Revoke: base + "/revoke", RevokeAuth: append(secrets[:2:2], "none"),
	}
	if u, err := url.Parse(a.Documentation); err == nil && u.IsAbs() {
		meta.Documentation = a.Documentation
	}
	d := newDocument(line(meta))
	control := []string{"public, max-age=300"}
	return func(x *exchange, r *http.Request) error { return x.document(r, d, a.headers.json, control) }
}

// front names the server.
func (a *api) front() endpoint {
	body := line(struct {
		Name          string `json:"name"`
		Version       string `json:"version"`
		Issuer        string `json:"issuer"`
		Documentation string `json:"documentation"`
	}{"durward", a.Version, a.Issuer, a.Documentation})
	return func(x *exchange, _ *http.Request) error { return x.static(http.StatusOK, body) }
}

// line is a JSON text for a struct of texts, which always has one.
func line(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic("httpapi: " + err.Error())
	}
	return append(body, '\n')
}
