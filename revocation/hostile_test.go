package revocation_test

import (
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward/revocation"
)

// faults are what a broken server, or somebody in between, may write at the start of a stream. Each begins with the
// sessions that are there already, so that none of it may make a follower forget.
var faults = map[string]string{
	"nothing":                        "",
	"an end at once":                 "event: end\ndata: {\"reason\":\"slow\"}\n\n",
	"an end that is not JSON":        "event: end\ndata: {\n\n",
	"garbage":                        "\x00\xff\r\r\n{}<html>",
	"a line without end":             "data: " + strings.Repeat("x", 2<<20),
	"an interrupted event":           "event: revoke\nid: e1.5\ndata: [",
	"a reset and no more":            "event: reset\ndata: {}\n\n",
	"two resets":                     "event: reset\ndata: {}\n\nevent: reset\ndata: {}\n\n",
	"a reset in the middle":          "event: heartbeat\nid: e1.999999\ndata: {\"time\":1}\n\nevent: reset\ndata: {}\n\n",
	"entries without a reset":        "event: revoke\nid: x.1\ndata: []\n\n",
	"a cursor that goes back":        "event: reset\ndata: {}\n\nevent: revoke\nid: e1.5\ndata: []\n\nevent: revoke\nid: e1.4\ndata: []\n\n",
	"another epoch without a reset":  "event: reset\ndata: {}\n\nevent: revoke\nid: e1.5\ndata: []\n\nevent: heartbeat\nid: e2.6\ndata: {\"time\":1}\n\n",
	"a malformed cursor":             "event: reset\ndata: {}\n\nevent: heartbeat\nid: 7\ndata: {\"time\":1}\n\n",
	"no cursor":                      "event: reset\ndata: {}\n\nevent: revoke\ndata: []\n\n",
	"entries that are not JSON":      "event: reset\ndata: {}\n\nevent: revoke\nid: e1.1\ndata: [{\n\n",
	"an entry of an unknown kind":    "event: reset\ndata: {}\n\nevent: revoke\nid: e1.1\ndata: [{\"kind\":\"ip\",\"id\":\"x\"}]\n\n",
	"more entries than a batch":      "event: reset\ndata: {}\n\nevent: revoke\nid: e1.1\ndata: [" + strings.Repeat(`{"kind":"sid","id":"x"},`, revocation.MaxBatch) + `{"kind":"sid","id":"x"}]` + "\n\n",
	"a heartbeat that is not JSON":   "event: reset\ndata: {}\n\nevent: heartbeat\nid: e1.1\ndata: now\n\n",
	"unknown events and then an end": "event: hello\ndata: 1\n\ndata: 2\n\n",
}

func TestAHostileServerMakesAFollowerForgetNothing(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newIssuing(t)
				s.commit(sessions(0, 20)...)
				f := s.follow(revocation.Options{})
				if err := f.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
				s.change(func() {
					s.fault = func(w io.Writer, _ int) bool {
						_, _ = io.WriteString(w, fault)
						return true
					}
				})
				s.hangUp("")
				for range 100 {
					time.Sleep(time.Second)
					answers(t, f, 7, revocation.Session, nil)
				}
				if name != "a reset in the middle" { // a heartbeat is all that there is to believe
					answers(t, f, 50, 0, revocation.ErrStale)
				}
				if _, streams := s.count(); streams > 60 {
					t.Errorf("got %d streams in 100 s, want at most 60", streams)
				}
				s.change(func() { s.fault = nil; s.log = append(s.log, session(20)) })
				time.Sleep(6 * time.Second)
				answers(t, f, 7, revocation.Session, nil)
				answers(t, f, 20, revocation.Session, nil)
				answers(t, f, 50, 0, nil)
			})
		})
	}
}

// A reset replaces what is known only when all of the new has come.
func TestAResetLetsNothingThroughMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuing(t)
		s.commit(sessions(0, 1000)...)
		f := s.follow(revocation.Options{})
		if err := f.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Another history, of which a part comes, then the link breaks, then all of it.
		s.change(func() {
			s.epoch, s.log, s.silent = "e2", sessions(500, 2000), true
			s.fault = func(w io.Writer, n int) bool {
				if n != 2 {
					return false
				}
				_, _ = w.Write(revocation.ResetEvent().AppendTo(nil))
				_, _ = w.Write(revocation.RevokeEvent(revocation.Cursor{Epoch: "e2", Seq: 3}, sessions(500, 503)).AppendTo(nil))
				_, _ = w.Write(revocation.RevokeEvent(revocation.Cursor{Epoch: "e2", Seq: 4}, []revocation.Entry{session(3000)}).AppendTo(nil))
				return true
			}
		})
		s.hangUp("")
		for range 10 {
			time.Sleep(200 * time.Millisecond)
			synctest.Wait()
			for _, n := range []int{0, 499, 500, 999, 3000} {
				answers(t, f, n, revocation.Session, nil)
			}
		}
		answers(t, f, 1999, revocation.Session, nil) // new, and known before the first heartbeat
		s.change(func() { s.silent = false })
		time.Sleep(10 * time.Second)
		for n, want := range map[int]revocation.Kind{0: 0, 499: 0, 500: revocation.Session, 1999: revocation.Session} {
			answers(t, f, n, want, nil)
		}
		if got := f.Status(); got.Entries != 1501 || got.Cursor != "e2.1500" {
			t.Errorf("got %+v, want the 1501 entries of the new history", got)
		}
		if got := s.opened[2]; got != "" {
			t.Errorf("got the cursor %q after an interrupted reset, want none", got)
		}
	})
}

// However often links break, wherever they do, and whatever the server's history becomes: an entry that was committed is
// refused from the first heartbeat after it on, and from then on always; and a follower that does not call itself
// stale knows all that is older than MaxStaleness.
func TestNoHistoryOfFaultsLosesAnEntry(t *testing.T) {
	const maxStaleness = 10 * time.Second
	names := slices.Sorted(maps.Keys(faults))
	names = slices.DeleteFunc(names, func(name string) bool { return name == "a reset in the middle" }) // its heartbeat lies
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			s := newIssuing(t)
			f := s.follow(revocation.Options{MaxStaleness: maxStaleness})
			type commit struct {
				at   time.Time
				upTo int
			}
			commits := []commit{{time.Now(), 0}}
			known := 0
			for range 80 {
				s.misbehave(random, faults[names[random.IntN(len(names))]])
				from := commits[len(commits)-1].upTo
				to := from + random.IntN(700)
				s.commit(sessions(from, to)...)
				commits = append(commits, commit{time.Now(), to})
				time.Sleep(time.Duration(random.IntN(8000)) * time.Millisecond)
				synctest.Wait()
				_, err := f.Revoked("", "never revoked", "", "", 0)
				last := f.Status().LastHeartbeat
				for _, c := range commits {
					if last.After(c.at) || err == nil && time.Since(c.at) > maxStaleness {
						known = max(known, c.upTo)
					}
				}
				for range min(known, 200) {
					if n := random.IntN(known); kindOf(f, n) != revocation.Session {
						t.Fatalf("seed %d: session %d of %d known ones is let through: %+v", seed, n, known, f.Status())
					}
				}
			}
			s.change(func() { s.refuse, s.fault, s.silent = 0, nil, false })
			time.Sleep(15 * time.Second)
			synctest.Wait()
			all := commits[len(commits)-1].upTo
			for n := range all {
				if kindOf(f, n) != revocation.Session {
					t.Fatalf("seed %d: session %d of %d is let through at the end: %+v", seed, n, all, f.Status())
				}
			}
			answers(t, f, all, 0, nil)
		})
	}
}

func kindOf(f *revocation.Follower, n int) revocation.Kind {
	kind, _ := f.Revoked("", session(n).ID, "", "", 0)
	return kind
}

// misbehave makes one thing go wrong, or everything right again.
func (s *issuing) misbehave(random *rand.Rand, fault string) {
	switch random.IntN(8) {
	case 0:
		status := []int{-1, 401, 400, 404, 500, 503, http.StatusOK}[random.IntN(7)]
		s.change(func() { s.refuse = status })
	case 1:
		fault = fault[:random.IntN(len(fault)+1)]
		s.change(func() {
			s.fault = func(w io.Writer, _ int) bool { _, _ = io.WriteString(w, fault); return true }
		})
		s.hangUp("")
	case 2:
		s.hangUp([]string{"", revocation.EndSlow, revocation.EndRevoked}[random.IntN(3)])
	case 3:
		s.change(func() { s.epoch += "x"; s.cut++; s.end = "" })
	case 4:
		s.change(func() { s.silent = !s.silent })
	default:
		s.change(func() { s.refuse, s.fault, s.silent = 0, nil, false })
	}
}
