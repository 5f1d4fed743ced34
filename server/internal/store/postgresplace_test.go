package store_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/durward-auth/durward/server/internal/store"
	"github.com/jackc/pgx/v5"
)

// administer runs statements on the server of a database.
func administer(t *testing.T, place string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// by is the URL of a database for another role.
func by(t *testing.T, place, role string) string {
	t.Helper()
	u, err := url.Parse(place)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

const ofDurward = ` FROM pg_stat_activity WHERE usename = '%s' AND application_name = 'durward'`

// TestFewerConnectionsThanThePoolWantsAreShared lets a role have two of the sixteen connections.
func TestFewerConnectionsThanThePoolWantsAreShared(t *testing.T) {
	place := pgtest.Start(t).Database(t)
	administer(t, place, `CREATE ROLE few LOGIN SUPERUSER`)
	openURL(t, place) // makes the schema
	administer(t, place, `ALTER ROLE few NOSUPERUSER CONNECTION LIMIT 2`, `GRANT pg_read_all_data, pg_write_all_data TO few`)
	db, err := store.Open(t.Context(), store.Config{URL: by(t, place, "few"), BusyTimeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const callers = 20
	errs := make([]error, callers)
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() { errs[i] = createUser(t.Context(), db, fmt.Sprintf("user%d", i)) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Errorf("got %v, want every caller to wait for one of the two connections", err)
	}
}

// TestARoleThatMayNoLongerConnectIsALossOfTheDatabase is what a changed password does to a running server.
func TestARoleThatMayNoLongerConnectIsALossOfTheDatabase(t *testing.T) {
	place := pgtest.Start(t).Database(t)
	administer(t, place, `CREATE ROLE gone LOGIN SUPERUSER`)
	db := openURL(t, by(t, place, "gone"))
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Fatal(err)
	}
	administer(t, place, `ALTER ROLE gone NOLOGIN`, `SELECT pg_terminate_backend(pid)`+fmt.Sprintf(ofDurward, "gone"))
	_, reading := db.User(t.Context(), "id-anna")
	for what, err := range map[string]error{"a write": createUser(t.Context(), db, "boris"), "a read": reading, "a ping": db.Ping(t.Context())} {
		var busy *account.BusyError
		if !errors.Is(err, store.ErrUnreachable) || !errors.As(err, &busy) {
			t.Errorf("%s: got %v, want ErrUnreachable that says when to try again", what, err)
		}
	}
	administer(t, place, `ALTER ROLE gone LOGIN`)
	if err := createUser(t.Context(), db, "boris"); err != nil {
		t.Errorf("when the role may connect again: %v", err)
	}
}

// TestAServerThatWasCutOffDoesNotGoOnWithDataThatWasMoved has no connection while the data is moved, so that the move does
// not see it.
func TestAServerThatWasCutOffDoesNotGoOnWithDataThatWasMoved(t *testing.T) {
	place := pgtest.Start(t).Database(t)
	administer(t, place, `CREATE ROLE cut LOGIN SUPERUSER`)
	db := openURL(t, by(t, place, "cut"))
	if err := createUser(t.Context(), db, "anna"); err != nil {
		t.Fatal(err)
	}
	administer(t, place, `ALTER ROLE cut NOLOGIN`, `SELECT pg_terminate_backend(pid)`+fmt.Sprintf(ofDurward, "cut"))
	source, err := store.OpenSource(t.Context(), store.Config{URL: place}, "elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(source.Done(t.Context(), func() error { return nil }), source.Close()); err != nil {
		t.Fatal(err)
	}
	administer(t, place, `ALTER ROLE cut LOGIN`)
	if err := createUser(t.Context(), db, "boris"); !errors.Is(err, store.ErrMoved) || !errors.Is(err, store.ErrUnreachable) {
		t.Errorf("a write: got %v, want ErrMoved", err)
	}
	if _, err := db.User(t.Context(), "id-anna"); !errors.Is(err, store.ErrMoved) {
		t.Errorf("a read: got %v, want ErrMoved", err)
	}
}

// TestADatabaseThatCannotHoldEveryNameIsRefused tries encodings.
func TestADatabaseThatCannotHoldEveryNameIsRefused(t *testing.T) {
	server := pgtest.Start(t)
	for encoding, refused := range map[string]bool{"UTF8": false, "SQL_ASCII": false, "LATIN1": true, "EUC_JP": true} {
		name := "in_" + strings.ToLower(encoding)
		administer(t, server.URL("postgres"), fmt.Sprintf(`CREATE DATABASE %s ENCODING '%s' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`, name, encoding))
		db, err := store.Open(t.Context(), store.Config{URL: server.URL(name)})
		if (err != nil) != refused || refused && !strings.Contains(err.Error(), "ENCODING 'UTF8'") {
			t.Errorf("%s: got %v, want a refusal: %t", encoding, err, refused)
		}
		if err == nil {
			if err := errors.Join(createUser(t.Context(), db, "Жанна"), db.Close()); err != nil {
				t.Errorf("%s: %v", encoding, err)
			}
		}
	}
}

// TestWhyADatabaseOfPostgreSQLIsRefusedIsSaidPlainly looks for the sentence of somebody who is woken by it.
func TestWhyADatabaseOfPostgreSQLIsRefusedIsSaidPlainly(t *testing.T) {
	server := pgtest.Start(t)
	for name, c := range map[string]struct {
		do   string
		want error
		says string
	}{
		"a newer schema":    {`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)`, store.ErrNewerSchema, "the database is newer than this program"},
		"data that moved":   {`INSERT INTO settings (name, value) VALUES ('state', '{"is":"moved","to":"elsewhere"}')`, store.ErrMoved, "this data was moved"},
		"a role that reads": {`ALTER ROLE reads SET default_transaction_read_only = on`, store.ErrUnreachable, "durward needs the primary"},
	} {
		t.Run(name, func(t *testing.T) {
			place := server.Database(t)
			if name == "a role that reads" {
				administer(t, place, `CREATE ROLE reads LOGIN SUPERUSER`)
				place = by(t, place, "reads")
			}
			openURL(t, place)
			administer(t, place, c.do)
			_, err := store.Open(t.Context(), store.Config{URL: place})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			if errors.Is(err, store.ErrUnreachable) != errors.Is(c.want, store.ErrUnreachable) {
				t.Errorf("got %v, which says that the database does not answer", err)
			}
		})
	}
}
