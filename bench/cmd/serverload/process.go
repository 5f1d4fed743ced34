package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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

// emptyAddress is set for the child that serves the empty handler.
const emptyAddress = "DURWARD_LOAD_EMPTY"

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

func startEmpty(ctx context.Context) (*process, error) {
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
	p.command.Stderr = os.Stderr
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	return p, p.wait(ctx)
}

// serveEmpty answers every request with what GET /protected would, and does nothing else.
func serveEmpty(address string) error {
	body := []byte("{\"message\":\"This is a protected route\",\"user\":\"load-0\"}\n")
	server := &http.Server{
		Addr: address, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }),
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
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil { // it has ended
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		used := fields[11:13] // user and system
		switch {
		case filepath.Base(filepath.Dir(file)) == own:
			used = fields[11:15] // and those of children that have ended
		case fields[1] != own:
			continue
		}
		for _, field := range used {
			ticks, _ := strconv.ParseInt(field, 10, 64)
			total += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return total
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
