package lawtest_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// house is the sizes and names that every package keeps.
type house struct {
	maxLines int      // of a file
	maxDepth int      // folders of a package below its module
	names    []string // that no package has, because they own nothing
}

// violations returns a sentence for every rule that a package breaks.
func (h house) violations(t tree) []string {
	var found []string
	for _, p := range t.packages {
		if depth := p.depth(); depth > h.maxDepth {
			found = append(found, fmt.Sprintf("%s is %d folders deep, more than %d", p.path, depth, h.maxDepth))
		}
		if !p.documented() {
			found = append(found, fmt.Sprintf("%s has no package comment: say in doc.go what it owns", p.path))
		}
		for _, f := range p.files {
			found = append(found, h.inFile(t.fset, p, f)...)
		}
	}
	return found
}

func (h house) inFile(fset *token.FileSet, p pkg, f file) []string {
	var found []string
	if f.lines > h.maxLines {
		found = append(found, fmt.Sprintf("%s has %d lines, more than %d: split it by meaning", f.name, f.lines, h.maxLines))
	}
	name := strings.TrimSuffix(f.syntax.Name.Name, "_test")
	if slices.Contains(h.names, name) || slices.Contains(h.names, path.Base(p.path)) {
		found = append(found, fmt.Sprintf("%s: a package is named for what it owns, and %s owns nothing", f.name, name))
	}
	if f.test {
		for _, pos := range sleeps(f.syntax) {
			found = append(found, fmt.Sprintf("%s:%d: a test never sleeps: use testing/synctest, or wait for the condition", f.name, fset.Position(pos).Line))
		}
	}
	return found
}

// sleeps returns where a file names time.Sleep outside the argument of a
// synctest.Test call, in which sleeping moves a clock and waits for nothing.
func sleeps(f *ast.File) []token.Pos {
	timeName, synctestName := importName(f, "time"), importName(f, "testing/synctest")
	if timeName == "" {
		return nil
	}
	var found []token.Pos
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			return synctestName == "" || !names(n.Fun, synctestName, "Test")
		case *ast.SelectorExpr:
			if names(n, timeName, "Sleep") {
				found = append(found, n.Pos())
			}
		}
		return true
	})
	return found
}

// importName returns what a file calls the package at path, or "".
func importName(f *ast.File, importPath string) string {
	for _, spec := range f.Imports {
		if p, err := strconv.Unquote(spec.Path.Value); err != nil || p != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// names reports whether n is the expression pkg.name.
func names(n ast.Expr, pkg, name string) bool {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != name {
		return false
	}
	x, ok := selector.X.(*ast.Ident)
	return ok && x.Name == pkg
}
