package password_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/durward-auth/durward/server/internal/password"
)

func TestAFloodOfNewcomersRefusesNoSignIn(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: password.Params{MemoryKiB: 1024, Iterations: 1, Parallelism: 1}, Workers: 2, Queue: 8})
	phc := mustHash(t, p, "correct horse")
	var refused atomic.Int64
	var stop atomic.Bool
	var flood sync.WaitGroup
	defer flood.Wait()
	defer stop.Store(true)
	for range 120 {
		flood.Go(func() {
			for !stop.Load() {
				if _, err := p.Hash(t.Context(), "correct horse"); errors.Is(err, password.ErrBusy) {
					refused.Add(1)
				} else if err != nil {
					t.Errorf("Hash: %v", err)
				}
			}
		})
	}
	for deadline := time.Now().Add(10 * time.Second); refused.Load() == 0; {
		if time.Now().After(deadline) {
			t.Fatal("120 callers of Hash: got none refused, want a full queue")
		}
	}
	served := 0
	for i := range 20 {
		ok, _, err := p.Verify(t.Context(), phc, "correct horse")
		if _, errTrusted := p.HashTrusted(t.Context(), "correct horse"); ok && err == nil && errTrusted == nil {
			served++
		} else {
			t.Errorf("sign-in %d: got %v, %v and %v, want it served", i+1, ok, err, errTrusted)
		}
	}
	if served != 20 {
		t.Errorf("sign-ins beside 120 callers of Hash: got %d of 20 served, want all", served)
	}
}

func TestThePlacesOfTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, password.PoolConfig{Params: cheap, Workers: 1, Queue: 8})
		release := password.Occupy(p, 1)
		var mu sync.Mutex
		served, busy := []string{}, map[string]int{}
		call := func(who string, times int, hash func() error) {
			for range times {
				go func() {
					err := hash()
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						served = append(served, who)
					case errors.Is(err, password.ErrBusy):
						busy[who]++
					default:
						t.Errorf("%s: %v", who, err)
					}
				}()
			}
			synctest.Wait()
		}
		newcomer := func() error { _, err := p.Hash(t.Context(), "correct horse"); return err }
		call("newcomer", 5, newcomer)
		call("sign-in", 7, func() error { return p.VerifyDummy(t.Context(), "correct horse") })
		call("newcomer", 1, newcomer)
		if busy["newcomer"] != 4 || busy["sign-in"] != 1 {
			t.Errorf("a queue of 8: got %v refused, want 4 of 6 newcomers, all but a quarter, and 1 of 7 sign-ins", busy)
		}
		release()
		synctest.Wait()
		want := slices.Concat(slices.Repeat([]string{"sign-in"}, 6), slices.Repeat([]string{"newcomer"}, 2))
		if !slices.Equal(served, want) {
			t.Errorf("with one worker: got %v served, want sign-ins first though they came last", served)
		}
	})
}

// Sign-ins overtake newcomers, so that the time which these would take does not refuse them.
func TestASignInCountsOnlyThoseBeforeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 1 GiB of work a hash: some 1.024 s until measured.
		slow := password.Params{MemoryKiB: 64 * 1024, Iterations: 16, Parallelism: 1}
		p := newPool(t, password.PoolConfig{Params: slow, Workers: 1, Queue: 16})
		release := password.Occupy(p, 1)
		defer release()
		gone, leave := context.WithCancel(t.Context())
		defer leave()
		for range 4 {
			go p.Hash(gone, "correct horse")
		}
		synctest.Wait()
		before := time.Now()
		brief, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if _, err := p.Hash(brief, "correct horse"); !errors.Is(err, password.ErrBusy) || time.Since(before) != 0 {
			t.Errorf("a newcomer with 3 s behind five hashes: got %v after %v, want ErrBusy at once", err, time.Since(before))
		}
		if err := p.VerifyDummy(brief, "correct horse"); !errors.Is(err, password.ErrBusy) || time.Since(before) != 3*time.Second {
			t.Errorf("a sign-in with 3 s behind one hash: got %v after %v, want it to have waited for 3s", err, time.Since(before))
		}
		leave()
		synctest.Wait()
	})
}

func TestNobodyWhoLeavesTakesAWorkerAlong(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap, Workers: 1})
	for range 200 {
		release := password.Occupy(p, 1)
		ctx, leave := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() {
			if _, err := p.Hash(ctx, "correct horse"); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("Hash: %v", err)
			}
		})
		done.Go(leave)
		done.Go(release)
		done.Wait()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := p.Hash(ctx, "correct horse"); err != nil {
		t.Errorf("Hash afterwards: got %v, want none", err)
	}
}
