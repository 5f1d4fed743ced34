package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// postgresTx is a transaction that sends as few packets as it can: the begin goes with the first
// statement, what was posted with the next one or the commit, and what was announced with what it follows.
type postgresTx struct {
	conn      *pgx.Conn
	begun     bool
	committed bool // the commit was sent, whatever became of it
	posted    []statement
	announced []statement
	fetched   []fetched
	failure   error // of the connection or the server: nothing of the transaction will last
}

type statement struct {
	query string
	args  []any
}

func (s statement) same(other statement) bool {
	return s.query == other.query && slices.Equal(s.args, other.args)
}

// fetched is the answer to a statement that was announced.
type fetched struct {
	statement
	rows *heldRows
}

func (t *postgresTx) again(context.Context, int, error) bool { return false }

func (t *postgresTx) query(ctx context.Context, query string, args ...any) (rows, error) {
	s := statement{query, texts(args)}
	for _, f := range t.fetched {
		if f.same(s) {
			t.fetched = nil
			return f.rows, nil
		}
	}
	answers, err := t.send(ctx, s)
	if err != nil {
		return nil, err
	}
	return answers, nil
}

func (t *postgresTx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	answers, err := t.send(ctx, statement{query, texts(args)})
	if err != nil {
		return 0, err
	}
	return answers.changed, nil
}

func (t *postgresTx) post(_ context.Context, query string, args ...any) error {
	t.posted = append(t.posted, statement{query, texts(args)})
	return t.failure
}

func (t *postgresTx) ahead(query string, args ...any) {
	t.announced = append(t.announced, statement{query, texts(args)})
}

// send sends all that waits and the statement in one flight, and returns the answer to the statement.
func (t *postgresTx) send(ctx context.Context, s statement) (*heldRows, error) {
	if t.failure != nil {
		return nil, t.failure
	}
	flight := make([]statement, 0, 2+len(t.posted)+len(t.announced))
	if !t.begun {
		flight = append(flight, statement{query: "BEGIN"})
	}
	flight = append(append(flight, t.posted...), s)
	at := len(flight) - 1
	announced := t.announced
	flight = append(flight, announced...)
	t.begun, t.posted, t.announced, t.fetched = true, nil, nil, nil

	answers, err := fly(ctx, t.conn, flight)
	if err != nil {
		t.failure = err
		return nil, err
	}
	for i, s := range announced {
		t.fetched = append(t.fetched, fetched{s, answers[at+1+i]})
	}
	return answers[at], nil
}

// commit ends a transaction that all went well in.
func (t *postgresTx) commit(ctx context.Context) error {
	if t.failure != nil || !t.begun && len(t.posted) == 0 {
		return t.failure
	}
	t.committed = true
	delete(t.conn.PgConn().CustomData(), warning)
	_, err := t.send(ctx, statement{query: "COMMIT"})
	if err != nil {
		if pgconn.SafeToRetry(err) {
			t.committed = false
		}
		return err
	}
	if text, warned := t.conn.PgConn().CustomData()[warning]; warned {
		return &postgresFault{unknown, ErrUnknownOutcome, fmt.Errorf("%v", text)}
	}
	return nil
}

// warning is under what a connection keeps the last warning of the server.
const warning = "warning"

// keepWarning is told what the server says beside its answers. A commit that was cancelled while it waited for a standby succeeds
// with a warning: it would be lost if the standby took over now.
func keepWarning(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.SeverityUnlocalized == "WARNING" {
		conn.CustomData()[warning] = notice.Message
	}
}

// rollback leaves nothing of the transaction. A connection on which it fails is closed, which does the same.
func (t *postgresTx) rollback(ctx context.Context) {
	if t.begun && !t.conn.IsClosed() && t.conn.PgConn().TxStatus() != 'I' {
		_, _ = t.conn.Exec(ctx, "ROLLBACK")
	}
}

// fly sends statements together and reads all the answers. The first error is that of the transaction.
func fly(ctx context.Context, conn *pgx.Conn, flight []statement) ([]*heldRows, error) {
	var batch pgx.Batch
	for _, s := range flight {
		batch.Queue(s.query, s.args...)
	}
	results := conn.SendBatch(ctx, &batch)
	answers := make([]*heldRows, len(flight))
	for i := range flight {
		var err error
		if answers[i], err = hold(results, conn); err != nil {
			_ = results.Close() // says the same again
			return nil, err
		}
	}
	return answers, results.Close()
}

// heldRows are rows that were read whole.
type heldRows struct {
	conn    *pgx.Conn
	fields  []pgconn.FieldDescription
	values  [][][]byte
	at      int
	changed int64
}

func hold(results pgx.BatchResults, conn *pgx.Conn) (*heldRows, error) {
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	held := &heldRows{conn: conn}
	for rows.Next() {
		raw := rows.RawValues()
		row := make([][]byte, len(raw))
		for i, value := range raw {
			row[i] = slices.Clone(value)
		}
		held.values = append(held.values, row)
	}
	held.fields = slices.Clone(rows.FieldDescriptions())
	rows.Close()
	held.changed = rows.CommandTag().RowsAffected()
	return held, rows.Err()
}

func (r *heldRows) Next() bool {
	r.at++
	return r.at <= len(r.values)
}

func (r *heldRows) Scan(dest ...any) error {
	return pgx.ScanRow(r.conn.TypeMap(), r.fields, r.values[r.at-1], dest...)
}

func (*heldRows) Err() error   { return nil }
func (*heldRows) Close() error { return nil }

// texts makes every text one that PostgreSQL can hold: UTF-8 without zero bytes. Clients send others, in the name
// of their browser or in the id of a session that cannot exist.
func texts(args []any) []any {
	for i, arg := range args {
		if text, ok := arg.(string); ok && (!utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0) {
			args = slices.Clone(args)
			for j := i; j < len(args); j++ {
				if text, ok := args[j].(string); ok {
					args[j] = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
				}
			}
			return args
		}
	}
	return args
}
