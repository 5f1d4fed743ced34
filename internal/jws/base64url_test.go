package jws_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
)

func TestAppendDecodedReversesAppendEncoded(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 200 {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		text := jws.AppendEncoded([]byte("before"), data)
		if want := "before" + base64.RawURLEncoding.EncodeToString(data); string(text) != want {
			t.Fatalf("size %d: got %q, want %q", size, text, want)
		}
		text = text[len("before"):]
		if got := jws.EncodedLen(size); got != len(text) {
			t.Errorf("size %d: got an encoded length of %d, want %d", size, got, len(text))
		}
		if got := jws.DecodedLen(len(text)); got != size {
			t.Errorf("size %d: got a decoded length of %d", size, got)
		}
		got, err := jws.AppendDecoded([]byte("before"), string(text))
		if err != nil || !bytes.Equal(got, append([]byte("before"), data...)) {
			t.Errorf("size %d: got %x, %v, want %x behind %q", size, got, err, data, "before")
		}
	}
}

func TestAppendDecodedLeavesWhatIsBehindAlone(t *testing.T) {
	room := bytes.Repeat([]byte{0xAA}, 64)
	got, err := jws.AppendDecoded(room[:0], strings.Repeat("AAAA", 6))
	if err != nil || len(got) != 18 {
		t.Fatalf("got %d bytes, %v, want 18", len(got), err)
	}
	if !bytes.Equal(room[18:], bytes.Repeat([]byte{0xAA}, 46)) {
		t.Errorf("got %x behind the result, want it untouched", room[18:])
	}
}

func TestAppendDecodedRefuses(t *testing.T) {
	tests := []struct {
		name    string
		segment string
		want    error
	}{
		{"A04 padding after two", "QQ==", jws.ErrAlphabet},
		{"A04 padding after three", "QUI=", jws.ErrAlphabet},
		{"A05 a plus sign", "-+AA", jws.ErrAlphabet},
		{"A05 a slash", "_/AA", jws.ErrAlphabet},
		{"A06 trailing bits after two", "AB", jws.ErrEncoding},
		{"A06 the highest trailing bit after two", "AI", jws.ErrEncoding},
		{"A06 trailing bits after three", "AAB", jws.ErrEncoding},
		{"A06 the highest trailing bit after three", "AAC", jws.ErrEncoding},
		{"A06 trailing bits after whole groups", "AAAAAAAAAAAAQR", jws.ErrEncoding},
		{"A07 a line feed", "Q\nQ", jws.ErrAlphabet},
		{"A07 a carriage return", "Q\rQ", jws.ErrAlphabet},
		{"A07 a line feed in a long group", "AAAA\nAAA", jws.ErrAlphabet},
		{"A08 a space", "Q Q", jws.ErrAlphabet},
		{"A08 a NUL", "QQ\x00", jws.ErrAlphabet},
		{"A08 a byte above ASCII", "QQ\xC0", jws.ErrAlphabet},
		{"A09 one character", "A", jws.ErrEncoding},
		{"A09 five characters", "AAAAA", jws.ErrEncoding},
		{"A09 one character over a long group", strings.Repeat("A", 97), jws.ErrEncoding},
		{"a dot", "AA.A", jws.ErrAlphabet},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := jws.AppendDecoded(nil, test.segment)
			if !errors.Is(err, test.want) || !errors.Is(err, jws.ErrMalformed) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			if got != nil {
				t.Errorf("got %x beside an error, want nil", got)
			}
		})
	}
}

func TestAppendDecodedFindsAWrongByteAtEveryPlace(t *testing.T) {
	for size := 2; size < 40; size++ {
		if size%4 == 1 {
			continue
		}
		good := strings.Repeat("A", size)
		for i := range size {
			for _, c := range []byte{'=', '+', '/', '\n', '.', 0x80, 0xFF} {
				bad := []byte(good)
				bad[i] = c
				if _, err := jws.AppendDecoded(nil, string(bad)); !errors.Is(err, jws.ErrAlphabet) {
					t.Fatalf("%q: got %v, want %v", bad, err, jws.ErrAlphabet)
				}
			}
		}
	}
}

func TestOneSpellingForEveryShortText(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	accepted := 0
	for i := range alphabet {
		for j := range alphabet {
			text := alphabet[i:i+1] + alphabet[j:j+1]
			got, err := jws.AppendDecoded(nil, text)
			want, wantErr := base64.RawURLEncoding.Strict().DecodeString(text)
			if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
				t.Errorf("%q: got %x, %v, want %x, %v", text, got, err, want, wantErr)
			}
			if err == nil {
				accepted++
			}
		}
	}
	if accepted != 256 {
		t.Errorf("got %d texts of two characters, want one for each byte", accepted)
	}
}

func TestEncodingAllocatesNothingWithRoom(t *testing.T) {
	room := make([]byte, 0, 512)
	data := []byte(examplePayload)
	if got := testing.AllocsPerRun(100, func() { jws.AppendEncoded(room, data) }); got != 0 {
		t.Errorf("AppendEncoded: got %v allocations, want 0", got)
	}
	if got := testing.AllocsPerRun(100, func() { jws.AppendDecoded(room, examplePayload) }); got != 0 {
		t.Errorf("AppendDecoded: got %v allocations, want 0", got)
	}
}
