package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ofBoth and ofPostgres choose the files with the statements of both databases, and those of PostgreSQL alone.
func ofBoth(file string) bool     { return !strings.HasPrefix(file, "postgres") }
func ofPostgres(file string) bool { return strings.HasPrefix(file, "postgres") }

// constants returns every SQL statement among the constants of the package's source files that are wanted.
func constants(t *testing.T, wanted func(file string) bool) map[string]string {
	t.Helper()
	s := readSource(t)
	statement := regexp.MustCompile(`(?i)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE|REPLACE)\s`)
	statements := map[string]string{}
	for name, text := range s.texts {
		if wanted(s.from[name]) && statement.MatchString(text) {
			statements[name] = text
		}
	}
	return statements
}

// source is what the files of the package say, tests left out.
type source struct {
	files map[string]*ast.File
	texts map[string]string // constants
	from  map[string]string // the files where they are
}

func readSource(t *testing.T) source {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	s := source{map[string]*ast.File{}, map[string]string{}, map[string]string{}}
	values, twice := map[string]ast.Expr{}, map[string]bool{}
	for _, file := range names {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		s.files[file] = tree
		ast.Inspect(tree, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok {
				for i, value := range spec.Values {
					name := spec.Names[i].Name
					twice[name] = twice[name] || values[name] != nil
					values[name], s.from[name] = value, file
				}
			}
			return true
		})
	}
	for name, value := range values {
		text, ok := evaluate(value, values)
		if !ok {
			continue
		}
		s.texts[name] = text
		if twice[name] && name != "_" {
			t.Errorf("%s is declared twice: a test of the statements would see one of the two", name)
		}
	}
	return s
}

// evaluate returns the value of a constant text.
func evaluate(e ast.Expr, values map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		value, ok := values[e.Name]
		if !ok {
			return "", false
		}
		return evaluate(value, values)
	case *ast.ParenExpr:
		return evaluate(e.X, values)
	case *ast.BinaryExpr:
		left, ok := evaluate(e.X, values)
		right, also := evaluate(e.Y, values)
		return left + right, ok && also && e.Op == token.ADD
	}
	return "", false
}

// unnamed are the texts in SQL, or the beginnings of such, that no constant names, by file: those that control transactions,
// those of SQLite alone, and those that are put together for a table of a backup or for a query for events.
var unnamed = map[string][]string{
	"audit.go": {"SELECT ", " FROM (", " FROM audit WHERE ", " UNION ALL "},
	"check.go": {"PRAGMA integrity_check(20)", "PRAGMA foreign_key_check"},
	"writer.go": {"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", "SAVEPOINT job", "RELEASE job", "ROLLBACK TO job",
		"PRAGMA wal_checkpoint(PASSIVE)"},
	"migrate.go":        {"PRAGMA journal_mode(WAL)"},
	"sqlite.go":         {"PRAGMA "},
	"snapshot.go":       {"SELECT ", "SELECT COUNT(*) FROM ", " FROM ", " ORDER BY "},
	"tables.go":         {" WHERE name <> '"},
	"target.go":         {"INSERT INTO ", ") VALUES (", "DELETE FROM ", "PRAGMA wal_checkpoint(TRUNCATE)"},
	"postgrestarget.go": {"SELECT COUNT(*) FROM ", "DROP TABLE ", "DROP TABLE goose_db_version"},
	"postgresbulk.go":   {"ALTER TABLE ", " DROP CONSTRAINT "},
	"indexes.go":        {"DROP", "DROP INDEX ", "PRAGMA "},
	"postgrestx.go":     {"BEGIN", "COMMIT", "ROLLBACK"},
}

// TestEveryStatementHasAName looks for SQL outside of constants, which no other test would see.
func TestEveryStatementHasAName(t *testing.T) {
	sql := regexp.MustCompile(`^\s*\)?\s*(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|MERGE|REPLACE|CREATE|DROP|ALTER|TRUNCATE|LOCK|LISTEN|NOTIFY|SET|RESET|DO|CALL|COPY|DECLARE|` +
		`FETCH|EXPLAIN|ANALYZE|VACUUM|REINDEX|ATTACH|DETACH|PRAGMA|BEGIN|START|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|GRANT|REVOKE|PREPARE|EXECUTE|DISCARD|REFRESH|TABLE|` +
		`FROM|WHERE|JOIN|UNION|GROUP|ORDER|LIMIT|RETURNING)\b` +
		`|(?i:^\s*(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|lock\s+table|(create|drop|alter)\s+(table|index))\b)`)
	s := readSource(t)
	for file, tree := range s.files {
		used := map[string]bool{}
		ast.Inspect(tree, func(n ast.Node) bool {
			if decl, ok := n.(*ast.GenDecl); ok && (decl.Tok == token.CONST || decl.Tok == token.IMPORT) {
				return false
			}
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if used[text] = true; sql.MatchString(text) && !slices.Contains(unnamed[file], text) {
				t.Errorf("%s: %q is no constant", file, text)
			}
			return true
		})
		for _, text := range unnamed[file] {
			if !used[text] {
				t.Errorf("%s does not say %q any more", file, text)
			}
		}
	}
}

// runs are the names of what takes a statement, and which argument it is.
var runs = map[string]int{
	"exec": 1, "query": 1, "post": 1, "ahead": 0, "one": 3, "all": 3, "collect": 3, "control": 0, "column": 2, "credentials": 1, "updateUser": 1, "exactlyOneKey": 1,
	"ExecContext": 1, "QueryContext": 1, "QueryRowContext": 1, "PrepareContext": 1, "Exec": 1, "Query": 1, "QueryRow": 1, "Prepare": 2, "Queue": 0,
}

// passing are the functions that run a statement which they were given, or put together from the texts of unnamed.
var passing = []string{
	"exec", "query", "post", "ahead", "stmt", "one", "all", "collect", "column", "control", "fly", // of the connections
	"Events", "Sweep", "names", "columns", "check", "SessionsPage", "credentials", "updateUser", "raise", "exactlyOneKey", // choose among constants
	"inForce", "clear", "hollow", "describe", "Rows", "begin", "insert", "postpone", "postponeReferences", "Index", "sortIn", // put together
}

// TestNoStatementIsMadeWhileTheProgramRuns holds every call that runs SQL to a constant: text that comes from elsewhere could
// be anybody's.
func TestNoStatementIsMadeWhileTheProgramRuns(t *testing.T) {
	s := readSource(t)
	for file, tree := range s.files {
		for _, decl := range tree.Decls {
			function, ok := decl.(*ast.FuncDecl)
			if !ok || slices.Contains(passing, function.Name.Name) {
				continue
			}
			ast.Inspect(function, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				at, ok := runs[called(call)]
				if !ok || at >= len(call.Args) {
					return true
				}
				switch text := call.Args[at].(type) {
				case *ast.Ident:
					if s.texts[text.Name] == "" {
						t.Errorf("%s: %s runs %s, which is no constant", file, function.Name.Name, text.Name)
					}
				case *ast.BasicLit: // TestEveryStatementHasAName looks at it
				default:
					t.Errorf("%s: %s runs a statement that is put together", file, function.Name.Name)
				}
				return true
			})
		}
	}
}

// called is the name of the function or the method that is called.
func called(call *ast.CallExpr) string {
	switch function := call.Fun.(type) {
	case *ast.Ident:
		return function.Name
	case *ast.SelectorExpr:
		return function.Sel.Name
	}
	return ""
}
