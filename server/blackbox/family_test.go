package blackbox_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// children are the processes that a process has started: the one that hashes passwords, or none.
func (p *process) children(t *testing.T) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range stats {
		fields, ok := statFields(file)
		if ok && fields[1] == strconv.Itoa(p.cmd.Process.Pid) && fields[0] != "Z" {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			if err != nil {
				t.Fatal(err)
			}
			pids = append(pids, pid)
		}
	}
	return pids
}

// statFields are the fields of /proc/PID/stat behind the name: state, parent, and so on. A process may have ended.
func statFields(file string) (fields []string, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, false
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])), true
}

// resident is the memory of the process and its children in bytes, or 0 where the system does not tell.
func (p *process) resident(t *testing.T) int {
	t.Helper()
	return p.status(t, "VmRSS")
}

// status is the sum of a line of /proc/PID/status over the process and its children, in bytes, or 0 where there is none.
func (p *process) status(t *testing.T, line string) (bytes int) {
	t.Helper()
	for _, pid := range append(p.children(t), p.cmd.Process.Pid) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil { // it has ended, or there is no such file system
			continue
		}
		_, rest, found := strings.Cut(string(text), line+":")
		if !found { // it is ending
			continue
		}
		number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		kilobytes, err := strconv.Atoi(number)
		if err != nil {
			t.Fatalf("/proc tells no memory: %v", err)
		}
		bytes += kilobytes << 10
	}
	return bytes
}

// processor is how much time the process and its children have had on processors, those that have ended included, or 0 where the
// system does not tell.
func (p *process) processor(t *testing.T) (total time.Duration) {
	t.Helper()
	const tick = 10 * time.Millisecond
	sum := func(pid int, fields ...int) {
		all, ok := statFields(fmt.Sprintf("/proc/%d/stat", pid))
		if !ok {
			return
		}
		for _, field := range fields {
			n, err := strconv.Atoi(all[field])
			if err != nil {
				t.Fatalf("/proc tells no processor time: %v", err)
			}
			total += time.Duration(n) * tick
		}
	}
	sum(p.cmd.Process.Pid, 11, 12, 13, 14)
	for _, child := range p.children(t) {
		sum(child, 11, 12)
	}
	return total
}
