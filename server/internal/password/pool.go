package password

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// ErrBusy says that a password was not looked at, since too many callers wait already or
// the context's deadline would pass first. RetryAfter says when to come back.
var ErrBusy = errors.New("too many passwords are being hashed")

// PoolConfig says how passwords are hashed and how many at once.
type PoolConfig struct {
	// Params are those of new hashes; the zero value means DefaultParams.
	Params Params
	// Workers is how many passwords are hashed at the same time, each in Params.MemoryKiB of
	// memory, or in what a stored hash asks for, at most 256 MiB; 0 means GOMAXPROCS.
	Workers int
	// Queue is how many callers may wait for a worker; 0 means 64. Those of Hash find
	// a place only in the first quarter of it.
	Queue int
	// Runner does the work; nil means that it is done here, in the goroutine of the caller, where it keeps the processors
	// from all else that the process does.
	Runner Runner
}

const (
	defaultQueue = 64
	maxWorkers   = 1024
	maxQueue     = 100_000
)

// Pool hashes passwords with Argon2id (RFC 9106), a bounded number at a time. It is
// safe for concurrent use, and owns no goroutine.
//
// Anybody may ask for a new account, so Hash gives way: a worker that comes free goes to a caller of
// another method if one waits, and three quarters of the queue are theirs alone. However many call Hash,
// a sign-in is not refused for it, and waits no longer than until one worker has finished.
type Pool struct {
	params  Params
	workers int
	queue   int
	runner  Runner
	dummy   string

	mu      sync.Mutex
	working int
	waiting lines
	tired   bool // something has been hashed since the runner was told to rest

	hashed atomic.Bool  // since Rest was called last
	cost   atomic.Int64 // nanoseconds that one hash takes, a moving average
}

// NewPool returns a pool, or every problem of its configuration.
func NewPool(c PoolConfig) (*Pool, error) {
	if c.Params == (Params{}) {
		c.Params = DefaultParams()
	}
	if c.Workers == 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
	problems := []error{c.Params.Check()}
	if c.Workers < 1 || c.Workers > maxWorkers {
		problems = append(problems, fmt.Errorf("password workers must be 1 to %d, not %d", maxWorkers, c.Workers))
	}
	if c.Queue < 1 || c.Queue > maxQueue {
		problems = append(problems, fmt.Errorf("the queue of passwords must be 1 to %d, not %d", maxQueue, c.Queue))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	if c.Runner == nil {
		c.Runner = here{}
	}
	p := &Pool{params: c.Params, workers: c.Workers, queue: c.Queue, runner: c.Runner}
	p.dummy = argon2Hash{params: c.Params, salt: random(saltSize), tag: random(tagSize)}.encode()
	p.cost.Store(int64(expectedCost(c.Params)))
	return p, nil
}

// Hash returns the PHC string of a password in its normal form, with a salt of its own. It gives
// way to the other methods, as Pool says: it is for people who have no account yet.
// The error is ErrBusy, the context's, or a *WeakError from Normalise.
func (p *Pool) Hash(ctx context.Context, password string) (phc string, err error) {
	return p.hash(ctx, newcomer, password)
}

// HashTrusted is Hash for somebody who has signed in: it waits with the callers of Verify.
func (p *Pool) HashTrusted(ctx context.Context, password string) (phc string, err error) {
	return p.hash(ctx, known, password)
}

func (p *Pool) hash(ctx context.Context, r rank, password string) (string, error) {
	password, err := Normalise(password)
	if err != nil {
		return "", err
	}
	o, err := p.work(ctx, r, true, Task{Password: password, Params: p.params})
	if err != nil {
		return "", err
	}
	return o.Hash, nil
}

// Verify says whether a password is the one of a stored hash, in constant time, and if so whether
// the hash is to be replaced by a new one since it costs less than the pool's parameters or is of
// another kind. Beside what Hash writes it accepts, as an import may bring them:
//
//   - bcrypt: $2a$, $2b$, $2y$
//   - scrypt and PBKDF2 as Passlib and PHC write them: $scrypt$, $pbkdf2$, $pbkdf2-sha256$, $pbkdf2-sha512$
//   - Werkzeug: scrypt:N:r:p, pbkdf2:sha1:N, pbkdf2:sha256:N, pbkdf2:sha512:N
//   - Django: argon2$argon2id, bcrypt, bcrypt_sha256, scrypt, pbkdf2_sha1, pbkdf2_sha256
//
// The password is compared in its normal form alone. Against bcrypt, one of more than 72 bytes or with a NUL
// never matches.
//
// The error is ErrBusy, the context's, a *WeakError from Normalise, or ErrMalformedHash; stored
// costs out of bounds are refused before anything is computed.
func (p *Pool) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	password, err = Normalise(password)
	if err != nil {
		return false, false, err
	}
	h, err := parseStored(hash)
	if err != nil {
		return false, false, err
	}
	own, isArgon2 := h.(argon2Hash)
	o, err := p.work(ctx, known, isArgon2 && own.params == p.params, Task{Password: password, Stored: hash})
	if err != nil {
		return false, false, err
	}
	return o.Matches, o.Matches && h.outdated(p.params), nil
}

// VerifyDummy takes as long as Verify takes with a hash of the pool's parameters, and has the
// same errors. It is for names that do not exist, which a quicker answer would give away.
func (p *Pool) VerifyDummy(ctx context.Context, password string) error {
	_, _, err := p.Verify(ctx, p.dummy, password)
	return err
}

// Rest gives the memory that passwords took back to the operating system, if some have been hashed, but none since the last call.
// Call it at an interval.
func (p *Pool) Rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.hashed.Swap(false) || p.working > 0:
		p.tired = true
	case p.tired:
		p.tired = false
		p.runner.Rest()
	}
}

// RetryAfter estimates when the callers that are inside now will have been served; it
// is at least a second.
func (p *Pool) RetryAfter() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.wait(p.working+p.waiting.ahead(newcomer)), time.Second)
}

// work does a task when a worker is free. The cost is learned from a typical one, which
// has the pool's parameters.
func (p *Pool) work(ctx context.Context, r rank, typical bool, t Task) (Outcome, error) {
	if err := p.acquire(ctx, r); err != nil {
		return Outcome{}, err
	}
	defer p.release()
	start := time.Now()
	o, err := p.runner.Do(t)
	p.hashed.Store(true)
	if typical && err == nil {
		p.learn(time.Since(start))
	}
	return o, err
}

// wait estimates how long so many callers take.
func (p *Pool) wait(callers int) time.Duration {
	rounds := (callers + p.workers - 1) / p.workers
	return time.Duration(int64(rounds) * p.cost.Load())
}

// learn moves the average an eighth of the way to a measured cost. Of two
// that race one may be lost, which an estimate can bear.
func (p *Pool) learn(measured time.Duration) {
	average := p.cost.Load()
	p.cost.Store(average + (int64(measured)-average)/8)
}

// expectedCost is what a hash takes until one has been measured: a millisecond for
// each MiB written.
func expectedCost(params Params) time.Duration {
	return time.Duration(params.work()) * time.Millisecond / 1024
}

func random(size int) []byte {
	b := make([]byte, size)
	rand.Read(b) // never fails
	return b
}

// here does tasks in this process.
type here struct{}

func (here) Do(t Task) (Outcome, error) { return t.Do() }
func (here) Rest()                      { debug.FreeOSMemory() }
