package lawtest_test

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// top is the repository, seen from this package.
const top = "../.."

func TestTheLawOfImports(t *testing.T) {
	paths, edges := repository(t).edges()
	for _, violation := range theLaw.violations(paths, edges) {
		t.Error(violation)
	}
}

func TestTheHouseIsKept(t *testing.T) {
	for _, violation := range theHouse.violations(repository(t)) {
		t.Error(violation)
	}
}

func TestTheRootModuleRequiresNothing(t *testing.T) {
	for _, line := range read(t, "go.mod") {
		if strings.HasPrefix(line, "require") || strings.HasPrefix(line, "tool") {
			t.Errorf("go.mod says %q: the root module requires nothing but Go", line)
		}
	}
}

func TestTheWorkspaceListsEveryModule(t *testing.T) {
	var listed []string
	for _, line := range read(t, "go.work") {
		if folder := strings.TrimSpace(strings.TrimPrefix(line, "use ")); strings.HasPrefix(folder, ".") {
			listed = append(listed, path.Clean(folder))
		}
	}
	slices.Sort(listed)
	if want := slices.Sorted(maps.Keys(repository(t).modules)); !slices.Equal(listed, want) {
		t.Errorf("go.work lists %q, and go.mod stands in %q: `go test work` tests only what is listed", listed, want)
	}
}

func repository(t *testing.T) tree {
	t.Helper()
	all, err := readTree(os.DirFS(top))
	if err != nil {
		t.Fatalf("read the repository: %v", err)
	}
	for _, module := range []string{rootModule, serverModule, benchModule} {
		if !slices.Contains(slices.Collect(maps.Values(all.modules)), module) {
			t.Fatalf("module %s is not below %s: got %v", module, top, all.modules)
		}
	}
	return all
}

func read(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(path.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}
