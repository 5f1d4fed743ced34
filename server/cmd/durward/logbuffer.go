package main

import (
	"io"
	"sync"
	"time"
)

// logBuffer collects log lines and writes them together, at the latest after flushInterval: a write for each request
// would cost as much as checking its token.
type logBuffer struct {
	out io.Writer

	mu    sync.Mutex
	lines []byte

	stop chan struct{}
	done chan struct{}
}

const (
	flushInterval = 50 * time.Millisecond
	flushBytes    = 64 << 10
)

// newLogBuffer starts to write to out. Close ends it.
func newLogBuffer(out io.Writer) *logBuffer {
	b := &logBuffer{out: out, stop: make(chan struct{}), done: make(chan struct{})}
	go b.run()
	return b
}

// Write keeps one line. It writes out by itself when much has come together, so that the memory is bounded.
func (b *logBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line...)
	if len(b.lines) >= flushBytes {
		b.flush()
	}
	return len(line), nil
}

func (b *logBuffer) run() {
	defer close(b.done)
	ticker := time.NewTicker(flushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.mu.Lock()
			b.flush()
			b.mu.Unlock()
		}
	}
}

// flush writes under the lock, so that lines keep their order. A log that cannot be written is lost, as with any
// other writer: requests go on.
func (b *logBuffer) flush() {
	if len(b.lines) > 0 {
		_, _ = b.out.Write(b.lines)
		b.lines = b.lines[:0]
	}
}

// Close writes what is left.
func (b *logBuffer) Close() {
	close(b.stop)
	<-b.done
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flush()
}
