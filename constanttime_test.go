package durward_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// compared are the calls that compare bytes in a time which depends on them, each with the file that may have
// them and why.
var compared = map[string]map[string]string{
	"bytes.Equal": {
		"internal/jwk/check.go":                "the public half of an Ed25519 key",
		"jwe/jwk.go":                           "the name of a curve",
		"server/internal/httpapi/wellknown.go": "the key set that is published",
		"fastkeys/ed25519.go":                  "a public signature and what a public key makes of it",
		"fastkeys/rsa.go":                      "a digest and what a public key makes of a signature",
	},
	"strings.Compare": {
		"session/memory.go":             "the ids of sessions, to sort them",
		"server/internal/store/bulk.go": "the names of columns, to sort them",
	},
	"reflect.DeepEqual": {"server/internal/store/storetest/suite.go": "test records"},
	"bytes.Compare":     nil,
	"slices.Equal": {
		"server/internal/store/postgrestx.go":            "the arguments of two statements of one caller",
		"server/internal/store/target.go":                "the columns of tables",
		"server/internal/store/sessiontest/histories.go": "the ids of sessions, in a test",
	},
	"slices.Compare": nil,
}

// secretName is what a secret, or what proves that somebody has one, is called in this code.
var secretName = regexp.MustCompile(`(?i)^(mac|tag|digest|sum|secret|password|passphrase|pepper|master|signature|private|seed)s?$`)

// plain are the operands of == that are called like a secret and are none, each with its file.
var plain = map[string]string{
	"signature.go tag":                            "of ASN.1",
	"server/internal/httpapi/wellknown.go tag":    "of the published key set",
	"server/internal/archive/reader.go digest":    "a checksum that stands in the file it is of",
	"server/restore.go file.Digest":               "the name of a backup",
	"server/internal/password/policy.go password": "beside a part of itself",
}

// C11: what is secret is compared in constant time. Whether that time is constant is measured by a benchmark; here it
// is held that nothing else compares.
func TestC11SecretsAreComparedInConstantTime(t *testing.T) {
	constant := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (path == "bench" || path == "examples" || path == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		path = filepath.ToSlash(path)
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				name := dotted(node.Fun)
				if name == "hmac.Equal" || name == "subtle.ConstantTimeCompare" {
					constant[path] = true
				}
				if allowed, listed := compared[name]; listed && allowed[path] == "" {
					t.Errorf("%s: %s compares in a time that depends on the bytes", set.Position(node.Pos()), name)
				}
			case *ast.BinaryExpr:
				if node.Op != token.EQL && node.Op != token.NEQ || constantOperand(node.X) || constantOperand(node.Y) {
					return true
				}
				for _, operand := range []ast.Expr{node.X, node.Y} {
					if name := dotted(operand); secretName.MatchString(name[strings.LastIndexByte(name, '.')+1:]) && plain[path+" "+name] == "" {
						t.Errorf("%s: %s compares %s in a time that depends on it", set.Position(node.Pos()), node.Op, name)
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"signature.go", "session/codec.go", "server/internal/password/argon2.go", "server/internal/password/scrypt.go",
		"server/internal/password/pbkdf2.go", "server/internal/httpapi/cursor.go",
	} {
		if !constant[path] {
			t.Errorf("%s compares a MAC or a hash, but never in constant time", path)
		}
	}
}

// dotted is the text of a name, of a selection from one or of a conversion to string.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return dotted(e.X) + "." + e.Sel.Name
	case *ast.CallExpr:
		if name := dotted(e.Fun); name == "string" && len(e.Args) == 1 {
			return dotted(e.Args[0])
		}
	}
	return ""
}

// constantOperand says whether one side is nil, a literal or empty: nothing that anybody could learn.
func constantOperand(e ast.Expr) bool {
	_, literal := e.(*ast.BasicLit)
	return literal || slices.Contains([]string{"nil", "true", "false"}, dotted(e))
}
