package blackbox_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAFullDiskRefusesWritesAndRecovers fills the file system of the data (CASES.md K04): what changes something is refused
// with 503, tokens are verified and reading goes on, and when there is room again so does the rest, without a restart.
func TestAFullDiskRefusesWritesAndRecovers(t *testing.T) {
	t.Parallel()
	needRoot(t, "a file system of 2 MB")
	disk := newDisk(t, roomy)
	data := filepath.Join(disk.path, "data")
	flags := []string{"--refresh-grace", "60s", "--log-level", "error"}
	server := startOn(t, data, flags...)
	c := server.client()
	staff := appoint(t, server)
	rounds := sized(64, 64, 1, 1)
	var sum tally
	var all []acknowledged
	var refused int64
	for round := range rounds {
		disk.resize(t, disk.used(t)+roomy)
		work := staff.orders(t, fmt.Sprintf("user-%d", round), 500)
		work.again = []int{http.StatusServiceUnavailable}
		probe := staff.probe(t)
		server.finish() // the log begins anew, so that in the first round all fits into 2 MB
		server = startOn(t, data, flags...)
		c = server.client()
		room := (64 + 4*round) << 10
		if round == 0 {
			room = max(room, 2<<20-disk.used(t))
		}
		disk.resize(t, disk.used(t)+room)

		load := startLoad(c, work)
		eventually(t, patience, "a write is refused", func() bool { return load.refused.Load() > 0 })
		var full answer
		late := 0
		eventually(t, patience, "a registration is refused", func() bool { // a small one may still find room, where the log begins anew
			late++
			full = c.call(t, "POST", "/register", "", members{"username": fmt.Sprintf("late-%d-%d", round, late), "password": password})
			return full.status != http.StatusCreated
		})
		if complaint := full.problem(http.StatusServiceUnavailable, "storage_full"); complaint != "" {
			t.Errorf("a registration on a full disk: %s", complaint)
		}
		if full.header.Get("Retry-After") == "" {
			t.Error("a refusal for want of room has no Retry-After")
		}
		c.accepted(t, probe.Access)
		c.want(t, http.StatusOK, "GET", "/me", probe.Access, nil)
		c.want(t, http.StatusOK, "GET", "/admin/users?limit=5", work.admin, nil)
		c.want(t, http.StatusOK, "GET", "/healthz", "", nil)

		disk.resize(t, disk.used(t)+roomy)
		eventually(t, patience, "writing goes on", func() bool {
			return c.call(t, "POST", "/refresh", "", members{"refresh_token": probe.Refresh}).status == http.StatusOK
		})
		load.await(t, 20)
		said := load.end(t)
		refused += load.refused.Load()
		said.kept(t, c, work.admin)
		sum.add(said)
		all = append(all, said)
		if t.Failed() {
			t.FailNow()
		}
	}
	server.finish()
	server = startOn(t, data, flags...)
	for _, said := range all {
		for _, session := range said.logouts {
			server.client().refreshRefused(t, "invalid_refresh_token", session.Refresh)
		}
	}
	server.stop()
	healthy(t, data)
	proved(t, "a tmpfs of 2 MB, %d × full: %d writes refused with 503, verified and read throughout, went on without a restart; %v; 0 lost, 0 revived", rounds, refused, &sum)
}

// roomy is more than a load takes.
const roomy = 64 << 20

// disk is a file system in memory whose size can be changed.
type disk struct{ path string }

func newDisk(t *testing.T, size int) *disk {
	t.Helper()
	d := &disk{t.TempDir()}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%d", size), "durward", d.path).CombinedOutput(); err != nil {
		lacking(t, fmt.Sprintf("mount: %v: %s", err, out))
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "--lazy", d.path).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return d
}

func (d *disk) resize(t *testing.T, size int) {
	t.Helper()
	if out, err := exec.Command("mount", "-o", fmt.Sprintf("remount,size=%d", size), d.path).CombinedOutput(); err != nil {
		t.Fatalf("remount: %v: %s", err, out)
	}
}

// used is the size of all files, in whole pages.
func (d *disk) used(t *testing.T) int {
	t.Helper()
	total := 0
	err := filepath.WalkDir(d.path, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		total += (int(info.Size()) + 4095) &^ 4095
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}
