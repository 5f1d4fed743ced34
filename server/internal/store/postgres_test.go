package store_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/durward-auth/durward/server/internal/store/storetest"
)

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Store { return openURL(t, pgtest.Database(t)) })
}

// F19: a standby may be behind, so that nothing is ever read from one, whatever the URL asks for.
func TestAReadOnlyServerIsNeverAsked(t *testing.T) {
	standby := pgtest.Start(t, "default_transaction_read_only=on") // a standby reports the same
	for _, wish := range []string{"", "&target_session_attrs=any", "&target_session_attrs=prefer-standby", "&target_session_attrs=standby"} {
		db, err := store.Open(t.Context(), store.Config{URL: standby.URL("postgres") + wish})
		if err == nil {
			db.Close()
			t.Errorf("%q: got a store on it, want none", wish)
		} else if !strings.Contains(err.Error(), "read only") {
			t.Errorf("%q: got %v, want the reason", wish, err)
		}
	}
	primary := pgtest.Database(t)
	at, err := url.Parse(primary)
	if err != nil {
		t.Fatal(err)
	}
	at.Host = fmt.Sprintf("127.0.0.1:%d,%s", standby.Port, at.Host)
	for _, wish := range []string{"", "&target_session_attrs=prefer-standby"} {
		db := openURL(t, at.String()+wish)
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("%q: the primary behind the standby: %v", wish, err)
		}
	}
}

func openURL(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
