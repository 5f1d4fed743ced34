package revocation_test

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
)

var wireEntries = []revocation.Entry{
	{Kind: revocation.Session, ID: "9cR7mFq1xTzV0bL4kHnW2A", ExpiresAt: time.Unix(1800000000, 0).UTC()},
	{Kind: revocation.Token, ID: `a"\` + "\u2028ü", ExpiresAt: time.Unix(1800000000, 0).UTC()},
	{Kind: revocation.Subject, ID: "bob", Below: -3, ExpiresAt: time.Unix(1, 0).UTC()},
	{Kind: revocation.Key, ID: "key-1"},
}

func TestSnapshotsSurviveTheWire(t *testing.T) {
	for _, want := range []revocation.Snapshot{
		{Cursor: revocation.Cursor{Epoch: "e-1_Z", Seq: 1<<64 - 1}, Reset: true, Entries: wireEntries},
		{Cursor: revocation.Cursor{Epoch: "e"}, Entries: []revocation.Entry{}},
	} {
		text := string(want.AppendJSON(nil))
		got, err := revocation.ParseSnapshot(text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", text, got, err, want)
		}
	}
	got := string(revocation.Snapshot{Cursor: revocation.Cursor{Epoch: "e", Seq: 7}, Reset: true, Entries: wireEntries[2:]}.AppendJSON(nil))
	want := `{"cursor":"e.7","reset":true,"entries":[{"kind":"sub","id":"bob","below":-3,"expires_at":1},{"kind":"kid","id":"key-1"}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestExpiriesAreRoundedUpOnTheWire(t *testing.T) {
	for at, want := range map[time.Time]int64{
		time.Unix(1800000000, 0):             1800000000,
		time.Unix(1800000000, 1):             1800000001,
		time.Unix(1800000000, 999_999_999):   1800000001,
		time.Unix(-5, 0):                     1,
		time.Unix(1<<40, 0):                  253402300799,
		time.Unix(253402300798, 999_999_999): 253402300799,
	} {
		entries, err := revocation.ParseEntries(string(revocation.AppendEntries(nil, []revocation.Entry{{Kind: revocation.Key, ID: "k", ExpiresAt: at}})))
		if err != nil || len(entries) != 1 || entries[0].ExpiresAt.Unix() != want {
			t.Errorf("%v: got %+v, %v, want %d", at, entries, err, want)
		}
	}
}

func TestWhatIsNoSnapshotIsRefused(t *testing.T) {
	entry := func(text string) string { return `{"cursor":"e.1","entries":[` + text + `]}` }
	for name, text := range map[string]string{
		"nothing":                     "",
		"an array":                    "[]",
		"no cursor":                   `{"entries":[]}`,
		"no entries":                  `{"cursor":"e.1"}`,
		"entries null":                `{"cursor":"e.1","entries":null}`,
		"reset a number":              `{"cursor":"e.1","reset":1,"entries":[]}`,
		"a malformed cursor":          `{"cursor":"e.01","entries":[]}`,
		"a cursor twice":              `{"cursor":"e.1","cursor":"e.2","entries":[]}`,
		"an entry that is a string":   entry(`"x"`),
		"an entry without kind":       entry(`{"id":"x"}`),
		"an entry of an unknown kind": entry(`{"kind":"ip","id":"x"}`),
		"an entry without id":         entry(`{"kind":"sid"}`),
		"an entry with an empty id":   entry(`{"kind":"sid","id":""}`),
		"an id of 256 bytes":          entry(`{"kind":"sid","id":"` + strings.Repeat("x", 256) + `"}`),
		"a sub without below":         entry(`{"kind":"sub","id":"x"}`),
		"a sid with below":            entry(`{"kind":"sid","id":"x","below":1}`),
		"below with a fraction":       entry(`{"kind":"sub","id":"x","below":1.5}`),
		"an expiry in 1969":           entry(`{"kind":"sid","id":"x","expires_at":-1}`),
		"an expiry in the year 10000": entry(`{"kind":"sid","id":"x","expires_at":253402300800}`),
		"an expiry that is null":      entry(`{"kind":"sid","id":"x","expires_at":null}`),
		"a wrong entry after a right": entry(`{"kind":"sid","id":"x"},{}`),
		"more behind":                 entry("") + "x",
	} {
		if got, err := revocation.ParseSnapshot(text); err == nil || !reflect.DeepEqual(got, revocation.Snapshot{}) {
			t.Errorf("%s: got %+v, %v, want an error alone", name, got, err)
		}
	}
	for _, text := range []string{"", "{}", "null", `[]},"":[`, `[],"x":1`, `[]}`, `[{"kind":"sid","id":"x"}`} {
		if got, err := revocation.ParseEntries(text); err == nil || got != nil {
			t.Errorf("entries %q: got %+v, %v, want an error alone", text, got, err)
		}
	}
}

func TestCursorsHaveOneSpelling(t *testing.T) {
	for _, text := range []string{"a.0", "Az09-_.18446744073709551615", strings.Repeat("e", 64) + ".1"} {
		if c, err := revocation.ParseCursor(text); err != nil || c.String() != text {
			t.Errorf("%q: got %v, %v, want it back", text, c, err)
		}
	}
	for _, text := range []string{
		"", ".", "a", "a.", ".1", "a.01", "a.+1", "a.-1", "a. 1", "a.1 ", "a.1.2", "a.18446744073709551616", "ä.1", "a\n.1", strings.Repeat("e", 65) + ".1",
	} {
		if c, err := revocation.ParseCursor(text); err == nil || c != (revocation.Cursor{}) {
			t.Errorf("%q: got %v, %v, want an error", text, c, err)
		}
	}
	if got := (revocation.Cursor{}).String(); got != "" {
		t.Errorf("the zero cursor: got %q, want nothing", got)
	}
}

func TestEventsSurviveTheWire(t *testing.T) {
	at := revocation.Cursor{Epoch: "e", Seq: 12}
	var wire []byte
	events := []revocation.Event{
		revocation.ResetEvent(), revocation.RevokeEvent(at, wireEntries), revocation.HeartbeatEvent(at, time.Unix(1800000000, 5)),
		{Name: "x", Data: "two\nlines"}, revocation.EndEvent(revocation.EndSlow),
	}
	for _, e := range events {
		wire = e.AppendTo(wire)
	}
	want := "event: heartbeat\nid: e.12\ndata: {\"time\":1800000000}\n\n"
	if !strings.Contains(string(wire), want) {
		t.Errorf("got %q, want a heartbeat as %q", wire, want)
	}
	for name, text := range map[string]string{
		"as written":                "retry: 1000\n\n" + string(wire),
		"with carriage returns":     strings.ReplaceAll(string(wire), "\n", "\r\n"),
		"with comments":             ":hello\n\n" + strings.ReplaceAll(string(wire), "event:", ":\n:\nevent:"),
		"without spaces":            strings.ReplaceAll(string(wire), ": ", ":"),
		"with fields of no meaning": strings.ReplaceAll(string(wire), "data:", "what\nretry: 7\ndata:"),
	} {
		reader := revocation.NewEventReader(strings.NewReader(text))
		for i, want := range events {
			if name == "without spaces" {
				want.Data = strings.ReplaceAll(want.Data, ": ", ":")
			}
			if got, err := reader.Next(); err != nil || got != want {
				t.Errorf("%s, event %d: got %+v, %v, want %+v", name, i, got, err, want)
			}
		}
		if got, err := reader.Next(); err != io.EOF {
			t.Errorf("%s: got %+v, %v at the end, want %v", name, got, err, io.EOF)
		}
	}
}

func TestWhatIsNoEventStreamIsRefused(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for name, text := range map[string]string{
		"a line without end":        "event: x",
		"an event without end":      "event: x\ndata: 1\n",
		"a carriage return inside":  "data: a\rdata: b\n\n",
		"a line of a megabyte":      "data: " + long + "\n\n",
		"a megabyte of short lines": strings.Repeat("data: x\n", 1<<17+1),
		"a comment of a megabyte":   ":" + long + "\n\n",
	} {
		got, err := revocation.NewEventReader(strings.NewReader(text)).Next()
		if err == nil || errors.Is(err, io.EOF) || got != (revocation.Event{}) {
			t.Errorf("%s: got %.40v, %v, want an error alone", name, got, err)
		}
	}
}

func FuzzSnapshot(f *testing.F) {
	f.Add(string(revocation.Snapshot{Cursor: revocation.Cursor{Epoch: "e", Seq: 7}, Reset: true, Entries: wireEntries}.AppendJSON(nil)))
	f.Add(`{"cursor":"e.1","entries":[{"kind":"kid","id":"\u0041"}],"x":{}}`)
	f.Fuzz(func(t *testing.T, text string) {
		read, err := revocation.ParseSnapshot(text)
		if err != nil {
			return
		}
		again, err := revocation.ParseSnapshot(string(read.AppendJSON(nil)))
		if err != nil || !reflect.DeepEqual(again, read) {
			t.Fatalf("got %+v, %v, want %+v again", again, err, read)
		}
	})
}

func FuzzEvents(f *testing.F) {
	f.Add("event: x\nid: 1\ndata: a\ndata: b\n\n:c\n\ndata\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		reader := revocation.NewEventReader(strings.NewReader(text))
		for range len(text) + 1 {
			e, err := reader.Next()
			if err != nil {
				return
			}
			again, err := revocation.NewEventReader(strings.NewReader(string(e.AppendTo(nil)))).Next()
			if err != nil || again != e {
				t.Fatalf("got %+v, %v, want %+v again", again, err, e)
			}
		}
		t.Fatalf("more events than bytes in %q", text)
	})
}
