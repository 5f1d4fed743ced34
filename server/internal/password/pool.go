package password

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
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
	// memory, or in what a stored hash asks for, at most 256 MiB; 0 means GOMAXPROCS. See Foreground
	// for what that does to other work.
	Workers int
	// Queue is how many callers may wait for a worker; 0 means 64.
	Queue int
}

const (
	defaultQueue = 64
	maxWorkers   = 1024
	maxQueue     = 100_000
)

// Pool hashes passwords with Argon2id (RFC 9106), a bounded number at a time. It is
// safe for concurrent use, and owns no goroutine: a password is hashed in its caller's.
type Pool struct {
	params  Params
	workers int
	places  int64 // workers and queue
	dummy   string

	steady chan struct{} // a place for each worker but the spare one
	spare  chan struct{} // a place for the worker that rests, nil if none does
	inside atomic.Int64  // callers that hash or wait
	hashed atomic.Bool   // since Rested was called last
	cost   atomic.Int64  // nanoseconds that one hash takes, a moving average
	rest   atomic.Int64  // Unix nanoseconds until when the spare worker rests
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
	p := &Pool{
		params:  c.Params,
		workers: c.Workers,
		places:  int64(c.Workers + c.Queue),
		steady:  make(chan struct{}, c.Workers),
	}
	if c.Workers > 1 && c.Workers >= runtime.GOMAXPROCS(0) {
		p.steady, p.spare = make(chan struct{}, c.Workers-1), make(chan struct{}, 1)
	}
	p.dummy = argon2Hash{params: c.Params, salt: random(saltSize), tag: random(tagSize)}.encode()
	p.cost.Store(int64(expectedCost(c.Params)))
	return p, nil
}

// Hash returns the PHC string of a password in its normal form, with a salt of its own.
// The error is ErrBusy, the context's, or a *WeakError from Normalise.
func (p *Pool) Hash(ctx context.Context, password string) (phc string, err error) {
	password, err = Normalise(password)
	if err != nil {
		return "", err
	}
	h := argon2Hash{params: p.params, salt: random(saltSize)}
	err = p.work(ctx, true, func() { h.tag = argon2Tag(password, h.params, h.salt, tagSize) })
	if err != nil {
		return "", err
	}
	return h.encode(), nil
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
	var failed error
	err = p.work(ctx, isArgon2 && own.params == p.params, func() { ok, failed = h.matches(password) })
	if err := errors.Join(err, failed); err != nil {
		return false, false, err
	}
	return ok, ok && h.outdated(p.params), nil
}

// VerifyDummy takes as long as Verify takes with a hash of the pool's parameters, and has the
// same errors. It is for names that do not exist, which a quicker answer would give away.
func (p *Pool) VerifyDummy(ctx context.Context, password string) error {
	_, _, err := p.Verify(ctx, p.dummy, password)
	return err
}

// Rested says that passwords have been hashed since the last call, and that none is now: a good moment to give
// the memory that they took back to the operating system.
func (p *Pool) Rested() bool {
	return p.inside.Load() == 0 && p.hashed.Swap(false)
}

// RetryAfter estimates when the callers that are inside now will have been served; it
// is at least a second.
func (p *Pool) RetryAfter() time.Duration {
	return max(p.wait(p.inside.Load()), time.Second)
}

// work hashes a password when a worker is free. The cost is learned from a typical one, which
// has the pool's parameters.
func (p *Pool) work(ctx context.Context, typical bool, hash func()) error {
	ahead := p.inside.Add(1) - 1
	defer p.inside.Add(-1)
	worker, err := p.acquire(ctx, ahead)
	if err != nil {
		return err
	}
	defer func() { <-worker }()
	start := time.Now()
	hash()
	p.hashed.Store(true)
	if typical {
		p.learn(time.Since(start))
	}
	return nil
}

// acquire waits for a worker, unless there is no place or no time to wait. To receive from
// the channel that it returns sets the worker free.
func (p *Pool) acquire(ctx context.Context, ahead int64) (chan struct{}, error) {
	if err := ctx.Err(); err != nil {
		return nil, busyOr(err)
	}
	if ahead >= p.places {
		return nil, ErrBusy
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < p.wait(ahead+1) {
		return nil, ErrBusy
	}
	for {
		spare := p.spare
		if p.resting() {
			spare = nil
		}
		select {
		case p.steady <- struct{}{}:
			return p.steady, nil
		case spare <- struct{}{}:
			if !p.resting() {
				return spare, nil
			}
			<-spare
		case <-ctx.Done():
			return nil, busyOr(ctx.Err())
		}
	}
}

// busyOr tells a deadline that passed in the queue from a caller that went away.
func busyOr(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrBusy
	}
	return err
}

// wait estimates how long so many callers take.
func (p *Pool) wait(callers int64) time.Duration {
	workers := int64(p.workers)
	if p.spare != nil && p.resting() {
		workers--
	}
	rounds := (callers + workers - 1) / workers
	return time.Duration(rounds * p.cost.Load())
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
