package revocation

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/durward-auth/durward/internal/strictjson"
)

// The bounds of the feed, which both of its ends keep.
const (
	// Scope is what an access token for the feed must carry.
	Scope = "revocations:read"

	// MaxBatch is the most entries in one event.
	MaxBatch = 512

	// MaxID is the longest ID of an entry in the feed, in bytes.
	MaxID = 255

	// HeartbeatEvery is how often a server sends a heartbeat.
	HeartbeatEvery = 2 * time.Second

	maxExpiry = 253402300799 // the last second of the year 9999
	maxEpoch  = 64           // bytes
)

// Cursor is a place in the feed: everything up to and with Seq is known. Cursors of different epochs cannot be compared:
// a server whose history is not the one it told of before begins another epoch.
type Cursor struct {
	Epoch string // 1 to 64 characters of A–Z, a–z, 0–9, "-" and "_"
	Seq   uint64
}

// String writes the cursor as EPOCH.SEQ, and the zero Cursor as nothing.
func (c Cursor) String() string {
	if c == (Cursor{}) {
		return ""
	}
	return c.Epoch + "." + strconv.FormatUint(c.Seq, 10)
}

// ParseCursor reads what String wrote, and nothing else: no sign, no leading zero, not the zero Cursor.
func ParseCursor(text string) (Cursor, error) {
	epoch, digits, _ := strings.Cut(text, ".")
	seq, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || strconv.FormatUint(seq, 10) != digits || !validEpoch(epoch) {
		return Cursor{}, errors.New("revocation: malformed cursor")
	}
	return Cursor{Epoch: epoch, Seq: seq}, nil
}

func validEpoch(epoch string) bool {
	for i := range len(epoch) {
		c := epoch[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c != '-' && c != '_' {
			return false
		}
	}
	return epoch != "" && len(epoch) <= maxEpoch
}

// Snapshot is the answer of GET /revocations in application/json.
type Snapshot struct {
	Cursor  Cursor // where Entries end
	Reset   bool   // Entries are all that there are, not only those after the cursor that was asked with
	Entries []Entry
}

// AppendJSON appends the snapshot; see [AppendEntries] for its entries.
func (s Snapshot) AppendJSON(b []byte) []byte {
	b = append(append(append(b, `{"cursor":"`...), s.Cursor.String()...), '"')
	if s.Reset {
		b = append(b, `,"reset":true`...)
	}
	return append(AppendEntries(append(b, `,"entries":`...), s.Entries), '}')
}

// ParseSnapshot reads what AppendJSON wrote. Unknown members are passed over; anything else that is not as it should
// be is an error.
func ParseSnapshot(data string) (Snapshot, error) {
	members, err := strictjson.AppendObject(nil, data, strictjson.Limits{Members: len(data)})
	if err != nil {
		return Snapshot{}, fmt.Errorf("revocation: snapshot: %w", err)
	}
	var s Snapshot
	var cursor, entries bool
	for _, m := range members {
		ok := true
		switch m.Name {
		case "cursor":
			text, _ := m.Value.Text()
			s.Cursor, err = ParseCursor(text)
			ok, cursor = err == nil, true
		case "reset":
			s.Reset, ok = m.Value.Bool()
		case "entries":
			s.Entries, ok = entriesOf(m.Value)
			entries = true
		}
		if !ok {
			return Snapshot{}, fmt.Errorf("revocation: snapshot: malformed %s", m.Name)
		}
	}
	if !cursor || !entries {
		return Snapshot{}, errors.New("revocation: snapshot: cursor or entries are missing")
	}
	return s, nil
}

// AppendEntries appends the entries as a JSON array of objects with the members kind ("jti", "sid", "sub" or "kid"), id,
// below (of a sub only) and expires_at: whole seconds since 1970, rounded up, and absent for an entry that is kept
// for good. An ID that is not UTF-8 does not survive.
func AppendEntries(b []byte, entries []Entry) []byte {
	b = append(b, '[')
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"kind":"`...), e.Kind.String()...)
		b = appendText(append(b, `","id":`...), e.ID)
		if e.Kind == Subject {
			b = strconv.AppendInt(append(b, `,"below":`...), e.Below, 10)
		}
		if !e.ExpiresAt.IsZero() {
			b = strconv.AppendInt(append(b, `,"expires_at":`...), wholeSeconds(e.ExpiresAt), 10)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// wholeSeconds rounds up, within the times that the wire can carry.
func wholeSeconds(t time.Time) int64 {
	seconds := t.Unix()
	if t.Nanosecond() > 0 {
		seconds++
	}
	return min(max(seconds, 1), maxExpiry)
}

// ParseEntries reads what AppendEntries wrote, with or without white space. Unknown members are passed over. An entry of
// an unknown kind is an error: to pass over what was revoked would let it through.
func ParseEntries(data string) ([]Entry, error) {
	// The object around the array lets one strict reader serve for both.
	members, err := strictjson.AppendObject(nil, `{"":`+data+`}`, strictjson.Limits{Members: len(data)})
	if err != nil {
		return nil, fmt.Errorf("revocation: entries: %w", err)
	}
	if len(members) == 1 {
		if entries, ok := entriesOf(members[0].Value); ok {
			return entries, nil
		}
	}
	return nil, errors.New("revocation: malformed entries")
}

func entriesOf(v strictjson.Value) ([]Entry, bool) {
	elements, ok := v.AppendElements(nil)
	if !ok {
		return nil, false
	}
	entries := make([]Entry, len(elements))
	var buffer [8]strictjson.Member
	for i, element := range elements {
		members, ok := element.AppendMembers(buffer[:0])
		if !ok || !entries[i].read(members) {
			return nil, false
		}
	}
	return entries, true
}

func (e *Entry) read(members []strictjson.Member) bool {
	below := false
	for _, m := range members {
		ok := true
		switch m.Name {
		case "kind":
			var kind string
			kind, ok = m.Value.Text()
			ok = ok && e.Kind.UnmarshalText([]byte(kind)) == nil
		case "id":
			e.ID, ok = m.Value.Text()
			// The copy lets go of the document.
			e.ID = strings.Clone(e.ID)
		case "below":
			e.Below, ok = m.Value.Int64()
			below = true
		case "expires_at":
			var seconds int64
			seconds, ok = m.Value.Int64()
			ok = ok && seconds >= 1 && seconds <= maxExpiry
			e.ExpiresAt = time.Unix(seconds, 0).UTC()
		}
		if !ok {
			return false
		}
	}
	return e.Kind.valid() && e.ID != "" && len(e.ID) <= MaxID && below == (e.Kind == Subject)
}

// appendText writes a JSON string (RFC 8259 section 7).
func appendText(b []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, _ := json.Marshal(text) // a string has no error
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}
