package store_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/pgtest"
	"github.com/jackc/pgx/v5"
)

// ofSQLite are statements that ask SQLite about itself.
var ofSQLite = []string{"hasVersion", "listTables", "listColumns"}

// TestEveryStatementIsUnderstoodByPostgreSQL prepares all of them there.
func TestEveryStatementIsUnderstoodByPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	openURL(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	statements := constants(t, ofBoth)
	maps.Copy(statements, constants(t, ofPostgres))
	maps.Copy(statements, eventQueries())
	for name, text := range statements {
		if slices.Contains(ofSQLite, name) {
			continue
		}
		if _, err := conn.Prepare(t.Context(), "", text); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}

// TestNoStatementScansATableOfPostgreSQL explains every statement with scans made dear, so that
// one remains only where no index serves.
func TestNoStatementScansATableOfPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	openURL(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, setting := range []string{"enable_seqscan = off", "plan_cache_mode = force_generic_plan"} {
		if _, err := conn.Exec(t.Context(), "SET "+setting); err != nil {
			t.Fatal(err)
		}
	}
	statements := constants(t, ofBoth)
	maps.Copy(statements, constants(t, ofPostgres))
	maps.Copy(statements, eventQueries())
	for name, text := range statements {
		if slices.Contains(ofSQLite, name) || scans[name] != "" || scansOfPostgres[name] != "" {
			continue
		}
		plan := explainPostgres(t, conn, name, text)
		if scansPostgres(plan) {
			t.Errorf("%s scans:\n%s\n%s", name, text, plan)
		}
	}
	for name := range scansOfPostgres {
		if statements[name] == "" {
			t.Errorf("there is no statement %s any more", name)
		}
	}
	for name, text := range map[string]string{
		"a whole table":             `SELECT id FROM users WHERE email = $1`,
		"a whole table, in order":   `SELECT id FROM users WHERE email = $1 ORDER BY id`,
		"a whole index":             `SELECT id FROM users`,
		"a whole table, in a query": `DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE scopes = $1 ORDER BY id LIMIT $2)`,
	} {
		if plan := explainPostgres(t, conn, name, text); !scansPostgres(plan) {
			t.Errorf("%s: the scan was not seen:\n%s", name, plan)
		}
	}
}

// scansOfPostgres are further statements that may read a whole table or index of PostgreSQL, and why.
var scansOfPostgres = map[string]string{
	"activeKey":           "an index of the one active key alone",
	"hasVersionPostgres":  "the catalogue, once at start",
	"readVersionPostgres": "one row a migration, once at start",
	"lockMigrator":        "a table of one row, once at start",
	"listTablesPostgres":  "the catalogue, for a backup",
	"listColumnsPostgres": "the catalogue, for a backup",
	"listReferences":      "the catalogue, for a restore",
	"invalidIndexes":      "the catalogue, for a check",
	"orphanedSessions":    "every session, for a check",
	"countOthers":         "the connections, for a move",
}

// scansPostgres reports whether a plan reads a whole table or a whole index.
func scansPostgres(plan string) bool {
	if strings.Contains(plan, "Seq Scan") {
		return true
	}
	lines := strings.Split(plan, "\n")
	for i, line := range lines {
		if !strings.Contains(line, "Index Scan") && !strings.Contains(line, "Index Only Scan") {
			continue
		}
		if i+1 == len(lines) || !strings.Contains(lines[i+1], "Index Cond:") {
			return true
		}
	}
	return false
}

func explainPostgres(t *testing.T, conn *pgx.Conn, name, text string) string {
	t.Helper()
	described, err := conn.Prepare(t.Context(), "explained", text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(described.ParamOIDs)), ", ")
	call := "explained"
	if nulls != "" {
		call = fmt.Sprintf("explained(%s)", nulls)
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE "+call, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := conn.Deallocate(t.Context(), "explained"); err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "\n")
}

// unportable is what CockroachDB or YugabyteDB refuse, or what a pooler in between would break.
var unportable = regexp.MustCompile(`(?i)advisory|\bLISTEN\b|NOTIFY|SERIAL\b|DEFERRABLE|\bTEMP(ORARY)?\b|SKIP LOCKED|NOWAIT|FOR (NO KEY |KEY )?(UPDATE|SHARE)` +
	`|\bLOCK (TABLE|\w+ IN)|CREATE (OR REPLACE )?(CONSTRAINT )?(TRIGGER|FUNCTION|PROCEDURE|RULE|EXTENSION|DOMAIN|AGGREGATE|EVENT|SERVER|PUBLICATION|COLLATION|CAST|OPERATOR)` +
	`|EXCLUDE USING|UNLOGGED|WITH HOLD|\bCURSOR\b|\bCTID\b|\bXMIN\b|\bXMAX\b|\bOID\b|USING (GIN|GIST|BRIN|HASH|SPGIST)|\bDO \$|\bDO LANGUAGE|PARTITION (BY|OF)|INHERITS|TABLESAMPLE` +
	`|\bMERGE INTO|\bLO_|TXID_|PG_CURRENT_|PG_SLEEP|TABLEOID|CONCURRENTLY|IDENTITY|NEXTVAL|CREATE SEQUENCE|SET TRANSACTION|\bVACUUM\b|REINDEX|CLUSTER|\bDISCARD\b`)

// TestNothingNeedsWhatOnlyPostgreSQLHas holds docs/decisions/0014 over every constant, whether or not it looks like a statement, and
// every migration. TestEveryStatementHasAName sees to it that there is no other text.
func TestNothingNeedsWhatOnlyPostgreSQLHas(t *testing.T) {
	texts := readSource(t).texts
	delete(texts, "invalidIndexes") // reads the catalogue, as the others let one do
	migrations, err := fs.Glob(os.DirFS("migrations"), "*.sql")
	if err != nil || len(migrations) == 0 {
		t.Fatalf("got migrations %v and error %v", migrations, err)
	}
	for _, name := range migrations {
		text, err := os.ReadFile("migrations/" + name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = withoutComments(string(text))
	}
	for name, text := range texts {
		if found := unportable.FindString(text); found != "" {
			t.Errorf("%s has %q:\n%s", name, found, text)
		}
	}
	for _, text := range []string{
		`LOCK TABLE users`, `LOCK users IN SHARE MODE`, `SELECT pg_notify('revoked', $1)`, `LISTEN revoked`, `SELECT pg_advisory_xact_lock(1)`, `SELECT id FROM users FOR UPDATE`,
		`CREATE OR REPLACE FUNCTION f()`, `CREATE CONSTRAINT TRIGGER t`, `id BIGSERIAL`, `id BIGINT GENERATED ALWAYS AS IDENTITY`, `CREATE INDEX CONCURRENTLY i`,
	} {
		if !unportable.MatchString(text) {
			t.Errorf("%q was not seen", text)
		}
	}
}

func withoutComments(sql string) string {
	return regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(sql, "")
}

// TestTextsSortByTheirBytesOnPostgreSQL holds that pages follow one another in the order that SQLite has too.
func TestTextsSortByTheirBytesOnPostgreSQL(t *testing.T) {
	url := pgtest.Database(t)
	openURL(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'migrator'`)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(wrong) > 0 {
		t.Errorf("got columns %v in the order of a language, and error %v, want none", wrong, err)
	}
}
