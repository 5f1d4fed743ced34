package statuslist_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/durward-auth/durward/statuslist"
)

// The examples of draft-ietf-oauth-status-list §4.1 and §4.2, and the vectors of its appendix.
var vectors = []struct {
	name     string
	bits     int
	lst      string
	statuses map[int64]statuslist.Status // those that are not given are valid
	size     int64
}{
	{"one bit, 16 entries", 1, "eNrbuRgAAhcBXQ", map[int64]statuslist.Status{
		0: 1, 3: 1, 4: 1, 5: 1, 7: 1, 8: 1, 9: 1, 13: 1, 15: 1,
	}, 16},
	{"two bits, 12 entries", 2, "eNo76fITAAPfAgc", map[int64]statuslist.Status{
		0: 1, 1: 2, 3: 3, 5: 1, 7: 1, 8: 1, 9: 2, 10: 3, 11: 3,
	}, 12},
	{"one bit, 2^20 entries", 1, "eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAA" +
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJ" +
		"sLCQAAAAAAAAAAADjelAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb", map[int64]statuslist.Status{
		0: 1, 1993: 1, 25460: 1, 159495: 1, 495669: 1, 554353: 1, 645645: 1, 723232: 1, 854545: 1, 934534: 1, 1000345: 1,
	}, 1 << 20},
}

func TestTheListsOfTheSpecification(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			list, err := statuslist.Decompress(v.bits, v.lst, 1<<17)
			if err != nil {
				t.Fatal(err)
			}
			if list.Len() != v.size || list.Bits() != v.bits {
				t.Errorf("got %d entries of %d bits, want %d of %d", list.Len(), list.Bits(), v.size, v.bits)
			}
			made, err := statuslist.NewList(v.bits, v.size)
			if err != nil {
				t.Fatal(err)
			}
			for i := range v.size {
				if got, ok := list.Get(i); !ok || got != v.statuses[i] {
					t.Fatalf("entry %d: got %d, %v, want %d", i, got, ok, v.statuses[i])
				}
				if !made.Set(i, v.statuses[i]) {
					t.Fatalf("entry %d: got false, want it set", i)
				}
			}
			lst, err := made.Compress()
			if err != nil {
				t.Fatal(err)
			}
			// Compressors may differ in their choices, so it is what comes out again that counts.
			again, err := statuslist.Decompress(v.bits, lst, 1<<17)
			if err != nil || again.Len() != v.size {
				t.Fatalf("got %v, %v, want %d entries", again, err, v.size)
			}
			for i := range v.size {
				if got, _ := again.Get(i); got != v.statuses[i] {
					t.Fatalf("entry %d of the packed list: got %d, want %d", i, got, v.statuses[i])
				}
			}
			if got := int64(len(lst)); got > int64(len(v.lst))*2 {
				t.Errorf("got %d characters, want about the %d of the specification", got, len(v.lst))
			}
		})
	}
}

func TestPlacesThatAListDoesNotHave(t *testing.T) {
	for _, bits := range []int{1, 2, 4, 8} {
		list, err := statuslist.NewList(bits, 16)
		if err != nil {
			t.Fatal(err)
		}
		for _, index := range []int64{-1, 16, 1 << 62, -1 << 63} {
			if got, ok := list.Get(index); ok {
				t.Errorf("%d bits, place %d: got %d, want none", bits, index, got)
			}
			if list.Set(index, statuslist.Invalid) {
				t.Errorf("%d bits, place %d: got it set, want false", bits, index)
			}
		}
		most := statuslist.Status(1<<bits - 1)
		if bits < 8 && list.Set(3, most+1) {
			t.Errorf("%d bits: got the status %d set, want false", bits, most+1)
		}
		if !list.Set(3, most) || !list.Set(5, most) || !list.Set(3, statuslist.Valid) {
			t.Errorf("%d bits: got false, want it set", bits)
		}
		for i := range int64(16) {
			want := statuslist.Valid
			if i == 5 {
				want = most
			}
			if got, ok := list.Get(i); !ok || got != want {
				t.Errorf("%d bits, place %d: got %d, %v, want %d", bits, i, got, ok, want)
			}
		}
	}
}

func TestWhatIsNoListIsRefused(t *testing.T) {
	for _, bits := range []int{0, -1, 3, 5, 6, 7, 9, 16} {
		if _, err := statuslist.NewList(bits, 8); err == nil {
			t.Errorf("a new list of %d bits: got none, want an error", bits)
		}
		if _, err := statuslist.Packed(bits, nil); err == nil {
			t.Errorf("a packed list of %d bits: got none, want an error", bits)
		}
		if _, err := statuslist.Decompress(bits, vectors[0].lst, 100); err == nil {
			t.Errorf("a list of %d bits: got none, want an error", bits)
		}
	}
	for _, size := range []int64{-1, 1<<33 + 1, -1 << 63} {
		if _, err := statuslist.NewList(1, size); err == nil {
			t.Errorf("a new list of %d entries: got one, want an error", size)
		}
	}
	compressed, err := base64.RawURLEncoding.DecodeString(vectors[0].lst)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(compressed)
	broken[len(broken)-1] ^= 1
	for name, lst := range map[string]string{
		"nothing":                 "",
		"no base64url":            "eNrb uRgAAhcBXQ",
		"padded":                  vectors[0].lst + "==",
		"base64url not canonical": "eNrbuRgAAhcBXR",
		"no zlib":                 "AAAA",
		"cut short":               base64.RawURLEncoding.EncodeToString(compressed[:len(compressed)-2]),
		"a wrong checksum":        base64.RawURLEncoding.EncodeToString(broken),
		"more behind":             base64.RawURLEncoding.EncodeToString(append(bytes.Clone(compressed), 0)),
		"a bomb":                  zeros(t, 64<<20),
		"a byte too long":         zeros(t, 101),
	} {
		if list, err := statuslist.Decompress(1, lst, 100); err == nil || list != nil {
			t.Errorf("%s: got %v, %v, want an error", name, list, err)
		}
	}
	if list, err := statuslist.Decompress(1, zeros(t, 100), 100); err != nil || list.Len() != 800 {
		t.Errorf("a list as long as allowed: got %v, %v, want it", list, err)
	}
}

// zeros is a compressed list of n bytes.
func zeros(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	encoder := base64.NewEncoder(base64.RawURLEncoding, &b)
	w := zlib.NewWriter(encoder)
	for _, write := range []func() error{
		func() error { _, err := w.Write(make([]byte, n)); return err }, w.Close, encoder.Close,
	} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}
