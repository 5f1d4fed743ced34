package vectors_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/durward-auth/durward/internal/vectors"
)

func TestPathIsAbsoluteAndReadable(t *testing.T) {
	path := vectors.Path(t, "MANIFEST.md")
	if !filepath.IsAbs(path) {
		t.Errorf("got %s, want an absolute path", path)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := vectors.Read(t, "MANIFEST.md"); !bytes.Equal(got, want) || len(got) == 0 {
		t.Errorf("got %d bytes, want the %d of the file", len(got), len(want))
	}
}

// witness notes how a test would end, and ends its goroutine as testing does.
type witness struct {
	testing.TB
	outcome string
}

func (w *witness) Helper() {}

func (w *witness) Skip(...any) {
	w.outcome = "skip"
	panic(w)
}

func (w *witness) Fatal(...any) {
	w.outcome = "fatal"
	panic(w)
}

func TestAnAbsentVectorSkipsButFailsInContinuousIntegration(t *testing.T) {
	for ci, want := range map[string]string{"": "skip", "true": "fatal"} {
		t.Setenv("CI", ci)
		w := &witness{TB: t}
		func() {
			defer func() {
				if r := recover(); r != w {
					t.Errorf("CI=%q: got %v, want the test ended", ci, r)
				}
			}()
			vectors.Path(w, "no such file")
		}()
		if w.outcome != want {
			t.Errorf("CI=%q: got %s, want %s", ci, w.outcome, want)
		}
	}
	if path, ok := vectors.Find("no such file"); ok {
		t.Errorf("got %s found, want nothing", path)
	}
}
