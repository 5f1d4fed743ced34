package blackbox_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestAFailedSyncStopsTheServer lets the kernel answer an fsync of the running server with EIO (CASES.md K03): the
// process stops and says why, and what it has acknowledged is there after a restart.
func TestAFailedSyncStopsTheServer(t *testing.T) {
	t.Parallel()
	strace := needTool(t, "strace")
	rounds := sized(200, 60, 2, 1)
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--refresh-grace", "60s", "--log-level", "error"}
	server := startOn(t, data, flags...)
	c := server.client()
	staff := appoint(t, server)
	var sum tally
	stops := map[string]int{}
	for round := range rounds {
		// The log is synced at each commit, the database itself when the log is copied back.
		file, acks := "durward.db-wal", 50+rand.IntN(100)
		if round%2 == 1 {
			file = "durward.db"
		}
		work := staff.orders(t, fmt.Sprintf("user-%d", round), 2000)
		work.again = []int{http.StatusInternalServerError, http.StatusServiceUnavailable}
		load := startLoad(c, work)
		load.awaitSome(t, acks)
		close(load.quiet)
		harm := failSyncs(t, strace, server, file)
		server.wait()
		harm(t)
		said := load.end(t)
		stoppedForItsStorage(t, server)
		stops[file]++

		server = startOn(t, data, flags...)
		c = server.client()
		said.kept(t, c, work.admin)
		sum.add(said)
		if round%10 == 0 {
			healthy(t, data)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	server.stop()
	healthy(t, data)
	sum.nonzero(t)
	proved(t, "%d × EIO from fsync (%d of the log, %d of the database): stopped with a message each time; %v; 0 lost, 0 revived",
		rounds, stops["durward.db-wal"], stops["durward.db"], &sum)
}

// failSyncs makes the next fsync of a file by the server fail. The function it returns waits for the end of strace.
func failSyncs(t *testing.T, strace string, server *process, file string) func(*testing.T) {
	t.Helper()
	path, err := filepath.EvalSymlinks(filepath.Join(server.data, file))
	if err != nil {
		t.Fatal(err)
	}
	var complaint bytes.Buffer
	tracer := exec.Command(strace, "-f", "-qq", "-o", filepath.Join(t.TempDir(), "trace"), "-P", path,
		"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=1", "-p", strconv.Itoa(server.cmd.Process.Pid))
	tracer.Stderr = &complaint
	if err := tracer.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := tracer.Wait()
		if err != nil {
			_ = server.cmd.Process.Kill() // nothing would ever fail
		}
		ended <- err
	}()
	return func(t *testing.T) {
		t.Helper()
		if err := <-ended; err != nil {
			if strings.Contains(complaint.String(), "Operation not permitted") {
				lacking(t, "strace may not look at other processes here")
			}
			t.Fatalf("strace: %v\n%s", err, complaint.String())
		}
	}
}

// stoppedForItsStorage wants the process to have ended by itself, and to say why.
func stoppedForItsStorage(t *testing.T, server *process) {
	t.Helper()
	if code := server.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("after a failed fsync the status is %d, want 1", code)
	}
	last := strings.TrimSpace(server.log())
	last = last[strings.LastIndex(last, "\n")+1:]
	for _, part := range []string{"storage has failed", "stops rather than lose data", "fsync"} {
		if !strings.Contains(last, part) {
			t.Errorf("the last line of standard error is %q, want it to speak of %q", last, part)
		}
	}
}
