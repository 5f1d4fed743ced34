package store

import (
	"context"
	"database/sql"
	"sync"
)

// statements runs SQL on one connection or on a pool of them and keeps each
// text prepared. The texts are the constants of this package, so they are few.
type statements struct {
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)

	mu    sync.Mutex
	cache map[string]*sql.Stmt
}

func newStatements(prepare func(context.Context, string) (*sql.Stmt, error)) *statements {
	return &statements{prepare: prepare, cache: map[string]*sql.Stmt{}}
}

// exec returns the number of rows that were changed.
func (s *statements) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := s.stmt(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *statements) query(ctx context.Context, query string, args ...any) (rows, error) {
	stmt, err := s.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

func (s *statements) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.cache[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	s.cache[query] = stmt
	return stmt, nil
}

func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.cache {
		stmt.Close()
	}
	clear(s.cache)
}

// querier is a pool of readers, or a transaction.
type querier interface {
	query(ctx context.Context, query string, args ...any) (rows, error)
	// again reports whether a query that failed with err can be tried once more; tries is how often it was.
	again(ctx context.Context, tries int, err error) bool
}

func (*statements) again(context.Context, int, error) bool { return false }

// rows is the part of sql.Rows that this package uses.
type rows interface {
	scanner
	Next() bool
	Err() error
	Close() error
}

type scanner interface{ Scan(dest ...any) error }

// all reads every row.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	for tries := 1; ; tries++ {
		list, err := collect(ctx, q, scan, query, args...)
		if err == nil || !q.again(ctx, tries, err) {
			return list, err
		}
	}
}

func collect[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// one reads the first row, if there is any.
func one[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (T, bool, error) {
	var none T
	list, err := all(ctx, q, scan, query, args...)
	if err != nil || len(list) == 0 {
		return none, false, err
	}
	return list[0], true, nil
}

// value scans a single column.
func value[T any](row scanner) (T, error) {
	var v T
	err := row.Scan(&v)
	return v, err
}
