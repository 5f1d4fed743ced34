package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// insert is the statement that bounds what a database commits: one row and nothing else.
const insert = "INSERT INTO bound (text) VALUES (repeat('x', 300));\n"

// prepareInserts makes the table of inserts, beside those of the server.
func (r *run) prepareInserts(ctx context.Context) error {
	if err := os.WriteFile(r.script(), []byte(insert), 0o600); err != nil {
		return err
	}
	const create = "CREATE TABLE IF NOT EXISTS bound (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text TEXT NOT NULL)"
	if out, err := exec.CommandContext(ctx, "psql", r.db, "-q", "-c", create).CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

func (r *run) script() string { return filepath.Join(r.dir, "insert.sql") }

var insertRate = regexp.MustCompile(`tps = ([0-9.]+)`)

// inserts is how many rows pgbench inserts a second with as many connections.
func (r *run) inserts(ctx context.Context) (float64, error) {
	seconds := strconv.Itoa(max(1, int(r.length.Seconds())))
	out, err := exec.CommandContext(ctx, "pgbench", "-n", "-M", "prepared", "-c", strconv.Itoa(r.connections), "-j", "2", "-T", seconds, "-f", r.script(), r.db).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench (of Debian's package postgresql-contrib): %w: %s", err, out)
	}
	match := insertRate.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("pgbench: %s", out)
	}
	return strconv.ParseFloat(string(match[1]), 64)
}

// databaseCPU is the processor time that all processes of PostgreSQL on this machine have used, or 0 without -db.
func (r *run) databaseCPU() (total time.Duration) {
	if r.db == "" {
		return 0
	}
	for _, p := range processes() {
		switch {
		case p.name != "postgres":
		case strings.Contains(p.line, " -D "): // the first of them, with those that have ended
			total += p.used + p.ended
		default:
			total += p.used
		}
	}
	return total
}
