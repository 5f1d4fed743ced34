package httpapi

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// cursors makes and checks the opaque places in lists: the last name of a page, authenticated together
// with the search that it belongs to.
type cursors struct{ key []byte }

const (
	cursorTag  = 16
	maxCursor  = 1024
	cursorUser = "durward user cursor v1"
)

func newCursors(key []byte) cursors {
	if len(key) == 0 {
		key = make([]byte, 32)
		rand.Read(key) // never fails
	}
	return cursors{key: append([]byte(nil), key...)}
}

func (c cursors) make(after, search string) string {
	return base64.RawURLEncoding.EncodeToString(append(c.tag(after, search), after...))
}

// read returns the place, or false for anything that make did not return for this search.
func (c cursors) read(cursor, search string) (after string, ok bool) {
	if len(cursor) > maxCursor {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) <= cursorTag {
		return "", false
	}
	after = string(raw[cursorTag:])
	if !hmac.Equal(raw[:cursorTag], c.tag(after, search)) {
		return "", false
	}
	return after, c.make(after, search) == cursor // one spelling only
}

func (c cursors) tag(after, search string) []byte {
	mac := hmac.New(sha256.New, c.key)
	for _, part := range []string{cursorUser, search, after} {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)[:cursorTag]
}
