package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds every wait: long enough for a loaded machine with the race detector.
const patience = 60 * time.Second

// superuser is the role that initdb makes and that the URLs name.
const superuser = "durward"

// Server is a PostgreSQL server on a port of the loopback interface, with its data in a temporary
// directory. It ends with the test's process at the latest.
type Server struct {
	// Dir holds the data, and the server's unix socket.
	Dir string
	// Port is where it listens on 127.0.0.1; it stays the same after a restart.
	Port int

	programs string
	settings []string

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{}
}

// errNone says that there are no binaries on this machine.
var errNone = errors.New("PostgreSQL is not installed: run apt-get install postgresql, no cluster need be running")

// create makes a server that has not been started.
func create(settings ...string) (*Server, error) {
	programs, err := find()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "durward-pg") // a socket's path must be short, and another user reach it
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, programs: programs, settings: settings}
	if err := s.initialise(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// find returns the folder of the newest server that is installed.
func find() (string, error) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return "", err
		}
		return filepath.Dir(path), nil
	}
	newest, folder := -1, ""
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, path := range found {
			name := strings.TrimPrefix(filepath.Base(filepath.Dir(filepath.Dir(path))), "pgsql-")
			if version, err := strconv.Atoi(name); err == nil && version > newest {
				newest, folder = version, filepath.Dir(path)
			}
		}
	}
	if folder == "" {
		return "", errNone
	}
	return folder, nil
}

// own gives the directory to whom the server runs as.
func (s *Server) own() error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := stranger()
	if err != nil {
		return err
	}
	return os.Chown(s.Dir, uid, gid)
}

func (s *Server) initialise() error {
	if err := s.own(); err != nil {
		return err
	}
	command := exec.Command(filepath.Join(s.programs, "initdb"), "--pgdata", s.data(), "--username", superuser, "--auth", "trust",
		"--encoding", "UTF8", "--no-instructions")
	if err := s.prepare(command); err != nil {
		return err
	}
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, said)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.Dir, "data") }

// stranger is whom PostgreSQL runs as when the tests run as root, which it refuses.
func stranger() (uid, gid int, err error) {
	for _, name := range []string{"postgres", "nobody"} {
		found, failure := user.Lookup(name)
		if failure != nil {
			err = failure
			continue
		}
		uid, uidErr := strconv.Atoi(found.Uid)
		gid, gidErr := strconv.Atoi(found.Gid)
		return uid, gid, errors.Join(uidErr, gidErr)
	}
	return 0, 0, err
}

// prepare makes a command of the server run as a user that PostgreSQL accepts, in English.
func (s *Server) prepare(command *exec.Cmd) error {
	command.Dir = s.Dir
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	attributes, err := attributes()
	command.SysProcAttr = attributes
	return err
}

// Start starts the server and waits until it answers.
func (s *Server) Start() error {
	if s.Port == 0 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.Port = listener.Addr().(*net.TCPAddr).Port
		if err := listener.Close(); err != nil {
			return err
		}
	}
	args := []string{"-D", s.data(), "-k", s.Dir, "-h", "127.0.0.1", "-p", strconv.Itoa(s.Port),
		"-c", "max_connections=300", "-c", "shared_buffers=32MB"}
	for _, setting := range s.settings {
		args = append(args, "-c", setting)
	}
	command := exec.Command(filepath.Join(s.programs, "postgres"), args...)
	if err := s.prepare(command); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(s.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command.Stdout, command.Stderr = log, log
	started := make(chan error, 1)
	ended := make(chan struct{})
	go func() {
		runtime.LockOSThread() // the server ends when the thread that started it does
		defer close(ended)
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // it was told to end
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.mu.Lock()
	s.process, s.ended = command.Process, ended
	s.mu.Unlock()
	return s.await()
}

// await waits until the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-tick.C:
		case <-s.ended:
			return fmt.Errorf("PostgreSQL ended at its start: %s", s.Log())
		case <-ctx.Done():
			return fmt.Errorf("PostgreSQL does not answer: %w\n%s", err, s.Log())
		}
	}
}

// URL is that of a database of the server.
func (s *Server) URL(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, s.Port, database)
}

// Log is what the server has written.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.Dir, "log")) // without one there is nothing to say
	return string(text)
}

// End ends the server as pg_ctl stop does: with SIGINT fast, with SIGQUIT at once and without
// a checkpoint, as after a crash. Start starts it again on the same data.
func (s *Server) End(signal syscall.Signal) error {
	s.mu.Lock()
	process, ended := s.process, s.ended
	s.process = nil
	s.mu.Unlock()
	if process == nil {
		return nil
	}
	if err := process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("PostgreSQL has not ended after %v", patience)
	}
}

// PID is that of the server's first process, 0 when it does not run.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.Pid
}

func (s *Server) remove() error {
	return errors.Join(s.End(syscall.SIGQUIT), os.RemoveAll(s.Dir))
}
