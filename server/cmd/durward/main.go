// Command durward runs the Durward server and administers its data.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
)

func main() {
	term := terminal{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	if started, err := server.HashPasswords(); err != nil {
		complain(term, err)
		os.Exit(2)
	} else if started {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], term))
}

// terminal is where a command reads and writes.
type terminal struct {
	in  *os.File
	out io.Writer
	err io.Writer
}

// commands is the whole command line.
type commands struct {
	Data     string   `help:"Directory that holds the database and the master key. By default ${default}." default:"./durward-data" placeholder:"DIR"`
	DB       database `name:"db" help:"PostgreSQL database in the place of the one in --data, such as postgres://durward@db.internal/durward. Its password belongs into DURWARD_DB, --db-file, PGPASSWORD or a password file." placeholder:"URL"`
	DBFile   string   `name:"db-file" help:"File that holds the URL of --db." placeholder:"FILE"`
	database database // of --db or of the file

	Config configFile `help:"Settings in TOML, named as the flags are (access-ttl = \"10m\"). Flags and the environment come first." placeholder:"FILE"`
	JSON   bool       `help:"Print JSON for programs instead of tables."`

	Serve   serveCommand   `cmd:"" help:"Run the server."`
	User    userCommands   `cmd:"" help:"Add, list and change users."`
	Key     keyCommands    `cmd:"" help:"List and rotate the signing keys."`
	Client  clientCommands `cmd:"" help:"Add, list and revoke programs that sign in by themselves."`
	Token   tokenCommands  `cmd:"" help:"Issue, inspect and verify access tokens."`
	Audit   auditCommands  `cmd:"" help:"Read the audit log."`
	Print   configCommand  `cmd:"" name:"config" help:"Print the settings in force and where each comes from."`
	Backup  backupCommand  `cmd:"" help:"Write all data into one file, beside a running server."`
	Restore restoreCommand `cmd:"" help:"Fill an empty directory or database from a backup."`
	Move    moveCommand    `cmd:"" help:"Move all data between SQLite and PostgreSQL."`
	Migrate migrateCommand `cmd:"" help:"Bring the schema of the database up to date."`
	Doctor  doctorCommand  `cmd:"" help:"Check the data directory and say what to mend."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// run executes one command line and returns the exit status: 0 for success, 1 for a refusal or a failure,
// 2 for a command line that is not understood.
func run(ctx context.Context, args []string, term terminal) int {
	var c commands
	parser, err := kong.New(&c,
		kong.Name("durward"),
		kong.Description("JWT authentication for APIs: register, log in, refresh, log out, and be refused at once after that.\n\nEvery flag can also be set in the environment: --access-ttl is DURWARD_ACCESS_TTL."),
		kong.DefaultEnvars("DURWARD"),
		kong.UsageOnError(),
		kong.Writers(term.out, term.err),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(term, &c),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the command line itself is wrong: a programmer's error
	}
	exited := -1
	parser.Exit = func(status int) { exited = status }
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		complain(term, fmt.Errorf("%w (see durward --help)", err))
		return 2
	}
	switch err := parsed.Run(); {
	case err == nil:
		return 0
	case errors.Is(err, errSilent):
		return 1
	default:
		complain(term, err)
		return 1
	}
}

// errSilent ends a command with status 1 when everything has been said.
var errSilent = errors.New("")

// complain prints an error as one line.
func complain(term terminal, err error) {
	text := strings.ReplaceAll(err.Error(), "\n", "; ")
	if input, ok := errors.AsType[*account.InputError](err); ok { // a sentence for a person, here in the style of the others
		sentence := strings.TrimSuffix(input.Detail, ".")
		text = strings.ToLower(sentence[:1]) + sentence[1:]
	}
	fmt.Fprintln(term.err, "durward: "+text)
}
