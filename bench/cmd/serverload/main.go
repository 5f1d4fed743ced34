// Command serverload measures the server beside what bounds it, in one run on one machine: protected routes beside an
// empty net/http handler, logins beside the bare password hash, refreshes by themselves. It builds and starts what it
// measures, on loopback and for a bounded time, and prints a Markdown table of medians.
//
//	go run ./bench/cmd/serverload -rounds 5 -seconds 3
//
// Protected routes need wrk (Debian's package of that name).
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
	"slices"
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
		log.Fatal(serveEmpty(os.Getenv(emptyAddress)))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *binary, *db, *rounds, *connections, time.Duration(*seconds)*time.Second); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, binary, db string, rounds, connections int, length time.Duration) (err error) {
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
	empty, err := startEmpty(ctx)
	if err != nil {
		return err
	}
	defer empty.end()
	users, err := server.register(ctx, connections)
	if err != nil {
		return err
	}
	m := measurements{}
	for range rounds {
		if err := m.round(ctx, server, empty, users, connections, length); err != nil {
			return err
		}
	}
	m.print(rounds, connections, length)
	return nil
}

// measurements holds what each round gave, by name.
type measurements map[string][]float64

func (m measurements) add(name string, value float64) { m[name] = append(m[name], value) }

func (m measurements) median(name string) float64 {
	values := slices.Clone(m[name])
	slices.Sort(values)
	return values[len(values)/2]
}

// round measures everything once, what is compared right after one another.
func (m measurements) round(ctx context.Context, server, empty *process, users []*user, connections int, length time.Duration) error {
	for _, side := range []struct {
		name   string
		target *process
	}{{"empty", empty}, {"protected", server}} {
		cpu := side.target.cpu()
		rate, err := wrk(ctx, side.target.url+"/protected", users[0].access, connections, length)
		if err != nil {
			return err
		}
		m.add(side.name, rate)
		m.add(side.name+" cpu", micro(side.target.cpu()-cpu)/(rate*length.Seconds()))
	}
	m.add("protected ratio", last(m["protected"])/last(m["empty"]))

	m.add("hash", bareHash(ctx, 4, length))
	logins, err := load(ctx, 4, length, func(ctx context.Context, worker int) error { return server.login(ctx, users[worker]) })
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	m.add("login", logins.rate)
	m.add("login ratio", logins.rate/last(m["hash"]))

	for i := range connections {
		if err := server.login(ctx, users[i]); err != nil {
			return fmt.Errorf("login: %w", err)
		}
	}
	cpu := server.cpu()
	refreshes, err := load(ctx, connections, length, func(ctx context.Context, worker int) error { return server.refresh(ctx, users[worker]) })
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	m.add("refresh", refreshes.rate)
	m.add("refresh cpu", micro(server.cpu()-cpu)/float64(refreshes.count))
	m.add("refresh p50", micro(refreshes.p50))
	m.add("refresh p99", micro(refreshes.p99))
	return nil
}

func last(values []float64) float64 { return values[len(values)-1] }

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func (m measurements) print(rounds, connections int, length time.Duration) {
	fmt.Printf("Medians of %d interleaved rounds of %v on %s.\n\n", rounds, length, machine())
	fmt.Println("| measured | a second | server CPU each | beside its bound |")
	fmt.Println("|---|---|---|---|")
	fmt.Printf("| empty `net/http` handler, %d connections | %.0f | %.1f µs | |\n", connections, m.median("empty"), m.median("empty cpu"))
	fmt.Printf("| `GET /protected`, %d connections | %.0f | %.1f µs | %.2f × the empty handler |\n", connections, m.median("protected"), m.median("protected cpu"), m.median("protected ratio"))
	fmt.Printf("| bare Argon2id, 4 callers | %.1f | | |\n", m.median("hash"))
	fmt.Printf("| `POST /login`, 4 connections | %.1f | | %.2f × the bare hash |\n", m.median("login"), m.median("login ratio"))
	fmt.Printf("| `POST /refresh`, %d connections | %.0f | %.0f µs | p50 %.1f ms, p99 %.1f ms |\n", connections, m.median("refresh"), m.median("refresh cpu"), m.median("refresh p50")/1000, m.median("refresh p99")/1000)
}
