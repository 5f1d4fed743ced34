package strictjson_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/strictjson"
)

// TestRandomDocumentsReadAsWithEncodingJSON writes valid documents in random
// spellings, and breaks each of them at a random place as well.
func TestRandomDocumentsReadAsWithEncodingJSON(t *testing.T) {
	for seed := range uint64(1500) {
		w := writer{Rand: rand.New(rand.NewPCG(seed, 7))}
		w.value(5)
		data := w.String()
		name := fmt.Sprintf("seed %d: %s", seed, data)
		if err := strictjson.Check(data, strictjson.Limits{}); err != nil {
			t.Fatalf("%s: got %v, want nil", name, err)
		}
		agrees(t, name, data)

		at := w.IntN(len(data))
		broken := data[:at] + string(rune(w.IntN(128))) + data[at+w.IntN(2):]
		if strictjson.Check(broken, strictjson.Limits{}) == nil {
			agrees(t, fmt.Sprintf("seed %d, broken: %s", seed, broken), broken)
		}
	}
}

type writer struct {
	*rand.Rand
	strings.Builder
}

func (w *writer) space() {
	for w.IntN(4) == 0 {
		w.WriteByte(" \t\r\n"[w.IntN(4)])
	}
}

func (w *writer) value(depth int) {
	w.space()
	kinds := 8
	if depth == 0 {
		kinds = 5
	}
	switch w.IntN(kinds) {
	case 0:
		w.WriteString([]string{"null", "true", "false"}[w.IntN(3)])
	case 1:
		w.WriteString(strconv.FormatInt(int64(w.Uint64()), 10))
	case 2:
		w.WriteString(strconv.FormatFloat(w.NormFloat64()*1e10, "eEfg"[w.IntN(4)], w.IntN(12)-1, 64))
	case 3, 4:
		w.text(w.IntN(30))
	case 5, 6:
		w.WriteByte('{')
		for i := range w.IntN(25) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.space()
			w.name(i)
			w.space()
			w.WriteByte(':')
			w.value(w.IntN(depth))
		}
		w.space()
		w.WriteByte('}')
	case 7:
		w.WriteByte('[')
		for i := range w.IntN(6) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(w.IntN(depth))
		}
		w.space()
		w.WriteByte(']')
	}
	w.space()
}

// name writes a name that no other number has.
func (w *writer) name(i int) {
	fmt.Fprintf(w, `"%d-`, i)
	for range w.IntN(12) {
		w.character()
	}
	w.WriteByte('"')
}

func (w *writer) text(size int) {
	w.WriteByte('"')
	for range size {
		w.character()
	}
	w.WriteByte('"')
}

func (w *writer) character() {
	switch w.IntN(12) {
	case 0:
		w.WriteString([]string{`\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`}[w.IntN(8)])
	case 1:
		fmt.Fprintf(w, `\u%04x`, w.IntN(0xD800))
	case 2:
		fmt.Fprintf(w, `\u%04X\u%04x`, 0xD800+w.IntN(0x400), 0xDC00+w.IntN(0x400))
	case 3:
		w.WriteRune(rune(0xA0 + w.IntN(0xD000)))
	case 4:
		w.WriteRune(rune(0x10000 + w.IntN(0x100000)))
	default:
		w.WriteByte("abcdefghijklmnopqrstuvwxyz [],:{}0123456789\x7f"[w.IntN(44)])
	}
}
