package revocation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

// The names of the events of the feed's stream (text/event-stream, WHATWG HTML section 9.2).
const (
	EventReset     = "reset"     // what follows replaces everything
	EventRevoke    = "revoke"    // entries; its id is the cursor after them
	EventHeartbeat = "heartbeat" // all that was committed before has been sent
	EventEnd       = "end"       // the server hangs up; come back with the last cursor
)

// Why a server ends a stream.
const (
	EndTokenExpired = "token_expired" // the access token's time is over
	EndSlow         = "slow"          // the reader did not keep up
	EndDraining     = "draining"      // the server is shutting down
	EndRevoked      = "revoked"       // the access token was taken back
	EndBusy         = "busy"          // there is no room for all, and the reader's client has the most streams
)

// Event is one event of a stream. Its ID and Name have no line breaks.
type Event struct {
	Name string
	ID   string // of the event itself; empty if it has none
	Data string
}

// AppendTo appends the event as it goes over the wire.
func (e Event) AppendTo(b []byte) []byte {
	b = append(append(b, "event: "...), e.Name...)
	if e.ID != "" {
		b = append(append(b, "\nid: "...), e.ID...)
	}
	for line := range strings.SplitSeq(e.Data, "\n") {
		b = append(append(b, "\ndata: "...), line...)
	}
	return append(b, "\n\n"...)
}

// ResetEvent begins a stream for a client without a usable cursor.
func ResetEvent() Event { return Event{Name: EventReset, Data: "{}"} }

// RevokeEvent carries at most [MaxBatch] entries; the cursor stands after them.
func RevokeEvent(after Cursor, entries []Entry) Event {
	return Event{Name: EventRevoke, ID: after.String(), Data: string(AppendEntries(nil, entries))}
}

// HeartbeatEvent asserts that everything up to the cursor has been sent, and that nothing was committed after it.
func HeartbeatEvent(at Cursor, now time.Time) Event {
	return Event{Name: EventHeartbeat, ID: at.String(), Data: `{"time":` + strconv.FormatInt(now.Unix(), 10) + `}`}
}

// EndEvent is the last of a stream. The reason is one of this package's.
func EndEvent(reason string) Event {
	return Event{Name: EventEnd, Data: string(append(appendText([]byte(`{"reason":`), reason), '}'))}
}

// endReason reads the data of an [EventEnd].
func endReason(data string) (string, error) {
	var end struct {
		Reason string `json:"reason"`
	}
	if err := strictjson.DecodeKnown(data, strictjson.Limits{}, &end); err != nil {
		return "", fmt.Errorf("revocation: end: %w", err)
	}
	return end.Reason, nil
}

// maxEvent bounds an event on the wire, in bytes: a full batch of the longest IDs, escaped throughout, fits.
const maxEvent = 1 << 20

var (
	errLongEvent   = errors.New("revocation: an event is too long")
	errCarriage    = errors.New("revocation: a carriage return within a line")
	errBrokenEvent = errors.New("revocation: the stream ends within an event")
)

// EventReader reads a stream of events. It is for one goroutine.
type EventReader struct {
	r    *bufio.Reader
	line []byte
}

// NewEventReader returns a reader of the stream, which is cut off where an event has more than a mebibyte.
func NewEventReader(r io.Reader) *EventReader {
	return &EventReader{r: bufio.NewReaderSize(r, 32<<10)}
}

// Next returns the next event with data, or io.EOF at a clean end. Comments, unknown fields and retry
// are passed over.
func (r *EventReader) Next() (Event, error) {
	var e Event
	var data []byte
	size, begun, hasData := 0, false, false
	for {
		line, err := r.readLine(maxEvent - size)
		if err == io.EOF && begun {
			err = errBrokenEvent
		}
		if err != nil {
			return Event{}, err
		}
		if len(line) == 0 {
			if hasData {
				e.Data = string(data)
				return e, nil
			}
			e, begun, size = Event{}, false, 0
			continue
		}
		if line[0] == ':' {
			continue
		}
		begun = true
		size += len(line) + 1
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			e.Name = string(value)
		case "id":
			e.ID = string(value)
		case "data":
			if hasData {
				data = append(data, '\n')
			}
			data, hasData = append(data, value...), true
		}
	}
}

// readLine returns a line without its end, until the next call. A line of limit bytes or more is an error.
func (r *EventReader) readLine(limit int) ([]byte, error) {
	r.line = r.line[:0]
	for {
		part, err := r.r.ReadSlice('\n')
		if len(r.line)+len(part) > limit {
			return nil, errLongEvent
		}
		r.line = append(r.line, part...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(r.line) > 0:
			return nil, errBrokenEvent
		case err != nil:
			return nil, err
		}
		line := bytes.TrimSuffix(bytes.TrimSuffix(r.line, []byte("\n")), []byte("\r"))
		if bytes.IndexByte(line, '\r') >= 0 {
			return nil, errCarriage
		}
		return line, nil
	}
}
