package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that is measured.
type process struct {
	command *exec.Cmd
	url     string
	client  *http.Client
}

// emptyAddress is set for the child that serves the empty handler, emptyHeaders too if it sets headers.
const (
	emptyAddress = "DURWARD_LOAD_EMPTY"
	emptyHeaders = "DURWARD_LOAD_HEADERS"
)

func startServer(ctx context.Context, binary, db, dir string) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{command: exec.CommandContext(ctx, binary, "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(dir, "data"))}
	p.command.Stderr = log
	if db != "" {
		p.command.Env = append(os.Environ(), "DURWARD_DB="+db)
	}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "listening on "); ok {
			p.url = url
			break
		}
	}
	go func() { // whatever else it says
		for lines.Scan() {
		}
	}()
	return p, p.wait(ctx)
}

// startEmpty starts the empty handler, with the headers of GET /protected or with none.
func startEmpty(ctx context.Context, headers bool) (*process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.CommandContext(ctx, self), url: "http://" + address}
	p.command.Env = append(os.Environ(), emptyAddress+"="+address)
	if headers {
		p.command.Env = append(p.command.Env, emptyHeaders+"=1")
	}
	p.command.Stderr = os.Stderr
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	return p, p.wait(ctx)
}

// serveEmpty answers every request with what GET /protected would, and does nothing else.
func serveEmpty(address string, headers bool) error {
	body := []byte("{\"message\":\"This is a protected route\",\"user\":\"load-0\"}\n")
	constant := http.Header{}
	if headers {
		constant = http.Header{
			"Cache-Control": {"no-store"}, "Content-Security-Policy": {"default-src 'none'; frame-ancestors 'none'"}, "Content-Type": {"application/json"},
			"Referrer-Policy": {"no-referrer"}, "Vary": {"Authorization"}, "X-Content-Type-Options": {"nosniff"}, "X-Request-Id": {"10d4f29740f36a65cc8d9ecf3432b837"},
		}
	}
	server := &http.Server{
		Addr: address, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			maps.Copy(w.Header(), constant)
			_, _ = w.Write(body)
		}),
	}
	return server.ListenAndServe()
}

// wait returns when the process answers.
func (p *process) wait(ctx context.Context) error {
	p.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if response, err := p.client.Get(p.url + "/healthz"); err == nil {
			return response.Body.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("the process does not answer")
}

func (p *process) end() {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	_ = p.command.Wait()
}

// cpu is the processor time that the process and those that it started have used (Linux).
func (p *process) cpu() (total time.Duration) {
	own := strconv.Itoa(p.command.Process.Pid)
	for _, other := range processes() {
		switch own {
		case other.id:
			total += other.used + other.ended
		case other.parent:
			total += other.used
		}
	}
	return total
}

// running is what the system tells of a process.
type running struct {
	id, parent, name, line string        // line is its command line
	used, ended            time.Duration // on processors, by itself and by its children that have ended
}

// processes are those of this machine (Linux).
func processes() (list []running) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		line, errLine := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline"))
		if err != nil || errLine != nil { // it has ended
			continue
		}
		text := string(stat)
		begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
		fields := strings.Fields(text[end+1:])
		spent := func(i int) time.Duration {
			ticks, _ := strconv.ParseInt(fields[i], 10, 64)
			return time.Duration(ticks) * 10 * time.Millisecond
		}
		list = append(list, running{
			id: filepath.Base(filepath.Dir(file)), parent: fields[1], name: text[begin+1 : end], line: strings.ReplaceAll(string(line), "\x00", " "),
			used: spent(11) + spent(12), ended: spent(13) + spent(14),
		})
	}
	return list
}

func machine() string {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d processors, %s, %s", model, runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format(time.DateOnly))
}
