package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

const (
	maxBatch = 256 // jobs in one commit

	// checkpointAfter is after how many changed rows the log is copied back into the
	// database file. SQLite's own checkpoints are off: they hide a failed fsync.
	checkpointAfter = 1000

	// maxLooks is how many calls of Changed may wait, beside the queue.
	maxLooks = 16
)

// writer owns the one connection that writes. It commits the jobs that wait
// together, so that they share one fsync, and answers each after the commit that
// covers it.
type writer struct {
	conn    *sql.Conn
	tx      *tx
	session *sqliteTx // of tx
	allowed int64     // data_version when permitted last found nothing against writing
	queue   chan *job
	first   chan *job // taken before the queue
	quit    chan struct{}
	done    chan struct{}

	mu     sync.Mutex
	files  files
	fault  error
	failed chan struct{}
}

const (
	waiting int32 = iota
	started
	abandoned
)

type job struct {
	work   work
	state  atomic.Int32
	err    error
	result chan error
}

// start reports whether the job is still wanted; after it the caller waits for the end.
func (j *job) start() bool { return j.state.CompareAndSwap(waiting, started) }

func newWriter(conn *sql.Conn, ids *idSource, queue int) *writer {
	session := &sqliteTx{statements: newStatements(conn.PrepareContext)}
	w := &writer{
		conn:    conn,
		tx:      &tx{transaction: session, ids: ids},
		session: session,
		queue:   make(chan *job, queue),
		first:   make(chan *job, maxLooks),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
		failed:  make(chan struct{}),
	}
	go w.run()
	return w
}

// do queues the work and returns after the commit that covers it. When ctx ends
// before the work has begun, it is never run.
func (w *writer) do(ctx context.Context, work work) error { return w.wait(ctx, w.queue, work) }

// doFirst is do for work that is taken before what waits, however much that is.
func (w *writer) doFirst(ctx context.Context, work work) error { return w.wait(ctx, w.first, work) }

func (w *writer) wait(ctx context.Context, queue chan<- *job, work work) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if err := w.err(); err != nil {
		return err
	}
	j := &job{work: work, result: make(chan error, 1)}
	select {
	case <-w.quit:
		return ErrClosed
	case queue <- j:
	default:
		return ErrBusy
	}
	select {
	case err := <-j.result:
		return err
	case <-w.done:
		return j.leftover()
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return context.Cause(ctx)
		}
	}
	select {
	case err := <-j.result:
		return err
	case <-w.done:
		return j.leftover()
	}
}

// leftover is the result of a job after the writer has gone.
func (j *job) leftover() error {
	select {
	case err := <-j.result:
		return err
	default:
		return ErrClosed
	}
}

// close finishes the jobs that wait, then ends the writer.
func (w *writer) close() {
	close(w.quit)
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case j := <-w.first:
			w.batch(j)
		case j := <-w.queue:
			w.batch(j)
		case <-w.quit:
			for j := w.next(); j != nil; j = w.next() {
				w.batch(j)
			}
			return
		}
	}
}

// next returns a job that waits, nil when there is none.
func (w *writer) next() *job {
	select {
	case j := <-w.first:
		return j
	default:
	}
	select {
	case j := <-w.queue:
		return j
	default:
		return nil
	}
}

// batch runs the first job and those that have come meanwhile in one transaction.
func (w *writer) batch(first *job) {
	if err := w.err(); err != nil {
		first.result <- err
		return
	}
	if err := w.control(`BEGIN IMMEDIATE`); err != nil {
		if wedged(err) {
			err = w.fail(err)
		}
		w.refuse(first, w.judge(err))
		return
	}
	if err := w.permitted(); err != nil {
		_ = w.control(`ROLLBACK`)
		w.refuse(first, w.judge(err))
		return
	}
	var ran []*job
	err := error(nil)
	for j := first; j != nil; j = w.next() {
		if j.start() {
			ran = append(ran, j)
			err = w.step(j)
		}
		if err != nil || len(ran) == maxBatch { // what still waits is for the next batch
			break
		}
	}
	if err == nil {
		err = w.control(`COMMIT`)
	}
	if err == nil {
		err = w.inspect() // before anything is acknowledged
	} else {
		if classify(err) == full {
			w.session.changed = checkpointAfter // a log that was copied back is written from its start again
		}
		err = w.judge(err)
		_ = w.control(`ROLLBACK`) // fails when SQLite has rolled back by itself; if it has not, the next BEGIN does
	}
	for _, j := range ran {
		if err != nil {
			j.err = err
		}
		j.result <- j.err
	}
	w.checkpoint()
}

// permitted returns why nothing may be written any more when another process has said so since this one has opened the data: it
// would be lost in what was moved elsewhere. It runs in a transaction that has the lock to write.
func (w *writer) permitted() error {
	ctx := context.Background()
	version, _, err := one(ctx, w.session.statements, value[int64], dataVersion)
	if err != nil || version == w.allowed {
		return err
	}
	text, found, err := one(ctx, w.session.statements, value[string], selectState)
	if err != nil {
		return err
	}
	if found {
		state, err := parseState(text)
		if err == nil {
			err = state.err()
		}
		return w.fail(err)
	}
	w.allowed = version
	return nil
}

// step runs one job inside a savepoint, so that a failing job leaves no trace and does
// not touch its neighbours. Its error is one that ends the whole transaction.
func (w *writer) step(j *job) error {
	if err := w.control(`SAVEPOINT job`); err != nil {
		return err
	}
	changed := w.session.changed
	if j.err = j.work(context.Background(), w.tx); j.err == nil {
		return w.control(`RELEASE job`)
	}
	if classify(j.err) == fatal {
		return j.err
	}
	w.session.changed = changed
	if err := w.control(`ROLLBACK TO job`); err != nil {
		return fmt.Errorf("%w (then %w)", j.err, err)
	}
	j.err = translate(j.err)
	return w.control(`RELEASE job`)
}

// refuse answers the job and those that wait behind it.
func (w *writer) refuse(j *job, err error) {
	for ; j != nil; j = w.next() {
		j.result <- err
	}
}

// judge remembers an error after which nothing may be written any more.
func (w *writer) judge(err error) error {
	if classify(err) != fatal {
		return translate(err)
	}
	return w.fail(err)
}

// fail makes err the reason why nothing is written any more, unless there is one.
func (w *writer) fail(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == nil {
		w.fault = fmt.Errorf("%w: %w", ErrFailed, inWords(err))
		close(w.failed)
	}
	return w.fault
}

// watch lets inspect hold what is at the path against the database that was opened.
func (w *writer) watch(path string, database os.FileInfo) error {
	opened, err := openedFiles(path, database)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files = opened
	return nil
}

// inspect returns why nothing is written any more, or nil. The files are looked at again.
func (w *writer) inspect() error {
	w.mu.Lock()
	fault, opened := w.fault, w.files
	w.mu.Unlock()
	if fault != nil {
		return fault
	}
	if err := opened.inPlace(); err != nil {
		return w.fail(err)
	}
	return nil
}

// err returns why nothing is written any more, or nil.
func (w *writer) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

// checkpoint copies the log back after enough changes, without waiting for readers.
func (w *writer) checkpoint() {
	if w.session.changed < checkpointAfter || w.err() != nil {
		return
	}
	w.session.changed = 0
	if err := w.copyBack(); classify(err) == fatal {
		_ = w.judge(err)
	}
}

func (w *writer) copyBack() error {
	return w.control(`PRAGMA wal_checkpoint(PASSIVE)`)
}

func (w *writer) control(statement string) error {
	_, err := w.session.exec(context.Background(), statement)
	return err
}

// sqliteTx is the writer's connection inside a transaction.
type sqliteTx struct {
	*statements
	changed int64 // rows, about
	seen    int64 // data_version when changed last looked
}

func (s *sqliteTx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := s.statements.exec(ctx, query, args...)
	s.changed += n
	return n, err
}

func (s *sqliteTx) query(ctx context.Context, query string, args ...any) (rows, error) {
	s.changed++
	return s.statements.query(ctx, query, args...)
}

func (s *sqliteTx) post(ctx context.Context, query string, args ...any) error {
	_, err := s.exec(ctx, query, args...)
	return err
}

// ahead does nothing: there is no way to save.
func (*sqliteTx) ahead(string, ...any) {}
