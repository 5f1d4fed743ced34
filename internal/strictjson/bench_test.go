package strictjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/strictjson"
)

// payload is what an access token of the server carries.
const payload = `{"iss":"https://id.example.org","sub":"01J9Z3K5Q8W2V7T4R6Y0B1N3M5","aud":"https://id.example.org",` +
	`"exp":1767225600,"iat":1767224700,"jti":"7Qm2xV9cT4kR1sW8","client_id":"console","sid":"01J9Z3K5Q8W2V7T4R6Y0B1N3M6",` +
	`"ver":3,"auth_time":1767220000,"username":"margaret.hamilton","roles":["admin","auditor"],` +
	`"scope":"orders:read orders:write revocations:read","status":{"idx":418}}`

func BenchmarkAppendObject(b *testing.B) {
	var room [32]strictjson.Member
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := strictjson.AppendObject(room[:0], payload, strictjson.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

type claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience string   `json:"aud"`
	Expiry   int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	ID       string   `json:"jti"`
	Roles    []string `json:"roles"`
	Scope    string   `json:"scope"`
}

func BenchmarkDecodeKnown(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var c claims
		if err := strictjson.DecodeKnown(payload, strictjson.Limits{}, &c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodingJSON(b *testing.B) {
	data := []byte(payload)
	b.ReportAllocs()
	for b.Loop() {
		var c claims
		if err := json.Unmarshal(data, &c); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkManyNames reads 1,000 names that share a prefix (case A20).
func BenchmarkManyNames(b *testing.B) {
	data := manyNames(1000, "a_common_prefix_of_some_length_")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if err := strictjson.Check(data, strictjson.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func manyNames(n int, prefix string) string {
	var sb strings.Builder
	for i := range n {
		fmt.Fprintf(&sb, `,"%s%04d":%d`, prefix, i, i)
	}
	return "{" + sb.String()[1:] + "}"
}
