package password

import (
	"container/list"
	"context"
	"errors"
	"time"
)

// A rank says who is served first.
type rank int

const (
	known    rank = iota // somebody who signs in, or has
	newcomer             // anybody
)

// lines are the callers that wait, by rank, the first to come in front. Each is a chan
// struct{} that is closed when a worker is theirs.
type lines [newcomer + 1]list.List

// ahead counts those that are served before a new caller of a rank.
func (l *lines) ahead(r rank) (count int) {
	for i := range r + 1 {
		count += l[i].Len()
	}
	return count
}

func (l *lines) first() (line *list.List, ok bool) {
	for i := range l {
		if l[i].Len() > 0 {
			return &l[i], true
		}
	}
	return nil, false
}

// acquire waits for a worker, unless there is no place or no time to wait. Without an error,
// release is to be called.
func (p *Pool) acquire(ctx context.Context, r rank) error {
	if err := ctx.Err(); err != nil {
		return busyOr(err)
	}
	turn := make(chan struct{})
	place, err := p.join(ctx, r, turn)
	if err != nil {
		return err
	}
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		p.leave(r, place, turn)
		return busyOr(ctx.Err())
	}
}

// join puts a caller at the end of the line.
func (p *Pool) join(ctx context.Context, r rank, turn chan struct{}) (*list.Element, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.working >= p.workers && p.waiting.ahead(newcomer) >= p.room(r) {
		return nil, ErrBusy
	}
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < p.wait(p.working+p.waiting.ahead(r)+1) {
		return nil, ErrBusy
	}
	place := p.waiting[r].PushBack(turn)
	p.serve()
	return place, nil
}

// leave takes a caller out of the line, or gives up the worker that was theirs by then.
func (p *Pool) leave(r rank, place *list.Element, turn chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-turn:
		p.working--
		p.serve()
	default:
		p.waiting[r].Remove(place)
	}
}

func (p *Pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.working--
	p.serve()
}

// serve gives the workers that are free to those that wait.
func (p *Pool) serve() {
	for p.working < p.workers {
		line, ok := p.waiting.first()
		if !ok {
			return
		}
		p.working++
		close(line.Remove(line.Front()).(chan struct{}))
	}
}

// room is how many may wait before a caller of a rank is refused.
func (p *Pool) room(r rank) int {
	if r == newcomer {
		return max(1, p.queue/4)
	}
	return p.queue
}

// busyOr tells a deadline that passed in the queue from a caller that went away.
func busyOr(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrBusy
	}
	return err
}
