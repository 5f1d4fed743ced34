package lawtest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheLawAllowsWhatRunsDownward(t *testing.T) {
	for _, e := range []edge{
		{from: serverModule + "/cmd/durward", to: serverModule},
		{from: serverModule + "/cmd/durward", to: serverModule + "/internal/password"},
		{from: serverModule, to: serverModule + "/internal/httpapi"},
		{from: serverModule + "/internal/store", to: serverModule + "/internal/account"},
		{from: serverModule + "/internal/store", to: "database/sql"},
		{from: serverModule + "/internal/httpapi", to: "net/http"},
		{from: serverModule + "/internal/account", to: serverModule + "/internal/audit"},
		{from: serverModule + "/internal/account", to: rootModule},
		{from: serverModule + "/internal/password", to: "golang.org/x/crypto/argon2"},
		{from: serverModule + "/internal/store", to: serverModule + "/internal/store/migrations"},
		{from: serverModule + "/internal/store/migrations", to: serverModule + "/internal/account"},
		{from: rootModule + "/internal/jwk", to: rootModule + "/internal/jws"},
		{from: rootModule + "/internal/jws", to: rootModule + "/internal/strictjson"},
		{from: rootModule, to: "net/http"},
		{from: benchModule, to: serverModule},
		{from: mldsaModule, to: rootModule},
		{from: mldsaModule, to: "filippo.io/mldsa"},
		{from: benchModule, to: fastkeysModule},
		{from: jweModule, to: rootModule + "/internal/vectors", test: true},
		{from: serverModule, to: mldsaModule},
		{from: benchModule, to: "github.com/golang-jwt/jwt/v5"},
		{from: rootModule, to: rootModule + "/durwardtest", test: true},
		{from: serverModule + "/internal/httpapi", to: serverModule + "/internal/store", test: true},
		{from: serverModule + "/internal/store/storetest", to: rootModule + "/durwardtest"},
	} {
		if got := theLaw.violations([]string{e.from}, []edge{e}); len(got) != 0 {
			t.Errorf("%s imports %s (test: %v): got %q, want no violation", e.from, e.to, e.test, got)
		}
	}
}

func TestTheLawRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		edge edge
		want string
	}{
		"the root module importing the server": {
			edge{from: rootModule + "/session", to: serverModule + "/internal/store"}, "never imports the server"},
		"a test of the root module importing the server": {
			edge{from: rootModule, to: serverModule, test: true}, "never imports the server"},
		"the root module importing a module beside it": {
			edge{from: rootModule, to: jweModule, test: true}, "never imports a module that has dependencies"},
		"a module beside the root importing the server": {
			edge{from: mldsaModule, to: serverModule, test: true}, "never needs the server"},
		"a module beside the root importing its internals": {
			edge{from: jweModule, to: rootModule + "/internal/strictjson"}, "only what is exported"},
		"the root module importing bench": {
			edge{from: rootModule, to: benchModule}, "nothing imports the module bench"},
		"the server importing bench": {
			edge{from: serverModule, to: benchModule + "/oracle", test: true}, "nothing imports the module bench"},
		"the root module requiring a library in a test": {
			edge{from: rootModule, to: "github.com/google/go-cmp/cmp", test: true}, "nothing but the standard library"},
		"cgo": {
			edge{from: serverModule, to: "C"}, "without cgo"},
		"a parser importing net/http": {
			edge{from: rootModule + "/internal/jws", to: "net/http"}, "never imports it directly"},
		"jws importing jwk": {
			edge{from: rootModule + "/internal/jws", to: rootModule + "/internal/jwk"}, "may import only"},
		"strictjson importing jws": {
			edge{from: rootModule + "/internal/strictjson", to: rootModule + "/internal/jws"}, "may import only nothing"},
		"the domain importing net/http": {
			edge{from: serverModule + "/internal/account", to: "net/http"}, "never imports it directly"},
		"the domain importing database/sql": {
			edge{from: serverModule + "/internal/keyring", to: "database/sql"}, "never imports it directly"},
		"store importing httpapi": {
			edge{from: serverModule + "/internal/store", to: serverModule + "/internal/httpapi"}, "layer edge imports only layers below"},
		"httpapi importing store": {
			edge{from: serverModule + "/internal/httpapi", to: serverModule + "/internal/store"}, "layer edge imports only layers below"},
		"console importing httpapi": {
			edge{from: serverModule + "/internal/console", to: serverModule + "/internal/httpapi"}, "layer edge imports only layers below"},
		"account importing keyring": {
			edge{from: serverModule + "/internal/account", to: serverModule + "/internal/keyring"}, "layer domain imports only layers below"},
		"account importing store": {
			edge{from: serverModule + "/internal/account", to: serverModule + "/internal/store"}, "this one is of layer edge"},
		"a leaf importing a leaf": {
			edge{from: serverModule + "/internal/limit", to: serverModule + "/internal/audit"}, "layer leaf imports only layers below"},
		"a leaf importing the domain": {
			edge{from: serverModule + "/internal/audit", to: serverModule + "/internal/account"}, "this one is of layer domain"},
		"a part of a package importing upward": {
			edge{from: serverModule + "/internal/password/wordset", to: serverModule + "/internal/account"}, "this one is of layer domain"},
		"a part of a package importing what the package may not": {
			edge{from: serverModule + "/internal/account/rules", to: "net/http"}, "never imports it directly"},
		"a part of another package": {
			edge{from: serverModule + "/internal/httpapi", to: serverModule + "/internal/store/migrations"}, "this one is of layer edge"},
		"httpapi importing the server": {
			edge{from: serverModule + "/internal/httpapi", to: serverModule}, "this one is of layer server"},
		"the product importing what is for tests": {
			edge{from: serverModule, to: rootModule + "/durwardtest"}, "only test files"},
		"a package importing its own tests' support": {
			edge{from: serverModule + "/internal/store", to: serverModule + "/internal/store/storetest"}, "only test files"},
	} {
		t.Run(name, func(t *testing.T) {
			c.edge.file = "made/up.go"
			got := theLaw.violations([]string{c.edge.from}, []edge{c.edge})
			if len(got) != 1 || !strings.Contains(got[0], c.want) || !strings.HasPrefix(got[0], "made/up.go: ") {
				t.Errorf("got %q, want one sentence with %q", got, c.want)
			}
		})
	}
}

func TestTheLawRefusesAPackageInNoLayer(t *testing.T) {
	got := theLaw.violations([]string{serverModule + "/internal/mail"}, nil)
	if len(got) != 1 || !strings.Contains(got[0], "is in no layer: add it") {
		t.Errorf("got %q, want a sentence that says to add the package", got)
	}
}

func TestTheHouseRefuses(t *testing.T) {
	const sleeper = "package ok_test\n\nimport \"time\"\n\nfunc nap() { time.Sleep(1) }\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string // "" for nothing
	}{
		"nothing where all is well": {
			map[string]string{"a/b/c/c.go": "// Package c is deep.\npackage c\n"}, ""},
		"a file of 501 lines": {
			map[string]string{"a/a.go": "// Package a is long.\npackage a\n" + strings.Repeat("\n", 499)}, "a/a.go has 501 lines"},
		"no file of 500 lines": {
			map[string]string{"a/a.go": "// Package a is long.\npackage a\n" + strings.Repeat("\n", 498)}, ""},
		"a package four folders deep": {
			map[string]string{"a/b/c/d/d.go": "// Package d is deep.\npackage d\n"}, "m/a/b/c/d is 4 folders deep"},
		"no package four folders deep in a nested module three deep": {
			map[string]string{"n/go.mod": "module m/n\n", "n/b/c/d/d.go": "// Package d is deep.\npackage d\n"}, ""},
		"a package called util": {
			map[string]string{"util/u.go": "// Package util owns nothing.\npackage util\n"}, "util owns nothing"},
		"a package without a comment": {
			map[string]string{"a/a.go": "package a\n"}, "m/a has no package comment"},
		"a test that sleeps": {
			map[string]string{"ok_test.go": sleeper}, "ok_test.go:5: a test never sleeps"},
		"a test that sleeps under another name": {
			map[string]string{"ok_test.go": strings.NewReplacer(`"time"`, `clock "time"`, "time.Sleep", "clock.Sleep").Replace(sleeper)}, "a test never sleeps"},
		"no program that sleeps": {
			map[string]string{"nap.go": strings.Replace(sleeper, "ok_test", "ok", 1)}, ""},
		"no sleep in a bubble": {
			map[string]string{"ok_test.go": "package ok_test\n\nimport (\n\"testing\"\n\"testing/synctest\"\n\"time\"\n)\n\n" +
				"func TestNap(t *testing.T) { synctest.Test(t, func(*testing.T) { time.Sleep(1) }) }\n"}, ""},
		"a sleep beside a bubble": {
			map[string]string{"ok_test.go": "package ok_test\n\nimport (\n\"testing\"\n\"testing/synctest\"\n\"time\"\n)\n\n" +
				"func TestNap(t *testing.T) { time.Sleep(1); synctest.Test(t, func(*testing.T) {}) }\n"}, "a test never sleeps"},
		"nothing in testdata": {
			map[string]string{"testdata/util/u.go": "package util\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"go.mod": {Data: []byte("module m\n")},
				"ok.go":  {Data: []byte("// Package ok is well kept.\npackage ok\n")},
			}
			for name, text := range c.files {
				fsys[name] = &fstest.MapFile{Data: []byte(text)}
			}
			all, err := readTree(fsys)
			if err != nil {
				t.Fatal(err)
			}
			got := theHouse.violations(all)
			if c.want == "" && len(got) != 0 {
				t.Errorf("got %q, want nothing", got)
			}
			if c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
				t.Errorf("got %q, want one sentence with %q", got, c.want)
			}
		})
	}
}

func TestReadTreeFindsPackagesModulesAndImports(t *testing.T) {
	all, err := readTree(fstest.MapFS{
		"go.mod":        {Data: []byte("module m\n")},
		"m.go":          {Data: []byte("package m\n\nimport \"m/a\"\n")},
		"a/a.go":        {Data: []byte("package a\n")},
		"n/go.mod":      {Data: []byte("module m/n\n")},
		"n/b/b_test.go": {Data: []byte("//go:build windows\n\npackage b\n\nimport \"m\"\n")},
		".hidden/h.go":  {Data: []byte("not Go")},
		"_old/o.go":     {Data: []byte("not Go")},
	})
	if err != nil {
		t.Fatal(err)
	}
	paths, edges := all.edges()
	if got, want := fmt.Sprint(paths), "[m/a m m/n/b]"; got != want {
		t.Errorf("packages: got %s, want %s", got, want)
	}
	want := []edge{{from: "m", to: "m/a", file: "m.go"}, {from: "m/n/b", to: "m", file: "n/b/b_test.go", test: true}}
	if fmt.Sprint(edges) != fmt.Sprint(want) {
		t.Errorf("edges: got %v, want %v", edges, want)
	}
}

func TestReadTreeRefusesWhatIsNotGo(t *testing.T) {
	_, err := readTree(fstest.MapFS{"go.mod": {Data: []byte("module m\n")}, "m.go": {Data: []byte("packge m\n")}})
	if err == nil {
		t.Fatal("got no error, want the parser's")
	}
}
