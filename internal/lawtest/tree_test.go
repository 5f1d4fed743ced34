package lawtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// tree is every Go package below a folder, whatever its build constraints.
type tree struct {
	fset     *token.FileSet
	modules  map[string]string // folder: module path
	packages []pkg
}

type pkg struct {
	path, module string
	files        []file
}

type file struct {
	name   string // from the top of the tree
	lines  int
	test   bool
	syntax *ast.File
}

// readTree parses every Go file of fsys but those that the go command
// ignores: in testdata, in vendor, and below names that begin with . or _.
func readTree(fsys fs.FS) (tree, error) {
	t := tree{fset: token.NewFileSet(), modules: map[string]string{}}
	byFolder := map[string]*pkg{}
	var folders []string

	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case entry.IsDir():
			if name != "." && ignored(base) {
				return fs.SkipDir
			}
			return t.readModule(fsys, name)
		case path.Ext(name) != ".go" || ignored(base):
			return nil
		}
		f, err := t.readFile(fsys, name)
		if err != nil {
			return err
		}
		folder := path.Dir(name)
		if byFolder[folder] == nil {
			p, err := t.place(folder)
			if err != nil {
				return err
			}
			byFolder[folder] = &p
			folders = append(folders, folder)
		}
		byFolder[folder].files = append(byFolder[folder].files, f)
		return nil
	})
	for _, folder := range folders {
		t.packages = append(t.packages, *byFolder[folder])
	}
	return t, err
}

func ignored(base string) bool {
	return base == "testdata" || base == "vendor" || base == "node_modules" || base[0] == '.' || base[0] == '_'
}

// readModule notes the module whose go.mod stands in folder, if one does.
func (t tree) readModule(fsys fs.FS, folder string) error {
	text, err := fs.ReadFile(fsys, path.Join(folder, "go.mod"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	for line := range strings.Lines(string(text)) {
		if module, ok := strings.CutPrefix(line, "module "); ok {
			t.modules[folder] = strings.TrimSpace(module)
			return nil
		}
	}
	return fmt.Errorf("%s/go.mod names no module", folder)
}

func (t tree) readFile(fsys fs.FS, name string) (file, error) {
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		return file{}, err
	}
	syntax, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, fmt.Errorf("parse: %w", err)
	}
	lines := bytes.Count(text, []byte("\n"))
	return file{name: name, lines: lines, test: strings.HasSuffix(name, "_test.go"), syntax: syntax}, nil
}

// place returns the empty package of a folder, under the nearest module above.
func (t tree) place(folder string) (pkg, error) {
	for above := folder; ; above = path.Dir(above) {
		if module, ok := t.modules[above]; ok {
			below := strings.TrimPrefix(strings.TrimPrefix(folder, above), "/")
			if above == "." && folder != "." {
				below = folder
			}
			return pkg{path: path.Join(module, below), module: module}, nil
		}
		if above == "." {
			return pkg{}, fmt.Errorf("%s belongs to no module", folder)
		}
	}
}

// edges returns every import, and paths the package it stands in.
func (t tree) edges() (paths []string, edges []edge) {
	for _, p := range t.packages {
		paths = append(paths, p.path)
		for _, f := range p.files {
			for _, spec := range f.syntax.Imports {
				to, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					continue // the parser has refused it already
				}
				edges = append(edges, edge{from: p.path, to: to, file: f.name, test: f.test})
			}
		}
	}
	return paths, edges
}

// depth counts the folders between a package and its module.
func (p pkg) depth() int {
	return strings.Count(strings.TrimPrefix(p.path, p.module), "/")
}

func (p pkg) documented() bool {
	return slices.ContainsFunc(p.files, func(f file) bool { return strings.TrimSpace(f.syntax.Doc.Text()) != "" })
}
