package vectors

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Path returns the absolute path of a file or folder of the shared test
// vectors, ../shared/vectors as seen from the folder that holds go.work.
//
// Where the vectors are absent it skips the test, because a checkout without
// them is still a whole one; in continuous integration (a non-empty CI in the
// environment) it fails the test instead, so that nothing goes unchecked there.
func Path(t testing.TB, elem ...string) string {
	t.Helper()
	path, ok := Find(elem...)
	if !ok {
		reason := "the shared test vectors " + filepath.Join(elem...) + " are not beside the repository"
		if os.Getenv("CI") != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	return path
}

// Find is Path for what can do without, such as the seeds of a fuzz target: it
// reports whether the file or folder is there.
func Find(elem ...string) (string, bool) {
	root, ok := workspace()
	if !ok {
		return "", false
	}
	path := filepath.Join(append([]string{filepath.Dir(root), "shared", "vectors"}, elem...)...)
	_, err := os.Stat(path)
	return path, err == nil
}

// Read returns the content of one file of the shared test vectors.
// It skips or fails the test as Path does.
func Read(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(Path(t, elem...))
	if err != nil {
		t.Fatalf("read test vector: %v", err)
	}
	return data
}

// Shared returns the content of one file of the folder that holds the shared
// test vectors and what else the tests of several checkouts read, ../shared.
// It skips or fails the test as Path does.
func Shared(t testing.TB, elem ...string) []byte {
	t.Helper()
	return Read(t, append([]string{".."}, elem...)...)
}

// workspace tries the place of this source file first and the working
// directory second: a build with -trimpath does not know the former.
func workspace() (string, bool) {
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		if root, ok := ascend(filepath.Dir(file)); ok {
			return root, true
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	return ascend(dir)
}

func ascend(dir string) (string, bool) {
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}
