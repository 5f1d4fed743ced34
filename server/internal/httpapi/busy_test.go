package httpapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/httpapi"
)

// lastLine is the newest entry of the log.
func (d *door) lastLine() map[string]any {
	d.t.Helper()
	all := strings.Split(strings.TrimSpace(d.log.String()), "\n")
	return parseLine(d.t, all[len(all)-1])
}

func TestABusyServerIsNoErrorInTheLog(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := as(d.login("alice").Access)
	for _, c := range []struct {
		name   string
		broken error
		status int
		code   string
		level  string
	}{
		{"busy is expected", &account.BusyError{RetryAfter: time.Second}, 503, "busy", "INFO"},
		{"another 503 is not", fmt.Errorf("read: %w", account.ErrBusy), 503, "temporarily_unavailable", "ERROR"},
		{"nor is a 500", errors.New("disk I/O error"), 500, "internal_error", "ERROR"},
		{"nor is one after a busy one", errors.New("disk I/O error"), 500, "internal_error", "ERROR"},
	} {
		d.store.broken = c.broken
		d.want(d.do("GET", "/me", "", token), c.status, c.code)
		if got := d.lastLine()["level"]; got != c.level {
			t.Errorf("%s: got level %v, want %s", c.name, got, c.level)
		}
	}
}

func TestBusyStorageIsNotCalledTooManySignIns(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := as(d.login("alice").Access)
	d.store.broken = &storageError{"the database is busy", []error{&account.BusyError{RetryAfter: 1500 * time.Millisecond}}}
	a := d.want(d.do("GET", "/me", "", token), 503, "busy")
	if strings.Contains(a.body, "sign-in") || strings.Contains(a.body, "database") || a.Header.Get("Retry-After") != "2" {
		t.Errorf("got %s with Retry-After %q, want neither sign-ins nor the database in it, and 2", a.body, a.Header.Get("Retry-After"))
	}
	if got, _ := d.lastLine()["error"].(string); !strings.Contains(got, "the database is busy") {
		t.Errorf("got error %q in the log, want the database named", got)
	}
}

func TestAFullStorageIsSaidAndIsAnError(t *testing.T) {
	d := open(t)
	d.user("alice")
	token := as(d.login("alice").Access)
	d.store.broken = &storageError{"the disk of the database is full", []error{account.ErrStorageFull, &account.BusyError{RetryAfter: 10 * time.Second}}}
	for _, send := range []func() answer{
		func() answer { return d.do("GET", "/me", "", token) },
		func() answer { return d.do("POST", "/login", credentials("alice", goodWord)) },
		func() answer { return d.do("POST", "/register", credentials("bob", goodWord)) },
	} {
		a := d.want(send(), 503, "storage_full")
		const detail = "The server's storage is full: nothing can be changed until the operator makes room."
		if !strings.Contains(a.body, detail) || a.Header.Get("Retry-After") != "10" {
			t.Errorf("%s: got %s with Retry-After %q, want the detail %q and 10", a.Request.URL.Path, a.body, a.Header.Get("Retry-After"), detail)
		}
		entry := d.lastLine()
		if text, _ := entry["error"].(string); entry["level"] != "ERROR" || !strings.Contains(text, "the disk of the database is full") {
			t.Errorf("%s: got %v in the log, want an error that names the disk", a.Request.URL.Path, entry)
		}
	}
	if got := d.scrape(); !strings.Contains(got, `durward_sign_ins_total{outcome="error"} 1`) {
		t.Error("the sign-in that could not be stored is not counted as an error")
	}
	d.store.broken = account.ErrStorageFull
	if a := d.want(d.do("GET", "/me", "", token), 503, "storage_full"); a.Header.Get("Retry-After") != "10" {
		t.Errorf("without a time: got Retry-After %q, want 10", a.Header.Get("Retry-After"))
	}
	if !strings.Contains(string(httpapi.OpenAPI()), "storage_full") {
		t.Error("the OpenAPI document does not list storage_full")
	}
}

func TestAChangeThatWasNotConfirmedIsSaidAndIsAnError(t *testing.T) {
	d := open(t)
	d.store.broken = &storageError{"a commit was not confirmed", []error{account.ErrOutcomeUnknown, &account.BusyError{RetryAfter: time.Second}}}
	for path, body := range map[string]string{"/login": credentials("alice", goodWord), "/register": credentials("bob", goodWord)} {
		a := d.want(d.do("POST", path, body), 503, "outcome_unknown")
		if !strings.Contains(a.body, "may have been made") || a.Header.Get("Retry-After") != "1" {
			t.Errorf("%s: got %s with Retry-After %q, want that the change may have been made, and 1", path, a.body, a.Header.Get("Retry-After"))
		}
		if entry := d.lastLine(); entry["level"] != "ERROR" {
			t.Errorf("%s: got %v in the log, want an error", path, entry)
		}
	}
	if !strings.Contains(string(httpapi.OpenAPI()), "outcome_unknown") {
		t.Error("the OpenAPI document does not list outcome_unknown")
	}
}

// storageError is an error of the store with causes that the account knows.
type storageError struct {
	text   string
	causes []error
}

func (e *storageError) Error() string   { return e.text }
func (e *storageError) Unwrap() []error { return e.causes }
