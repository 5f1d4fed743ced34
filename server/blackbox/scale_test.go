package blackbox_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"
)

// TestCostDoesNotGrowWithTheData reports what a refresh and a login cost a server with many users and sessions, beside one with
// a thousand users, and how long it takes to start with them. docs/benchmarks.md has the figures. It is alone on its
// machine only when it is run alone: DURWARD_FULL=1 go test -count=1 -v -timeout 1h -run TestCostDoes ./server/blackbox
func TestCostDoesNotGrowWithTheData(t *testing.T) {
	const few, connections = 1000, 16
	many := scaled(1_000_000, 5000, 2000)
	small, large := populated(t, few), populated(t, many)

	type side struct {
		*process
		users    int
		client   *client
		sessions []tokens
		costs    [2][]time.Duration // of a refresh, of a login
	}
	sides := []*side{{process: startOn(t, small), users: few}, {process: startOn(t, large), users: many}}
	for _, s := range sides {
		s.client = s.process.client()
		for i := range connections {
			s.sessions = append(s.sessions, openSessions(t, s.data, userName(i*few/connections), scaled(64, 2, 1))...)
		}
	}
	refreshes := func(s *side) time.Duration {
		const each = 4
		var failed atomic.Int32
		before := s.processor(t)
		lanes := len(s.sessions) / connections
		together(connections, func(lane int) {
			for i := lane * lanes; i < (lane+1)*lanes; i++ {
				for range each {
					a, err := s.client.send("POST", "/refresh", "", members{"refresh_token": s.sessions[i].Refresh})
					if err != nil || a.status != http.StatusOK {
						failed.Add(1)
						return
					}
					s.sessions[i] = a.tokens(t)
				}
			}
		})
		if n := failed.Load(); n > 0 {
			t.Fatalf("%d of %d clients were refused a refresh", n, connections)
		}
		return (s.processor(t) - before) / time.Duration(len(s.sessions)*each)
	}
	logins := func(s *side) time.Duration {
		const callers = 4
		times := scaled(64, 2, 1)
		var failed atomic.Int32
		before := s.processor(t)
		together(callers, func(caller int) {
			for range times {
				name := userName(rand.N(s.users))
				a, err := s.client.send("POST", "/login", "", members{"username": name, "password": password})
				if err != nil || a.status != http.StatusOK {
					failed.Add(1)
				}
			}
		})
		if n := failed.Load(); n > 0 {
			t.Fatalf("%d of %d logins were refused", n, callers*times)
		}
		return (s.processor(t) - before) / time.Duration(callers*times)
	}
	for range scaled(9, 1, 1) {
		for i, round := range []func(*side) time.Duration{refreshes, logins} {
			for _, s := range sides {
				s.costs[i] = append(s.costs[i], round(s))
			}
		}
	}
	for i, act := range []string{"refresh", "login"} {
		var ratios []float64
		for j, cost := range sides[1].costs[i] {
			ratios = append(ratios, float64(cost)/float64(max(sides[0].costs[i][j], 1)))
		}
		t.Logf("processor time of a %s: median %v with %d users, %v with %d users and %d sessions: %.2f times as much",
			act, median(sides[0].costs[i]), few, median(sides[1].costs[i]), many, 3*many, median(ratios))
	}
	var starts []time.Duration
	for range scaled(5, 1, 1) {
		sides[1].stop()
		begin := time.Now()
		sides[1].process = startOn(t, large)
		sides[1].process.client().want(t, http.StatusOK, "GET", "/healthz", "", nil)
		starts = append(starts, time.Since(begin))
	}
	t.Logf("start to the first healthy answer with them: median %v of %v", median(starts), starts)
}

func userName(i int) string { return fmt.Sprintf("user-%07d", i) }

// populated makes data with so many users and three live sessions for each of them.
func populated(t *testing.T, users int) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	server := startOn(t, data)
	server.client().register(t, "ada")
	server.client().login(t, "ada")
	server.stop()
	named := `printf('user-%07d', i)`
	multiply(t, data, "users", users, map[string]string{"id": `printf('u%021d', i)`, "name": named, "name_folded": named, "canonical": named})
	multiply(t, data, "sessions", 3*users, map[string]string{
		"id": `lower(hex(randomblob(11)))`, "user_id": `printf('u%021d', i / 3)`, "created_at": "created_at + i", "idle_expires_at": "idle_expires_at + i",
		"status_index": "i + 1000000",
	})
	return data
}

// multiply adds rows to a table of SQLite, on which no server runs. They are copies of one that a server itself wrote, with other values in
// some columns: expressions in which i counts from 0.
func multiply(t *testing.T, data, table string, rows int, columns map[string]string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "durward.db")+"?_pragma=synchronous(OFF)&_pragma=cache_size(-262144)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	names, err := db.Query(`SELECT name FROM pragma_table_info('` + table + `')`)
	if err != nil {
		t.Fatal(err)
	}
	defer names.Close()
	var into, from []string
	for names.Next() {
		var name string
		if err := names.Scan(&name); err != nil {
			t.Fatal(err)
		}
		into = append(into, name)
		if value, ok := columns[name]; ok {
			name = value
		}
		from = append(from, name)
	}
	if err := names.Err(); err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`WITH RECURSIVE counter (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counter WHERE i + 1 < $1)
		INSERT INTO `+table+` (`+strings.Join(into, ", ")+`)
		SELECT `+strings.Join(from, ", ")+` FROM counter, (SELECT * FROM `+table+` LIMIT 1)`, rows)
	if err != nil {
		t.Fatalf("fill %s: %v", table, err)
	}
}
