package password_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/durward-auth/durward/server/internal/password"
)

// cheap parameters keep the tests quick; what they show does not depend on the cost.
var cheap = password.Params{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

func newPool(t testing.TB, c password.PoolConfig) *password.Pool {
	t.Helper()
	p, err := password.NewPool(c)
	if err != nil {
		t.Fatalf("NewPool: %v", err)
	}
	return p
}

func mustHash(t testing.TB, p *password.Pool, secret string) string {
	t.Helper()
	phc, err := p.Hash(t.Context(), secret)
	if err != nil {
		t.Fatalf("Hash: %v", err)
	}
	return phc
}

func TestHashIsArgon2idAtTheDefaultParameters(t *testing.T) {
	p := newPool(t, password.PoolConfig{})
	phc := mustHash(t, p, "correct horse")
	fields := strings.Split(phc, "$")
	if len(fields) != 6 || strings.Join(fields[:4], "$") != "$argon2id$v=19$m=19456,t=2,p=1" {
		t.Fatalf("PHC string: got the parameters %v, want $argon2id$v=19$m=19456,t=2,p=1", fields[:4])
	}
	salt, _ := base64.RawStdEncoding.DecodeString(fields[4])
	tag, _ := base64.RawStdEncoding.DecodeString(fields[5])
	if len(salt) != 16 {
		t.Errorf("salt: got %d bytes, want 16", len(salt))
	}
	if want := argon2.IDKey([]byte("correct horse"), salt, 2, 19456, 1, 32); string(tag) != string(want) {
		t.Error("tag: got other bytes than Argon2id gives for this salt")
	}
	if again := mustHash(t, p, "correct horse"); again == phc {
		t.Error("a second hash of the same password: got the same, want a salt of its own")
	}
	ok, rehash, err := p.Verify(t.Context(), phc, "correct horse")
	if !ok || rehash || err != nil {
		t.Errorf("Verify: got %v, %v, %v, want true, false, no error", ok, rehash, err)
	}
}

func TestVerifyTellsPasswordsApart(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	long := strings.Repeat("a", 72)
	tests := map[string]struct {
		set, given string
		ok         bool
	}{
		"the same":                            {"correct horse", "correct horse", true},
		"another":                             {"correct horse", "correct house", false},
		"another case":                        {"correct horse", "Correct horse", false},
		"the empty one":                       {"correct horse", "", false},
		"composed and decomposed":             {"caf\u00e9 cr\u00e8me", "cafe\u0301 cre\u0300me", true},
		"a compatibility form":                {"\ufb01sh and chips", "fish and chips", false},
		"an emoji":                            {"\U0001f600\U0001f600", "\U0001f600\U0001f600", true},
		"right to left":                       {"\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd", true},
		"64 code points of 4 bytes":           {strings.Repeat("\U0001f600", 64), strings.Repeat("\U0001f600", 64), true},
		"a space at the end":                  {"correct horse", "correct horse ", false},
		"a space at the start":                {" correct horse", "correct horse", false},
		"another end after NUL":               {"ab\x00cd", "ab\x00xx", false},
		"cut at NUL":                          {"ab\x00cd", "ab", false},
		"the same with NUL":                   {"ab\x00cd", "ab\x00cd", true},
		"another end after 72 bytes":          {long, long + "x", false},
		"1,024 bytes that differ in the last": {strings.Repeat("a", 1024), strings.Repeat("a", 1023) + "b", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ok, _, err := p.Verify(t.Context(), mustHash(t, p, tt.set), tt.given)
			if ok != tt.ok || err != nil {
				t.Errorf("Verify: got %v, %v, want %v", ok, err, tt.ok)
			}
		})
	}
}

func TestLongOrBrokenPasswordsAreRefusedBeforeHashing(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	phc := mustHash(t, p, "correct horse")
	for name, given := range map[string]string{
		"1,025 bytes":   strings.Repeat("a", 1025),
		"a megabyte":    strings.Repeat("a", 1<<20),
		"invalid UTF-8": "correct\xffhorse",
		// U+0958 is 3 bytes, and 6 in normal form C.
		"too long only in normal form": strings.Repeat("\u0958", 300),
	} {
		t.Run(name, func(t *testing.T) {
			var weak *password.WeakError
			if got, err := p.Hash(t.Context(), given); !errors.As(err, &weak) || got != "" {
				t.Errorf("Hash: got %q, %v, want a WeakError", got, err)
			}
			if ok, _, err := p.Verify(t.Context(), phc, given); ok || !errors.As(err, &weak) {
				t.Errorf("Verify: got %v, %v, want a WeakError", ok, err)
			}
			if err := p.VerifyDummy(t.Context(), given); !errors.As(err, &weak) {
				t.Errorf("VerifyDummy: got %v, want the error of Verify", err)
			}
		})
	}
}

func TestVerifyAsksForANewHashBelowThePolicy(t *testing.T) {
	policy := password.Params{MemoryKiB: 128, Iterations: 2, Parallelism: 1}
	p := newPool(t, password.PoolConfig{Params: policy})
	for name, tt := range map[string]struct {
		stored password.Params
		rehash bool
	}{
		"the policy's own":              {policy, false},
		"more memory":                   {password.Params{MemoryKiB: 256, Iterations: 2, Parallelism: 1}, false},
		"more memory, fewer passes":     {password.Params{MemoryKiB: 256, Iterations: 1, Parallelism: 1}, false},
		"less memory":                   {password.Params{MemoryKiB: 64, Iterations: 8, Parallelism: 1}, true},
		"the least memory":              {password.Params{MemoryKiB: 8, Iterations: 1, Parallelism: 1}, true},
		"fewer passes":                  {password.Params{MemoryKiB: 128, Iterations: 1, Parallelism: 1}, true},
		"another degree of parallelism": {password.Params{MemoryKiB: 128, Iterations: 2, Parallelism: 2}, true},
	} {
		t.Run(name, func(t *testing.T) {
			phc := mustHash(t, newPool(t, password.PoolConfig{Params: tt.stored}), "correct horse")
			ok, rehash, err := p.Verify(t.Context(), phc, "correct horse")
			if !ok || rehash != tt.rehash || err != nil {
				t.Errorf("Verify: got %v, %v, %v, want true, %v", ok, rehash, err, tt.rehash)
			}
			if ok, rehash, err := p.Verify(t.Context(), phc, "wrong"); ok || rehash || err != nil {
				t.Errorf("Verify of a wrong password: got %v, %v, %v, want false, false", ok, rehash, err)
			}
		})
	}
	salt := base64.RawStdEncoding.EncodeToString([]byte("12345678"))
	tag := base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("correct horse"), []byte("12345678"), 2, 128, 1, 16))
	ok, rehash, err := p.Verify(t.Context(), "$argon2id$v=19$m=128,t=2,p=1$"+salt+"$"+tag, "correct horse")
	if !ok || !rehash || err != nil {
		t.Errorf("a short salt and tag: got %v, %v, %v, want true, true", ok, rehash, err)
	}
}

func TestACallerThatCannotBeServedInTimeIsRefusedAtOnce(t *testing.T) {
	p := newPool(t, password.PoolConfig{Workers: 1}) // some 38 ms a hash until measured
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
	defer cancel()
	if _, err := p.Hash(ctx, "correct horse"); !errors.Is(err, password.ErrBusy) {
		t.Errorf("Hash with 5 ms left: got %v, want ErrBusy", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := p.Hash(gone, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Errorf("Hash for a caller that went away: got %v, want context.Canceled", err)
	}
	if _, err := p.Hash(t.Context(), "correct horse"); err != nil {
		t.Errorf("Hash afterwards: got %v, want none: refused callers hold no place", err)
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(t, password.PoolConfig{Params: cheap, Workers: 2, Queue: 3})
		release := password.Occupy(p, 2)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		var canceled atomic.Int64
		for range 3 {
			waiting.Go(func() {
				if err := p.VerifyDummy(ctx, "correct horse"); errors.Is(err, context.Canceled) {
					canceled.Add(1)
				}
			})
		}
		synctest.Wait()
		if err := p.VerifyDummy(t.Context(), "correct horse"); !errors.Is(err, password.ErrBusy) {
			t.Errorf("the fourth in a queue of three: got %v, want ErrBusy", err)
		}
		if got := p.RetryAfter(); got != time.Second {
			t.Errorf("RetryAfter with five cheap hashes inside: got %v, want the least, 1s", got)
		}
		cancel()
		waiting.Wait()
		if canceled.Load() != 3 {
			t.Errorf("callers that went away while waiting: got %d told so, want 3", canceled.Load())
		}
		late, cancelLate := context.WithTimeout(t.Context(), time.Minute)
		defer cancelLate()
		if _, err := p.Hash(late, "correct horse"); !errors.Is(err, password.ErrBusy) {
			t.Errorf("a deadline that passes in the queue: got %v, want ErrBusy", err)
		}
	})
}

func TestRetryAfterGrowsWithTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// 1 GiB of work a hash: some 1.024 s until measured.
		slow := password.Params{MemoryKiB: 64 * 1024, Iterations: 16, Parallelism: 1}
		p := newPool(t, password.PoolConfig{Params: slow, Workers: 1, Queue: 16})
		release := password.Occupy(p, 1)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for range 4 {
			go p.Hash(ctx, "correct horse")
		}
		synctest.Wait()
		if got, want := p.RetryAfter(), 5*1024*time.Millisecond; got != want {
			t.Errorf("RetryAfter with one inside and four waiting: got %v, want %v", got, want)
		}
		cancel()
		synctest.Wait()
	})
}

func TestAFloodStaysWithinTheWorkers(t *testing.T) {
	params := password.Params{MemoryKiB: 4 * 1024, Iterations: 1, Parallelism: 1}
	p := newPool(t, password.PoolConfig{Params: params, Workers: 2, Queue: 100})
	stop := make(chan struct{})
	highest := make(chan uint64)
	go func() {
		var stats runtime.MemStats
		var most uint64
		for {
			select {
			case <-stop:
				highest <- most
				return
			default:
				runtime.ReadMemStats(&stats)
				most = max(most, stats.HeapInuse)
				runtime.Gosched()
			}
		}
	}()
	var done sync.WaitGroup
	var served, busy atomic.Int64
	for range 500 {
		done.Go(func() {
			switch err := p.VerifyDummy(t.Context(), "correct horse"); {
			case err == nil:
				served.Add(1)
			case errors.Is(err, password.ErrBusy):
				busy.Add(1)
			default:
				t.Errorf("VerifyDummy: %v", err)
			}
		})
	}
	done.Wait()
	close(stop)
	if served.Load() < 102 || served.Load()+busy.Load() != 500 {
		t.Errorf("500 callers: got %d served and %d refused, want at least 102 served and 500 in all", served.Load(), busy.Load())
	}
	// Two hashes at work, and the garbage before the collector has caught up, which on a loaded machine takes a while; those
	// that wait would take 400 MiB at once.
	if most := <-highest; most > 256<<20 {
		t.Errorf("heap in use during the flood: got %d MiB, want at most 256", most>>20)
	}
}

func TestNewPoolRefuses(t *testing.T) {
	for name, c := range map[string]password.PoolConfig{
		"4 GiB of memory":          {Params: password.Params{MemoryKiB: 4 << 20, Iterations: 1, Parallelism: 1}},
		"no memory":                {Params: password.Params{Iterations: 1, Parallelism: 1}},
		"too little for the lanes": {Params: password.Params{MemoryKiB: 31, Iterations: 1, Parallelism: 4}},
		"no passes":                {Params: password.Params{MemoryKiB: 64, Parallelism: 1}},
		"a million passes":         {Params: password.Params{MemoryKiB: 64, Iterations: 1e6, Parallelism: 1}},
		"no lanes":                 {Params: password.Params{MemoryKiB: 64, Iterations: 1}},
		"17 lanes":                 {Params: password.Params{MemoryKiB: 1024, Iterations: 1, Parallelism: 17}},
		"seconds a hash":           {Params: password.Params{MemoryKiB: 256 * 1024, Iterations: 5, Parallelism: 1}},
		"workers below nought":     {Workers: -1},
		"a queue below nought":     {Queue: -1},
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := password.NewPool(c); err == nil || p != nil {
				t.Errorf("NewPool(%+v): got %v, want an error", c, err)
			}
		})
	}
}

func ExamplePool() {
	pool, err := password.NewPool(password.PoolConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	phc, err := pool.Hash(context.Background(), "several words, easily remembered")
	if err != nil {
		fmt.Println(err)
		return
	}
	ok, rehash, err := pool.Verify(context.Background(), phc, "several words, easily remembered")
	fmt.Println(phc[:30], ok, rehash, err)
	// Output: $argon2id$v=19$m=19456,t=2,p=1 true false <nil>
}

// A resting runner counts how often it was told to rest.
type resting struct{ times int }

func (*resting) Do(t password.Task) (password.Outcome, error) { return t.Do() }
func (r *resting) Rest()                                      { r.times++ }

func TestAPoolRestsOnceWhenItHasBeenIdleForAnInterval(t *testing.T) {
	var runner resting
	pool := newPool(t, password.PoolConfig{Params: cheap, Runner: &runner})
	rests := func(when string, want int) {
		t.Helper()
		pool.Rest()
		if runner.times != want {
			t.Errorf("%s: got the runner told to rest %d times, want %d", when, runner.times, want)
		}
	}
	rests("nothing hashed", 0)
	mustHash(t, pool, "correct horse battery")
	rests("hashed in this interval", 0)
	release := password.Occupy(pool, 1)
	rests("at work", 0)
	release()
	rests("idle for an interval", 1)
	rests("idle for another", 1)
	mustHash(t, pool, "correct horse battery")
	rests("hashed again", 1)
	rests("idle again", 2)
}
