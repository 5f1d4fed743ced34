package jws_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jws"
)

// segment is as long as the payload of an access token of 380 bytes.
var segment = string(jws.AppendEncoded(nil, []byte(strings.Repeat("0123456789", 38))))

func BenchmarkAppendDecoded(b *testing.B) {
	room := make([]byte, 0, 1024)
	b.SetBytes(int64(len(segment)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jws.AppendDecoded(room, segment); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStandardDecode(b *testing.B) {
	encoding := base64.RawURLEncoding.Strict()
	in, out := []byte(segment), make([]byte, 1024)
	b.SetBytes(int64(len(segment)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := encoding.Decode(out, in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendEncoded(b *testing.B) {
	room, data := make([]byte, 0, 1024), []byte(segment)[:380]
	b.ReportAllocs()
	for b.Loop() {
		jws.AppendEncoded(room, data)
	}
}

func BenchmarkSplit(b *testing.B) {
	token := exampleHeader + "." + segment + "." + strings.Repeat("A", 86)
	b.SetBytes(int64(len(token)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, _, err := jws.Split(token, limit); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseHeader(b *testing.B) {
	const header = `{"alg":"ES256","typ":"at+jwt","kid":"2026-11-01T00-00-00Z-7Qm2xV9c"}`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := jws.ParseHeader(header); err != nil {
			b.Fatal(err)
		}
	}
}
