package hasher

import (
	"errors"
	"io"
	"io/fs"
	"log"
	"net/rpc"
	"os"
	"os/signal"
	"syscall"

	"github.com/durward-auth/durward/server/internal/password"
)

// Argument is the only argument of a child.
const Argument = "hash-passwords"

// Wanted says that the program was started as a child: it must call Serve, and then end.
func Wanted() bool { return len(os.Args) == 2 && os.Args[1] == Argument }

const (
	service = "Hasher"
	method  = service + ".Do"
)

// Serve does the tasks of the parent until the input ends. It refuses a device for input: a person at a terminal, whose
// interrupts it would not heed, has taken the argument for a command. Signals that are sent to the whole group of processes are for
// the parent, which ends the child when it needs it no more.
func Serve(in, out *os.File) error {
	input, err := in.Stat()
	if err != nil {
		return err
	}
	if input.Mode()&fs.ModeCharDevice != 0 {
		return errors.New(Argument + " is no command: the server starts it by itself, and speaks to it over pipes")
	}
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	log.SetOutput(io.Discard) // a parent that ends in the middle of a task is no news
	server := rpc.NewServer()
	if err := server.RegisterName(service, tasks{}); err != nil {
		return err
	}
	server.ServeConn(pipes{polled(in), polled(out)})
	return nil
}

type tasks struct{}

// Do is called by the parent.
func (tasks) Do(t password.Task, o *password.Outcome) (err error) {
	*o, err = t.Do()
	return err
}
