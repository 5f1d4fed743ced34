package lawtest_test

import (
	"fmt"
	"slices"
	"strings"
)

// law is what may import what. Paths are import paths.
type law struct {
	root, server, bench string
	addons              []string // modules of their own beside the root: what they bring has dependencies

	layers    []layer             // of the server module, highest first
	within    map[string][]string // importer: all that it may import of its own module
	forbidden map[string][]string // importer: what it never imports directly
	testOnly  []string            // importable by test files, and by one another, alone
}

// layer is packages of the server that do not import one another. What stands
// below one of them in the tree belongs to it.
type layer struct {
	name     string
	packages []string
}

// edge is one import, where it stands.
type edge struct {
	from, to string
	file     string
	test     bool // stands in a _test.go file
}

// violations returns a sentence for every package that the law does not know
// and for every edge that it forbids. Test files are held to the borders
// between the modules only: layers are about what is built into the product.
func (l law) violations(packages []string, edges []edge) []string {
	var found []string
	for _, p := range packages {
		if l.module(p) == l.server && !slices.Contains(l.testOnly, p) && l.rank(p) < 0 {
			found = append(found, fmt.Sprintf("%s is in no layer: add it to theLaw.layers in internal/lawtest/law_test.go", p))
		}
	}
	for _, e := range edges {
		if why := l.refuses(e); why != "" {
			found = append(found, fmt.Sprintf("%s: %s imports %s: %s", e.file, e.from, e.to, why))
		}
	}
	return found
}

// refuses returns why e may not be, or "" where it may.
func (l law) refuses(e edge) string {
	from, to := l.module(e.from), l.module(e.to)
	switch {
	case e.to == "C":
		return "the product builds without cgo"
	case to == l.bench && from != l.bench:
		return "nothing imports the module bench"
	case from == l.root && to == l.server:
		return "the root module never imports the server"
	case from == l.root && slices.Contains(l.addons, to):
		return "the root module never imports a module that has dependencies"
	case slices.Contains(l.addons, from) && to == l.server:
		return "what the library can do never needs the server"
	case from == l.root && to == "" && !standard(e.to):
		return "the root module requires nothing but the standard library, tests included"
	case e.test:
		return ""
	case slices.Contains(l.addons, from) && strings.HasPrefix(e.to, l.root+"/internal/"):
		return "users update the two modules apart, so only what is exported may be used"
	case slices.Contains(l.testOnly, e.to) && !slices.Contains(l.testOnly, e.from):
		return "only test files may import it"
	case slices.Contains(l.forbidden[l.owner(e.from)], e.to):
		return "this package never imports it directly"
	}
	if allowed, ok := l.within[e.from]; ok && to == l.root && !slices.Contains(allowed, e.to) {
		return "of the root module it may import only " + orNothing(allowed)
	}
	if from == l.server && to == l.server && l.owner(e.from) != l.owner(e.to) {
		upper, lower := l.rank(e.from), l.rank(e.to)
		if upper >= 0 && lower >= 0 && lower <= upper {
			return fmt.Sprintf("layer %s imports only layers below it, and this one is of layer %s", l.layers[upper].name, l.layers[lower].name)
		}
	}
	return ""
}

// module returns the module of ours that a path belongs to, or "".
func (l law) module(path string) string {
	for _, m := range slices.Concat(l.addons, []string{l.server, l.bench, l.root}) {
		if path == m || strings.HasPrefix(path, m+"/") {
			return m
		}
	}
	return ""
}

// owner returns the package of a layer that path is or stands below, or path
// itself. Nothing belongs to the server's own package in this way.
func (l law) owner(path string) string {
	for _, layer := range l.layers {
		for _, p := range layer.packages {
			if p != l.server && strings.HasPrefix(path, p+"/") {
				return p
			}
		}
	}
	return path
}

// rank returns the place of a package's layer, 0 for the highest, or -1.
func (l law) rank(path string) int {
	owner := l.owner(path)
	return slices.IndexFunc(l.layers, func(layer layer) bool { return slices.Contains(layer.packages, owner) })
}

// standard reports whether path is of the standard library, whose paths have
// no dot in their first element.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func orNothing(paths []string) string {
	if len(paths) == 0 {
		return "nothing"
	}
	return strings.Join(paths, ", ")
}
