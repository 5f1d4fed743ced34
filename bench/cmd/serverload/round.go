package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// run is one run of the program.
type run struct {
	server, empty, headers *process
	users                  []*user
	registered             int
	db, dir                string // the URL of the database, or ""; a directory of its own
	connections            int
	length                 time.Duration
	measured               measurements
}

// measurements holds what each round gave, by name.
type measurements map[string][]float64

func (m measurements) add(name string, value float64) { m[name] = append(m[name], value) }

func (m measurements) last(name string) float64 { return m[name][len(m[name])-1] }

func (m measurements) median(name string) float64 {
	values := slices.Clone(m[name])
	slices.Sort(values)
	return values[len(values)/2]
}

// hashers is how many log in or register at once.
const hashers = 4

// round measures everything once, what is compared right after one another.
func (r *run) round(ctx context.Context) error {
	m := r.measured
	for _, side := range []struct {
		name   string
		target *process
	}{{"empty", r.empty}, {"headers", r.headers}, {"protected", r.server}} {
		cpu := side.target.cpu()
		rate, err := wrk(ctx, side.target.url+"/protected", r.users[0].access, r.connections, r.length)
		if err != nil {
			return err
		}
		m.add(side.name, rate)
		m.add(side.name+" cpu", micro(side.target.cpu()-cpu)/(rate*r.length.Seconds()))
		m.add(side.name+" ratio", rate/m.last("empty"))
		m.add(side.name+" cpu ratio", m.last(side.name+" cpu")/m.last("empty cpu"))
	}

	m.add("hash", bareHash(ctx, hashers, r.length))
	err := r.act(ctx, "login", hashers, func(ctx context.Context, worker int) error { return r.server.login(ctx, r.users[worker]) })
	if err != nil {
		return err
	}
	m.add("login ratio", m.last("login")/m.last("hash"))
	begin := r.registered
	counts := make([]int, hashers)
	err = r.act(ctx, "register", hashers, func(ctx context.Context, worker int) error {
		counts[worker]++
		name := "new-" + strconv.Itoa(begin+counts[worker]*hashers+worker)
		_, err := r.server.post(ctx, "/register", map[string]string{"username": name, "password": password})
		return err
	})
	if err != nil {
		return err
	}
	r.registered = begin + (slices.Max(counts)+1)*hashers
	m.add("register ratio", m.last("register")/m.last("hash"))

	if r.db != "" {
		rate, err := r.inserts(ctx)
		if err != nil {
			return err
		}
		m.add("inserts", rate)
	}
	if err := r.login(ctx); err != nil {
		return err
	}
	return r.act(ctx, "refresh", r.connections, func(ctx context.Context, worker int) error { return r.server.refresh(ctx, r.users[worker]) })
}

// login gives each user a fresh session.
func (r *run) login(ctx context.Context) error {
	for _, u := range r.users {
		if err := r.server.login(ctx, u); err != nil {
			return fmt.Errorf("login: %w", err)
		}
	}
	return nil
}

// act measures an act of several workers, and what it costs the server and the database.
func (r *run) act(ctx context.Context, name string, workers int, act func(ctx context.Context, worker int) error) error {
	cpu, database := r.server.cpu(), r.databaseCPU()
	got, err := load(ctx, workers, r.length, act)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.measured.add(name, got.rate)
	r.measured.add(name+" cpu", micro(r.server.cpu()-cpu)/float64(got.count))
	r.measured.add(name+" database", micro(r.databaseCPU()-database)/float64(got.count))
	r.measured.add(name+" p50", micro(got.p50))
	r.measured.add(name+" p99", micro(got.p99))
	return nil
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func (r *run) print(rounds int) {
	m := r.measured
	fmt.Printf("Medians of %d interleaved rounds of %v on %s.\n\n", rounds, r.length, machine())
	fmt.Println("| measured | a second | server CPU each | beside its bound |")
	fmt.Println("|---|--:|--:|--:|")
	fmt.Printf("| empty `net/http` handler, %d connections | %.0f | %.1f µs | |\n", r.connections, m.median("empty"), m.median("empty cpu"))
	for _, row := range []struct{ name, text string }{{"headers", "the same with the headers of `GET /protected`"}, {"protected", "`GET /protected`"}} {
		fmt.Printf("| %s, %d connections | %.0f | %.1f µs | %.2f × the empty handler, %.2f × its CPU |\n",
			row.text, r.connections, m.median(row.name), m.median(row.name+" cpu"), m.median(row.name+" ratio"), m.median(row.name+" cpu ratio"))
	}
	fmt.Printf("| bare Argon2id, %d callers | %.1f | | |\n", hashers, m.median("hash"))
	for _, name := range []string{"login", "register"} {
		fmt.Printf("| `POST /%s`, %d connections | %.1f | %.1f ms | %.2f × the bare hash |\n", name, hashers, m.median(name), m.median(name+" cpu")/1000, m.median(name+" ratio"))
	}
	fmt.Printf("| `POST /refresh`, %d connections | %.0f | %.0f µs | p50 %.1f ms, p99 %.1f ms |\n",
		r.connections, m.median("refresh"), m.median("refresh cpu"), m.median("refresh p50")/1000, m.median("refresh p99")/1000)
	if r.db != "" {
		fmt.Printf("| rows that `pgbench` inserts, %d connections | %.0f | | refreshes are %.2f times as many |\n", r.connections, m.median("inserts"), m.median("refresh")/m.median("inserts"))
		fmt.Printf("\nProcessor time of the database: %.0f µs a refresh.\n", m.median("refresh database"))
	}
}
