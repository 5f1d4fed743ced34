package durward_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

// B30: nobody can get claims out of a token that was not verified by taking the wrong function. All that return
// Claims are these, and the two that read a text demand a verifier.
func TestB30ClaimsComeFromVerificationAlone(t *testing.T) {
	want := map[string]string{
		"Verifier.Verify":          "checks everything",
		"Verifier.VerifyForLogout": "checks everything but the expiry and the revocation",
		"Guard.Check":              "checks everything",
		"Refusal.Claims":           "gives what a guard has verified",
		"FromContext":              "gives what a guard has verified",
	}
	got := map[string]bool{}
	for _, file := range ownFiles(t) {
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || !f.Name.IsExported() || f.Type.Results == nil {
				continue
			}
			name := f.Name.Name
			if f.Recv != nil {
				receiver := f.Recv.List[0].Type
				if star, ok := receiver.(*ast.StarExpr); ok {
					receiver = star.X
				}
				name = dotted(receiver) + "." + name
			}
			for _, result := range f.Type.Results.List {
				ast.Inspect(result.Type, func(node ast.Node) bool {
					if _, ok := node.(*ast.FuncType); ok {
						return false
					}
					if ident, ok := node.(*ast.Ident); ok && ident.Name == "Claims" {
						got[name] = true
					}
					return true
				})
			}
			for _, word := range []string{"Unverified", "Unsafe", "Insecure", "Parse"} {
				if strings.Contains(f.Name.Name, word) && !strings.Contains(f.Name.Name, "JWK") && !strings.Contains(f.Name.Name, "PEM") && !strings.HasPrefix(f.Name.Name, "ParseKeySet") {
					t.Errorf("%s: the name promises claims without verification", name)
				}
			}
		}
	}
	if !maps.EqualFunc(want, got, func(string, bool) bool { return true }) {
		t.Errorf("got claims from %q, want them from %q alone", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}

	m := materialOf(t, durward.ES256)
	v := newVerifier(t, config(m.key))
	token := m.forge(t, m.header(), payload())
	forged := token[:strings.LastIndexByte(token, '.')+1] + encode(strings.Repeat("\x01", 64))
	for name, verify := range map[string]func(context.Context, string) (durward.Claims, error){
		"Verify": v.Verify, "VerifyForLogout": v.VerifyForLogout,
	} {
		if claims, err := verify(t.Context(), forged); !errors.Is(err, durward.ErrTokenSignature) || claims.Subject != "" {
			t.Errorf("%s of a forged token: got %+v and %v, want %v alone", name, claims, err, durward.ErrTokenSignature)
		}
	}
	if claims := durward.FromContext(t.Context()); claims.Subject != "" || claims.Issuer != "" {
		t.Errorf("got %+v from a context that no guard has made, want none", claims)
	}
}

// ownFiles are the files of the package, tests aside.
func ownFiles(t *testing.T) []*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	if len(files) < 10 {
		t.Fatalf("got %d files, want those of the package", len(files))
	}
	return files
}

// lookups notes what a verifier asks for.
type lookups struct {
	durward.KeySource
	asked []string
}

func (l *lookups) Lookup(ctx context.Context, algorithm durward.Algorithm, id string) (*durward.VerificationKey, error) {
	l.asked = append(l.asked, string(algorithm)+" "+id)
	return l.KeySource.Lookup(ctx, algorithm, id)
}

// B19: no address can be made out of claims, because whoever finds the keys learns of a token its algorithm
// and key id alone, and does so before a claim is read.
func TestB19KeysAreFoundWithoutClaims(t *testing.T) {
	m := materialOf(t, durward.HS256)
	for _, claim := range []string{
		`iss:"http://127.0.0.1:1/{{kid}}"`, `iss:"https://issuer.test/../evil"`, `jku:"http://127.0.0.1:1/"`, `jwks_uri:"http://127.0.0.1:1/"`,
		`tenant:"evil.example/#"`, `iss:"https://issuer.test@evil.example"`,
	} {
		source := &lookups{KeySource: m.key}
		v := newVerifier(t, config(source))
		_, err := v.Verify(t.Context(), m.forge(t, m.header(), payload(claim)))
		if strings.HasPrefix(claim, "iss") != errors.Is(err, durward.ErrTokenIssuer) {
			t.Errorf("B19 %s: got %v", claim, err)
		}
		if want := "HS256 " + m.key.ID(); len(source.asked) != 1 || source.asked[0] != want {
			t.Errorf("B19 %s: asked for %q, want %q once", claim, source.asked, want)
		}
	}
}

// D23: proofs of possession are not checked here, so a token that is bound to a key (RFC 9449 §6, RFC 8705 §3) is
// refused as a bearer token, whatever proof comes beside it: it is never taken for one that needs none.
func TestD23ABoundTokenIsNoBearerToken(t *testing.T) {
	m := materialOf(t, durward.HS256)
	for name, binding := range map[string]string{
		"D23 to the key of a proof": `cnf:{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`,
		"D23 to a certificate":      `cnf:{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}`,
		"D23 to a key that it has":  `cnf:{"jwk":{"kty":"oct","k":"AA"}}`,
		"D23 to nothing":            `cnf:{}`,
		"D23 to a text":             `cnf:"x"`,
	} {
		t.Run(name, func(t *testing.T) {
			token := m.forge(t, m.header(), payload(binding))
			refused(t, newVerifier(t, config(m.key)), token, durward.ErrTokenBound)
			guard, err := durward.New(config(m.key))
			if err != nil {
				t.Fatal(err)
			}
			for _, scheme := range []string{"Bearer", "DPoP"} {
				checkBound(t, guard, scheme, token)
			}
		})
	}
}

func checkBound(t *testing.T, guard *durward.Guard, scheme, token string) {
	t.Helper()
	reached := false
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", scheme+" "+token)
	r.Header.Set("DPoP", token)
	w := serve(guard.Require(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true })), r)
	if reached || w.Code != 400 && w.Code != 401 {
		t.Errorf("%s: got %d and the handler reached: %v, want a refusal", scheme, w.Code, reached)
	}
}
