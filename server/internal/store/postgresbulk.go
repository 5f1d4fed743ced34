package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"net"
	"strconv"

	"github.com/durward-auth/durward/server/internal/archive"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	listTablesPostgres = `
		SELECT CAST(table_name AS TEXT) FROM information_schema.tables
		WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY 1`
	listColumnsPostgres = `
		SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1 ORDER BY column_name`

	// listReferences holds foreign keys of one column, as all of the schema are.
	listReferences = `
		SELECT CAST(k.table_name AS TEXT), CAST(c.constraint_name AS TEXT), CAST(k.column_name AS TEXT), CAST(u.table_name AS TEXT), CAST(u.column_name AS TEXT)
		FROM information_schema.table_constraints c
		JOIN information_schema.key_column_usage k
			ON k.constraint_schema = c.constraint_schema AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name
		JOIN information_schema.constraint_column_usage u ON u.constraint_schema = c.constraint_schema AND u.constraint_name = c.constraint_name
		WHERE c.constraint_type = 'FOREIGN KEY' AND c.table_schema = current_schema()`

	// countOthers counts the connections of servers and commands. Where the view is empty, as in databases that
	// only speak as PostgreSQL does, it is up to the operator.
	countOthers = `
		SELECT COUNT(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = $1`
)

// copyInto fills a table with COPY, in one transaction.
func (b *bulk) copyInto(ctx context.Context, table archive.Table, rows iter.Seq2[[]any, error]) error {
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	next, stop := iter.Pull2(rows)
	defer stop()
	columns := make([]string, len(table.Columns))
	for i, column := range table.Columns {
		columns[i] = column.Name
	}
	return conn.Raw(func(driver any) error {
		held, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver's connection is a %T", driver)
		}
		_, err := held.Conn().CopyFrom(ctx, pgx.Identifier{table.Name}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			row, err, more := next()
			if err != nil || !more {
				return nil, err
			}
			return row, nil
		}))
		return err
	})
}

// postponeReferences drops the foreign keys.
func (t *Target) postponeReferences(ctx context.Context) error {
	rows, err := t.bulk.pool.QueryContext(ctx, listReferences)
	if err != nil {
		return translatePostgres(err)
	}
	defer rows.Close()
	var drop []string
	for rows.Next() {
		var table, name, column, parent, key string
		if err := rows.Scan(&table, &name, &column, &parent, &key); err != nil {
			return translatePostgres(err)
		}
		drop = append(drop, "ALTER TABLE "+table+" DROP CONSTRAINT "+name)
		t.later = append(t.later, "ALTER TABLE "+table+" ADD CONSTRAINT "+name+" FOREIGN KEY ("+column+") REFERENCES "+parent+" ("+key+")")
	}
	if err := rows.Err(); err != nil {
		return translatePostgres(err)
	}
	for _, statement := range drop {
		if _, err := t.bulk.pool.ExecContext(ctx, statement); err != nil {
			return translatePostgres(err)
		}
	}
	return nil
}

// others is how many connections servers and commands have to the database.
func (b *bulk) others(ctx context.Context, q *sql.DB, name string) (int, error) {
	var count int
	err := q.QueryRowContext(ctx, countOthers, name).Scan(&count)
	return count, err
}

// RedactURL is the URL of a database without its password, or what can be said of it.
func RedactURL(text string) string {
	config, err := parseURL(text)
	if err != nil {
		return "a database"
	}
	at := config.ConnConfig
	place := "postgres://" + net.JoinHostPort(at.Host, strconv.Itoa(int(at.Port))) + "/" + at.Database
	if path := at.RuntimeParams["search_path"]; path != "" {
		place += "?search_path=" + path
	}
	return place
}
