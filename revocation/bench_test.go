package revocation_test

import (
	"encoding/base64"
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/durward-auth/durward/revocation"
)

const million = 1_000_000

// id returns the i-th id of a family: 22 characters, as session ids have.
func id(family, i uint64) string {
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:], mix(family<<40+i))
	binary.LittleEndian.PutUint64(raw[8:], mix(family<<40+i+1<<39))
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func ids(family uint64, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = id(family, uint64(i))
	}
	return list
}

func filled(n int, kind revocation.Kind) *revocation.Set {
	set := revocation.NewSet(time.Now)
	expires := time.Now().Add(time.Hour)
	for i := range n {
		set.Add(revocation.Entry{Kind: kind, ID: id(1, uint64(i)), Below: 1, ExpiresAt: expires})
	}
	return set
}

// BenchmarkRevoked asks a set of a million revoked sessions about tokens of
// 65,536 other sessions, and about revoked ones.
func BenchmarkRevoked(b *testing.B) {
	set := filled(million, revocation.Session)
	tokens, subjects := ids(2, 1<<16), ids(3, 1<<16)
	for name, sessions := range map[string][]string{"live": ids(4, 1<<16), "revoked": ids(1, 1<<16)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				n := i & (1<<16 - 1)
				_, got := set.Revoked(tokens[n], sessions[n], "key-1", subjects[n], 3)
				if got != (name == "revoked") {
					b.Fatalf("session %s: got revoked %v, want %v", sessions[n], got, !got)
				}
				i++
			}
		})
	}
	b.Run("live, in parallel", func(b *testing.B) {
		sessions := ids(4, 1<<16)
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				n := i & (1<<16 - 1)
				set.Revoked(tokens[n], sessions[n], "key-1", subjects[n], 3)
			}
		})
	})
}

// BenchmarkRevokedAllKinds has a quarter of a million entries of every kind,
// so that no look-up is passed over.
func BenchmarkRevokedAllKinds(b *testing.B) {
	set := revocation.NewSet(time.Now)
	expires := time.Now().Add(time.Hour)
	for i := range uint64(million / 4) {
		set.Add(
			revocation.Entry{Kind: revocation.Token, ID: id(5, i), ExpiresAt: expires},
			revocation.Entry{Kind: revocation.Session, ID: id(6, i), ExpiresAt: expires},
			revocation.Entry{Kind: revocation.Subject, ID: id(7, i), Below: 2, ExpiresAt: expires},
			revocation.Entry{Kind: revocation.Key, ID: id(8, i), ExpiresAt: expires},
		)
	}
	tokens, sessions, subjects := ids(2, 1<<16), ids(4, 1<<16), ids(3, 1<<16)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		n := i & (1<<16 - 1)
		if _, got := set.Revoked(tokens[n], sessions[n], "key-1", subjects[n], 3); got {
			b.Fatal("got revoked, want not")
		}
		i++
	}
}

func BenchmarkAdd(b *testing.B) {
	set := revocation.NewSet(time.Now)
	expires := time.Now().Add(time.Hour)
	b.ReportAllocs()
	i := uint64(0)
	for b.Loop() {
		set.Add(revocation.Entry{Kind: revocation.Session, ID: id(1, i%million), ExpiresAt: expires})
		i++
	}
}

// BenchmarkMemory reports the heap bytes an entry takes in a set of a million,
// its id of 22 characters included.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		set := filled(million, revocation.Session)
		b.ReportMetric(float64(heap()-before)/float64(set.Len()), "B/entry")
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
