package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tries is how often a work or a read is tried when the server asks for it, or its connection was dead.
const tries = 6

// do implements engine. A work is tried again after a conflict with another transaction, and when its connection broke before
// the commit was sent. When it broke after that, see settle.
func (p *postgres) do(ctx context.Context, work work) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := p.enter(); err != nil {
		return err
	}
	defer p.leave()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	a := &act{work: work}
	for try := 1; ; try++ {
		err := p.attempt(ctx, bounded, a)
		if kindOf(err) == unknown {
			return p.settle(ctx, bounded, a, err)
		}
		if !p.tryAgain(bounded, try, err) {
			return err
		}
	}
}

// enter takes one of the places of those who write or wait to.
func (p *postgres) enter() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return ErrClosed
	}
	if p.works.Load() >= p.most {
		return ErrBusy
	}
	p.works.Add(1)
	p.active.Add(1)
	return nil
}

// closing reports whether nothing new may begin.
func (p *postgres) closing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *postgres) leave() {
	p.works.Add(-1)
	p.active.Done()
}

// attempt runs the act once. Until it has a connection the caller may give up; after that
// the transaction runs to its end, since to break it off would cost the connection.
func (p *postgres) attempt(ctx, bounded context.Context, a *act) error {
	a.ran = false
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	t := &postgresTx{conn: conn.Conn()}
	err = a.run(bounded, &tx{transaction: t, ids: p.ids})
	if err == nil {
		err = t.commit(bounded)
	} else {
		t.rollback(bounded)
	}
	if t.failure == nil {
		return err
	}
	t.rollback(bounded)
	told := translatePostgres(t.failure)
	if kindOf(told) == dead && t.committed {
		return &postgresFault{kind: unknown, told: ErrUnknownOutcome, cause: t.failure}
	}
	return told
}

func (p *postgres) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	bounded, cancel := context.WithTimeoutCause(ctx, p.wait, ErrBusy)
	defer cancel()
	for try := 1; ; try++ {
		conn, err := p.pool.Acquire(bounded)
		if err == nil {
			return conn, nil
		}
		if bounded.Err() != nil && errors.Is(err, bounded.Err()) {
			return nil, context.Cause(bounded)
		}
		if !crowded(err) && !errors.Is(err, ErrMoving) {
			return nil, unreachable(err)
		}
		// There is no room for one more, or a move that may be given up keeps newcomers out, but those that there are become free.
		if !pause(bounded, try) {
			return nil, unreachable(err)
		}
	}
}

// tryAgain waits a moment and says yes when another try can succeed.
func (p *postgres) tryAgain(ctx context.Context, try int, err error) bool {
	kind := kindOf(err)
	if try >= tries || kind != conflict && kind != dead {
		return false
	}
	if kind == dead {
		p.discard()
	}
	return pause(ctx, try)
}

// pause waits for a moment that grows with the tries, to a quarter of a second, and reports whether there is time for another.
func pause(ctx context.Context, try int) bool {
	timer := time.NewTimer(time.Duration(1+rand.IntN(1<<min(try, 7))) * 2 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// discard closes the connections that nobody uses, once a second at most: when one is dead, so are
// most likely the others.
func (p *postgres) discard() {
	now, last := time.Now().UnixNano(), p.reset.Load()
	if now-last > int64(time.Second) && p.reset.CompareAndSwap(last, now) {
		p.pool.Reset()
	}
}

// postgresReader reads outside of transactions.
type postgresReader struct{ *postgres }

func (r *postgresReader) again(ctx context.Context, try int, err error) bool {
	return r.tryAgain(ctx, try, err)
}

// query lets the statement run to its end when the caller gives up, since to break it off would cost the connection.
// A deadline of the caller's holds.
func (r *postgresReader) query(ctx context.Context, query string, args ...any) (rows, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	until := time.Now().Add(patience)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(until) {
		until = deadline
	}
	conn, err := r.acquire(ctx)
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	release := func() {
		cancel()
		conn.Release()
	}
	found, err := conn.Query(bounded, query, texts(args)...)
	if err != nil {
		release()
		return nil, translatePostgres(err)
	}
	return &poolRows{found, release}, nil
}

type poolRows struct {
	pgx.Rows
	release func()
}

func (r *poolRows) Err() error { return translatePostgres(r.Rows.Err()) }

func (r *poolRows) Close() error {
	r.Rows.Close()
	r.release()
	return nil
}
