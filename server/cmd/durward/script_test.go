package main

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"durward": main})
}

// TestScripts runs testdata/script against the real command line, each script in a directory of its own. Beside
// the usual commands of testscript there are these:
//
//	refused STATUS PROGRAM ARGS…  the program says one sentence on standard error, nothing else, and exits with STATUS
//	json PATH VALUE               the JSON on standard output has this value at PATH, such as users.0.username
//	members PATH NAME…            the object at PATH has exactly these members
//	save PATH NAME                keeps what is at PATH as an environment variable
//	server NAME ARGS…             starts durward serve on a free port; its address is kept as NAME
//	stop                          stops the servers of this script and wants each to exit with 0
//	sql FILE STATEMENT            changes a database behind the program's back
//	spoil FILE                    overwrites the middle of a file
//	mode OCTAL FILE               the file has this mode
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"refused": refused,
			"json":    jsonValue,
			"members": jsonMembers,
			"save":    jsonSave,
			"server":  startServer,
			"stop":    stopServers,
			"sql":     changeDatabase,
			"spoil":   spoil,
			"mode":    fileMode,
		},
		Setup: func(env *testscript.Env) error {
			// The race detector would make every command wait for a second before it ends.
			env.Setenv("GORACE", "atexit_sleep_ms=0")
			env.Setenv("PASSWORD", "correct horse battery")
			env.Values[servers{}] = new([]*running)
			return os.WriteFile(filepath.Join(env.WorkDir, "password"), []byte("correct horse battery\n"), 0o600)
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused STATUS PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("the exit status is %d, want %d", got, want)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output says %q, want nothing", out)
	}
	sentence, ended := strings.CutSuffix(ts.ReadFile("stderr"), "\n")
	if !ended || !strings.HasPrefix(sentence, "durward: ") || strings.Contains(sentence, "\n") || len(sentence) > 500 {
		ts.Fatalf("standard error says %q, want one sentence", sentence)
	}
}

func changeDatabase(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sql FILE STATEMENT")
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(ts.MkAbs(args[0])))
	ts.Check(err)
	defer db.Close()
	result, err := db.Exec(args[1])
	ts.Check(err)
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		ts.Fatalf("the statement changed nothing (%v)", err)
	}
}

// spoil overwrites half of the pages, but not the first, so that the file is still one of SQLite.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: spoil FILE")
	}
	path := ts.MkAbs(args[0])
	text, err := os.ReadFile(path)
	ts.Check(err)
	const page = 4096
	for i := page; i < len(text); i++ {
		if i/page%2 == 1 {
			text[i] = 0xA5
		}
	}
	ts.Check(os.WriteFile(path, text, 0o600))
}

func fileMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mode OCTAL FILE")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	if got := info.Mode().Perm(); got != os.FileMode(want) {
		ts.Fatalf("%s has the mode %04o, want %04o", args[1], got, want)
	}
}
