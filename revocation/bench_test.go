package revocation_test

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
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

// BenchmarkCurve reports, for sets of growing size, the heap bytes an entry takes, what an Add takes while the set
// grows to that size, and a check of a token whose session is not revoked, and of one whose is.
func BenchmarkCurve(b *testing.B) {
	for _, kind := range []revocation.Kind{revocation.Session, revocation.Subject} {
		for _, n := range []int{1e4, 1e5, 1e6, 1e7} {
			b.Run(fmt.Sprintf("%v/%d", kind, n), func(b *testing.B) { curve(b, kind, n) })
		}
	}
}

func curve(b *testing.B, kind revocation.Kind, n int) {
	expires := time.Now().Add(time.Hour)
	entries := make([]revocation.Entry, 1<<12)
	const most = 1 << 16
	tokens, live, users := ids(2, most), ids(4, most), ids(3, most)
	before := heap()
	set := revocation.NewSet(time.Now)
	var adding []time.Duration
	for done := 0; done < n; done += len(entries) {
		entries = entries[:min(len(entries), n-done)]
		for i := range entries {
			entries[i] = revocation.Entry{Kind: kind, ID: id(1, uint64(done+i)), Below: 5, ExpiresAt: expires}
		}
		begin := time.Now()
		set.Add(entries...)
		adding = append(adding, time.Since(begin)/time.Duration(len(entries)))
	}
	clear(entries)
	held := heap() - before
	runtime.KeepAlive(entries)
	gone := make([]string, most)
	for i := range gone {
		gone[i] = id(1, mix(uint64(i))%uint64(n))
	}
	check := func(sessions, subjects []string, want bool) float64 {
		const rounds, each = 64, 1 << 12
		var took []time.Duration
		for round := range rounds {
			begin := time.Now()
			for i := range each {
				at := (round*each + i) & (most - 1)
				if _, got := set.Revoked(tokens[at], sessions[at], "key-1", subjects[at], 3); got != want {
					b.Fatalf("got revoked %v, want %v", got, want)
				}
			}
			took = append(took, time.Since(begin))
		}
		return float64(median(took).Nanoseconds()) / each
	}
	sessions, subjects := gone, users
	if kind == revocation.Subject {
		sessions, subjects = live, gone
	}
	var stands, revoked float64
	for b.Loop() {
		stands, revoked = check(live, users, false), check(sessions, subjects, true)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(held)/float64(n), "B/entry")
	b.ReportMetric(float64(median(adding).Nanoseconds()), "ns/add")
	b.ReportMetric(stands, "ns/live-check")
	b.ReportMetric(revoked, "ns/revoked-check")
}

// median keeps what else the machine does out of the figures.
func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
