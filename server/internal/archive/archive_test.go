package archive_test

import (
	"bytes"
	"errors"
	"iter"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/archive"
)

var people = archive.Table{Name: "people", Columns: []archive.Column{{Name: "age", Type: archive.Integer}, {Name: "name", Type: archive.Text}}}

// rows of people with whatever a text or a number can be.
func rows() [][]any {
	return [][]any{
		{int64(0), ""}, {int64(math.MaxInt64), "\"\\\n\t</script>"}, {int64(math.MinInt64), "ada\u2028\u00e9\U0001F511"}, {int64(-1), strings.Repeat("x", 100_000)},
	}
}

func seq(rows [][]any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func manifest() archive.Manifest {
	return archive.Manifest{
		Program: "test", CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), Database: "sqlite", Schema: 7, Epoch: "E", MasterKeyID: "0123456789abcdef",
	}
}

// backup returns the bytes of a small one.
func backup(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := archive.NewWriter(&out)
	empty := archive.Table{Name: "empty", Columns: people.Columns}
	if err := errors.Join(w.Add(people, seq(rows())), w.Add(empty, seq(nil))); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(manifest()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(text []byte) (*archive.Reader, error) {
	return archive.NewReader(bytes.NewReader(text), int64(len(text)))
}

// readAll reads every row of every table.
func readAll(text []byte) (map[string][][]any, error) {
	r, err := read(text)
	if err != nil {
		return nil, err
	}
	tables := map[string][][]any{}
	for _, table := range r.Manifest.Tables {
		for row, err := range r.Rows(table) {
			if err != nil {
				return nil, err
			}
			tables[table.Name] = append(tables[table.Name], slices.Clone(row))
		}
	}
	return tables, nil
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	text := backup(t)
	tables, err := readAll(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(tables["people"], rows()) || tables["empty"] != nil {
		t.Errorf("got %v, want the rows that were written", tables)
	}
	r, err := read(text)
	if err != nil {
		t.Fatal(err)
	}
	got, want := r.Manifest, manifest()
	if got.Rows() != 4 || got.Tables[0].SHA256 == got.Tables[1].SHA256 || got.Format != archive.Format {
		t.Errorf("got the manifest %+v", got)
	}
	got.Tables, got.Format = nil, 0
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got the manifest %+v, want %+v", got, want)
	}
}

// Every byte counts, be it of a row, of the manifest or of the container.
func TestNoBitCanBeFlipped(t *testing.T) {
	text := backup(t)
	for i := range text {
		for _, bit := range []byte{1, 0x80} {
			text[i] ^= bit
			if _, err := read(text); !errors.Is(err, archive.ErrDamaged) {
				t.Fatalf("byte %d of %d is another, and the error is %v, want ErrDamaged", i, len(text), err)
			}
			text[i] ^= bit
		}
	}
	if _, err := read(text); err != nil {
		t.Fatalf("the backup as it was written: %v", err)
	}
}

func TestNoEndCanBeCutOffOrAdded(t *testing.T) {
	text := backup(t)
	for length := range text {
		if _, err := read(text[:length]); !errors.Is(err, archive.ErrDamaged) {
			t.Fatalf("%d of %d bytes: got error %v, want ErrDamaged", length, len(text), err)
		}
	}
	if _, err := read(append(text, '\n')); !errors.Is(err, archive.ErrDamaged) {
		t.Errorf("a byte more: got error %v, want ErrDamaged", err)
	}
}

// TestAForgedFileFillsNeitherMemoryNorDatabase gives files that are what their manifest and checksums say to the end, but for one thing.
func TestAForgedFileFillsNeitherMemoryNorDatabase(t *testing.T) {
	for name, c := range map[string]struct {
		rows [][]any
		told int64 // rows that the manifest has
		want int   // rows that are handed out at most
	}{
		"a row of 64 MiB that is packed into kilobytes": {[][]any{{int64(1), "short"}, {int64(2), strings.Repeat("a", 64<<20)}}, 2, 1},
		"more rows than the manifest tells of":          {slices.Repeat([][]any{{int64(1), "x"}}, 100_000), 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := archive.WriteForged(&out, manifest(), people, seq(c.rows), c.told); err != nil {
				t.Fatal(err)
			}
			r, err := read(out.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			got := 0
			err = nil
			for _, failure := range r.Rows(r.Manifest.Tables[0]) {
				if err = failure; err == nil {
					got++
				}
			}
			if !errors.Is(err, archive.ErrDamaged) || got > c.want {
				t.Errorf("got %d rows and error %v of %d bytes, want %d rows at most and ErrDamaged", got, err, out.Len(), c.want)
			}
		})
	}
}

func TestTheErrorOfASourceIsThatOfTheBackup(t *testing.T) {
	broken := errors.New("broken")
	failing := func(yield func([]any, error) bool) { yield(nil, broken) }
	path := filepath.Join(t.TempDir(), "backup")
	err := archive.WriteFile(path, false, func(w *archive.Writer) error { return w.Add(people, failing) })
	if !errors.Is(err, broken) {
		t.Errorf("got error %v, want that of the source", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 0 {
		t.Errorf("got files %v and error %v, want none", left, err)
	}
}

func TestAFileIsNeverOverwrittenUnasked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "backup")
	write := func(replace bool) error {
		return archive.WriteFile(path, replace, func(w *archive.Writer) error {
			_, err := w.Close(manifest())
			return err
		})
	}
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(false); !errors.Is(err, archive.ErrExists) {
		t.Errorf("got error %v, want ErrExists", err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("got %q and error %v, want the file as it was", text, err)
	}
	if err := write(true); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); runtime.GOOS != "windows" && got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
}

func TestALaterFormatIsRefusedAsSuch(t *testing.T) {
	var out bytes.Buffer
	later := archive.Format + 1
	if err := archive.WriteFormat(&out, later); err != nil {
		t.Fatal(err)
	}
	if _, err := read(out.Bytes()); !errors.Is(err, archive.ErrNewer) {
		t.Errorf("got error %v, want ErrNewer", err)
	}
}

func TestAChecksumTellsRowsApart(t *testing.T) {
	sum := func(rows ...[]any) string {
		s := archive.NewSum()
		for _, row := range rows {
			if err := s.Add(row); err != nil {
				t.Fatal(err)
			}
		}
		return s.Text()
	}
	seen := map[string]int{}
	for i, rows := range [][][]any{
		{}, {{}}, {{"a", "b"}}, {{"b", "a"}}, {{"ab", ""}}, {{"a"}, {"b"}}, {{int64(97)}}, {{"97"}}, {{"a", "b"}, {"a", "b"}}, {{""}}, {{int64(0)}},
	} {
		text := sum(rows...)
		if before, there := seen[text]; there {
			t.Errorf("the rows %d and %d have one checksum", before, i)
		}
		seen[text] = i
	}
	if err := archive.NewSum().Add([]any{1.5}); err == nil {
		t.Error("a value that no column holds has a checksum")
	}
}

func TestATextIsMadeOneThatBothDatabasesHold(t *testing.T) {
	for text, want := range map[string]string{"ada": "ada", "": "", "a\x00b": "a\uFFFDb", "\xff": "\uFFFD", "é": "é"} {
		if got := archive.Clean(text); got != want {
			t.Errorf("got %q for %q, want %q", got, text, want)
		}
	}
}

// FuzzReader holds that a file of any bytes is refused or read, and that what is read is as its manifest says.
func FuzzReader(f *testing.F) {
	f.Add(backup(f), false)
	f.Add([]byte("PK\x05\x06"), true)
	f.Fuzz(func(t *testing.T, text []byte, sealed bool) {
		if sealed {
			text = archive.Seal(text)
		}
		r, err := read(text)
		if err != nil {
			return
		}
		for _, table := range r.Manifest.Tables {
			rows := int64(0)
			for row, err := range r.Rows(table) {
				if err != nil {
					if !errors.Is(err, archive.ErrDamaged) {
						t.Fatalf("got error %v, want ErrDamaged", err)
					}
					return
				}
				if len(row) != len(table.Columns) {
					t.Fatalf("got a row of %d values, want %d", len(row), len(table.Columns))
				}
				rows++
			}
			if rows != table.Rows {
				t.Fatalf("got %d rows, want %d", rows, table.Rows)
			}
		}
	})
}
