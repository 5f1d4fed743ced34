package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/durward-auth/durward/server"
	"golang.org/x/term"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	Addr        string        `help:"Address to listen on. By default ${default}." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert     string        `name:"tls-cert" help:"Certificate chain in PEM, to speak TLS." placeholder:"FILE"`
	TLSKey      string        `name:"tls-key" help:"Private key of the certificate in PEM." placeholder:"FILE"`
	MetricsAddr string        `help:"Address to serve GET /metrics on. On a loopback --addr without a proxy it is also beside the other routes." placeholder:"HOST:PORT"`
	DrainDelay  time.Duration `help:"How long to go on serving after SIGTERM while /readyz answers 503, so that a load balancer looks elsewhere. By default ${default}." default:"0s" placeholder:"DURATION"`
	LogFormat   string        `help:"Format of the log on standard error: json, text, or auto (text on a terminal)." default:"auto" enum:"auto,json,text"`
	LogLevel    string        `help:"Least level that is logged: ${enum}." default:"info" enum:"debug,info,warn,error"`

	serverSettings `embed:""`
}

type serveCommand struct {
	serveFlags `embed:""`
}

// Help is shown by durward serve --help.
func (serveCommand) Help() string {
	return "Runs the server until it gets SIGTERM or an interrupt; then it answers what has begun and ends. " +
		"With --drain-delay it goes on serving for that long first; a second signal ends the delay. " +
		"On an empty data directory it makes the database, the master key and the first signing keys, and prints the first requests to try. " +
		"The master key is read from master.key in the data directory, or from DURWARD_MASTER_KEY, or from the file that DURWARD_MASTER_KEY_FILE names."
}

// Run serves until ctx ends.
func (cmd *serveCommand) Run(ctx context.Context, parsed *kong.Context, c *commands, term terminal) (err error) {
	log, closeLog, err := cmd.logger(term)
	if err != nil {
		return err
	}
	defer closeLog()
	certificates, err := cmd.certificates()
	if err != nil {
		return err
	}
	if err := cmd.check(c); err != nil {
		return err
	}
	listener, metrics, err := cmd.listenAll(certificates)
	if err != nil {
		return err
	}
	defer listener.Close()
	url := cmd.url(listener.Addr())
	config := cmd.config(c)
	config.HashProcess = true
	config.Log = log
	config.MetricsOnMain = cmd.local() && !cmd.BehindTLSProxy
	if cmd.Issuer == "" {
		config.Issuer = url
		if !config.MetricsOnMain {
			log.Warn("the issuer is an address of this machine: set --issuer to the URL that clients use", "issuer", url)
		}
	}
	if cmd.BehindTLSProxy && len(cmd.TrustedProxy) == 0 {
		log.Warn("every client behind the proxy counts as one address, and their failed sign-ins together: name the proxy's network with --trusted-proxy")
	}
	if c.DB.exposed(parsed) {
		log.Warn("everybody on this machine can read the password in --db: put the URL into DURWARD_DB or a file of --db-file, or the password into PGPASSWORD")
	}
	warnOfMisspelt(log, os.Environ())
	s, err := server.Open(ctx, config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	welcome(term.out, url, c, s.First())
	pacing, stop := context.WithCancel(ctx)
	defer stop()
	go paceGC(pacing)
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		defer cancel()
		s.Drain()
		if cmd.DrainDelay > 0 {
			log.Info("draining", "for", cmd.DrainDelay.String())
			delay(serving, cmd.DrainDelay)
		}
	})()
	if metrics == nil {
		return s.Serve(serving, listener)
	}
	return serveBoth(serving, s, listener, metrics)
}

// delay waits for a time, and no longer than until the process gets another signal or ctx ends.
func delay(ctx context.Context, d time.Duration) {
	impatient, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-impatient.Done():
	}
}

// longestDrain is the longest --drain-delay. Service managers kill what takes longer to end.
const longestDrain = 5 * time.Minute

// check reports what is wrong with the settings before anything is made or listened on.
func (cmd *serveFlags) check(c *commands) error {
	config := cmd.config(c)
	if config.Issuer == "" {
		config.Issuer = "http://127.0.0.1"
	}
	var drain error
	if cmd.DrainDelay < 0 || cmd.DrainDelay > longestDrain {
		drain = fmt.Errorf("--drain-delay is %v, it must be between 0s and %v", cmd.DrainDelay, longestDrain)
	}
	return errors.Join(cmd.zeros(), drain, config.Check())
}

// listenAll opens both listeners, or none. metrics is nil without an address for it.
func (cmd *serveFlags) listenAll(certificates *tls.Config) (listener, metrics net.Listener, err error) {
	if listener, err = cmd.listen(certificates); err != nil || cmd.MetricsAddr == "" {
		return listener, nil, err
	}
	if metrics, err = listenOn("--metrics-addr", cmd.MetricsAddr); err != nil {
		return nil, nil, errors.Join(err, listener.Close())
	}
	return listener, metrics, nil
}

// serveBoth ends both listeners when one fails.
func serveBoth(ctx context.Context, s *server.Server, listener, metrics net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- s.ServeMetrics(ctx, metrics)
	}()
	err := s.Serve(ctx, listener)
	cancel()
	return errors.Join(err, <-ended)
}

// local says whether only this machine can reach the address.
func (cmd *serveFlags) local() bool {
	host, _, err := net.SplitHostPort(cmd.Addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (cmd *serveFlags) certificates() (*tls.Config, error) {
	if cmd.TLSCert == "" && cmd.TLSKey == "" {
		return nil, nil
	}
	if cmd.TLSCert == "" || cmd.TLSKey == "" {
		return nil, errors.New("--tls-cert and --tls-key go together")
	}
	pair, err := tls.LoadX509KeyPair(cmd.TLSCert, cmd.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("read the TLS certificate: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

func (cmd *serveFlags) listen(certificates *tls.Config) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(cmd.Addr); err != nil {
		return nil, fmt.Errorf("--addr %q is not HOST:PORT", cmd.Addr)
	}
	if certificates == nil && !cmd.local() && !cmd.BehindTLSProxy {
		return nil, fmt.Errorf("--addr %s can be reached from other machines, and passwords would cross the network in the clear: give --tls-cert and --tls-key, or --behind-tls-proxy when a proxy in front speaks TLS", cmd.Addr)
	}
	listener, err := listenOn("--addr", cmd.Addr)
	if err != nil {
		return nil, err
	}
	if certificates != nil {
		listener = tls.NewListener(listener, certificates)
	}
	return listener, nil
}

// listenOn says which flag to change when it cannot listen.
func listenOn(flag, address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%s %q is not HOST:PORT", flag, address)
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program listens on %s: give another address with %s", address, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, address, err)
	}
	return listener, nil
}

// url is the server's own address for people on this machine.
func (cmd *serveFlags) url(addr net.Addr) string {
	scheme := "http"
	if cmd.TLSCert != "" {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(cmd.Addr)
	_, port, _ := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// logger writes lines at once to a terminal, and in small batches to anything else.
func (cmd *serveFlags) logger(t terminal) (log *slog.Logger, closeLog func(), err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cmd.LogLevel)); err != nil {
		return nil, nil, err
	}
	options := &slog.HandlerOptions{Level: level}
	file, isFile := t.err.(*os.File)
	if isFile && term.IsTerminal(int(file.Fd())) {
		if cmd.LogFormat == "json" {
			return slog.New(slog.NewJSONHandler(t.err, options)), func() {}, nil
		}
		return slog.New(slog.NewTextHandler(t.err, options)), func() {}, nil
	}
	buffer := newLogBuffer(t.err)
	if cmd.LogFormat == "text" {
		return slog.New(slog.NewTextHandler(buffer, options)), buffer.Close, nil
	}
	return slog.New(slog.NewJSONHandler(buffer, options)), buffer.Close, nil
}
