// Command serverload measures the server beside what bounds it, in one run on one machine: protected routes beside an
// empty net/http handler, logins and registrations beside the bare password hash, refreshes by themselves and, on PostgreSQL, beside
// the rows that pgbench inserts. It builds and starts what it measures, on loopback and for a bounded time, and prints a Markdown table of medians.
//
//	go run ./bench/cmd/serverload -rounds 5 -seconds 3
//
// Protected routes need wrk, and -db needs pgbench (Debian's packages wrk and postgresql-contrib).
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	rounds := flag.Int("rounds", 5, "interleaved rounds; the table shows medians")
	seconds := flag.Int("seconds", 3, "length of one measurement")
	connections := flag.Int("c", 16, "connections for protected routes and refreshes")
	binary := flag.String("binary", "", "the durward binary; by default it is built")
	db := flag.String("db", "", "the URL of an empty PostgreSQL database for the server; by default it uses SQLite")
	flag.Parse()
	if os.Getenv(emptyAddress) != "" {
		log.Fatal(serveEmpty(os.Getenv(emptyAddress), os.Getenv(emptyHeaders) != ""))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *binary, *db, *rounds, *connections, time.Duration(*seconds)*time.Second); err != nil {
		log.Fatal(err)
	}
}

func measure(ctx context.Context, binary, db string, rounds, connections int, length time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "durward-load-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if binary == "" {
		binary = filepath.Join(dir, "durward")
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "github.com/durward-auth/durward/server/cmd/durward")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("build durward: %w", err)
		}
	}
	server, err := startServer(ctx, binary, db, dir)
	if err != nil {
		return err
	}
	defer server.end()
	r := run{server: server, db: db, dir: dir, connections: connections, length: length, measured: measurements{}}
	if r.empty, err = startEmpty(ctx, false); err != nil {
		return err
	}
	defer r.empty.end()
	if r.headers, err = startEmpty(ctx, true); err != nil {
		return err
	}
	defer r.headers.end()
	if r.users, err = server.register(ctx, connections); err != nil {
		return err
	}
	if db != "" {
		if err := r.prepareInserts(ctx); err != nil {
			return err
		}
	}
	for range rounds {
		if err := r.round(ctx); err != nil {
			return err
		}
	}
	r.print(rounds)
	return nil
}
