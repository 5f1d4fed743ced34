package sessiontest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// state is a session as a register: its generation, or that it has ended. The clock stands still, so that
// the token before the current one always finds its successor.
//
// settled and alive count what has been explained so far: the successors answered to the generation before this
// one, and the lists that showed the session. They change nothing that the register answers. A step after which one that is
// left could never be explained is refused at once, so that the search does not try every order of the rest.
type state struct {
	generation     int
	ended          bool
	settled, alive int
}

// request and reply are one operation: a refresh with the token of a generation, a list, or a logout.
type request struct {
	kind       string
	generation int
}

type reply struct {
	generation int // of the answered token
	err        error
	alive      bool // in the list
}

// register is the sequential specification, for one history.
func register(history []porcupine.Operation) porcupine.Model {
	granted, alive, reused := map[int]int{}, 0, false
	for _, o := range history {
		in, out := o.Input.(request), o.Output.(reply)
		switch {
		case out.alive:
			alive++
		case in.kind == "refresh" && out.err == nil:
			granted[in.generation]++
		case errors.Is(out.err, errReused):
			reused = true
		}
	}
	mayEnd := func(s state) bool {
		return s.settled == granted[s.generation-1] && granted[s.generation] == 0 && s.alive == alive
	}
	return porcupine.Model{
		Init: func() any { return state{} },
		Step: func(before, input, output any) (bool, any) {
			s, in, out := before.(state), input.(request), output.(reply)
			after := s
			switch {
			case in.kind == "list":
				if out.alive {
					after.alive++
				}
				return out.alive == !s.ended, after
			case in.kind == "logout":
				after.ended = true
				return s.ended || !reused && mayEnd(s), after
			case s.ended:
				return errors.Is(out.err, errInvalid), s
			case in.generation == s.generation:
				right := out.err == nil && out.generation == s.generation+1 && s.settled == granted[s.generation-1]
				return right, state{generation: s.generation + 1, settled: 1, alive: s.alive}
			case in.generation == s.generation-1:
				after.settled++
				return out.err == nil && out.generation == s.generation, after
			default:
				after.ended = true
				return errors.Is(out.err, errReused) && mayEnd(s), after
			}
		},
	}
}

// linearizable lets 2 to 50 clients at once refresh one session, each with the tokens that it was given, list it
// and, now and then, end it. Every history must have an order that the register explains.
func linearizable(t *testing.T, rounds int, s system) {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	operations := 0
	for round := range rounds {
		for _, clients := range []int{2, 3, 5, 10, 25, 50} {
			random := rand.New(rand.NewPCG(seed, uint64(round*100+clients)))
			name := fmt.Sprintf("racer-%d-%d", round, clients)
			s.add(name)
			history := race(t, s, name, clients, random)
			operations += len(history)
			switch result := porcupine.CheckOperationsTimeout(register(history), history, time.Minute); result {
			case porcupine.Ok:
			default:
				t.Fatalf("seed %d, round %d, %d clients: the history is %s, want it linearizable: %s", seed, round, clients, result, describe(history))
			}
		}
	}
	t.Logf("%d histories, %d operations", rounds*6, operations)
}

func race(t *testing.T, s system, name string, clients int, random *rand.Rand) []porcupine.Operation {
	t.Helper()
	opened, err := s.login(name, "")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu         sync.Mutex
		successors = map[int]string{0: opened.refresh} // the one token of each generation
		history    []porcupine.Operation
		done       sync.WaitGroup
		gate       = make(chan struct{})
		begin      = time.Now()
	)
	// note keeps an operation. Whatever is answered to generation g is the token of g+1, the same to all.
	note := func(client int, in request, token string, out reply, call, back int64) int {
		mu.Lock()
		defer mu.Unlock()
		if token != "" {
			out.generation = in.generation + 1
			if first, known := successors[out.generation]; known && first != token {
				t.Errorf("generation %d has two successors", in.generation)
			}
			successors[out.generation] = token
		}
		history = append(history, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: back})
		return out.generation
	}
	for client := range clients {
		ends := random.IntN(4*clients) == 0
		choices := random.Perm(4)
		done.Go(func() {
			<-gate
			mine, generation := opened.refresh, 0
			for _, choice := range choices {
				call := time.Since(begin).Nanoseconds()
				switch {
				case choice == 0 && ends:
					err := patiently(func() error { return s.logout(name, opened.session) })
					note(client, request{kind: "logout"}, "", reply{err: err}, call, time.Since(begin).Nanoseconds())
					if err != nil {
						t.Errorf("logout: %v", err)
					}
				case choice == 1:
					var ids []string
					err := patiently(func() (err error) { ids, err = s.live(name); return err })
					note(client, request{kind: "list"}, "", reply{alive: len(ids) == 1, err: err}, call, time.Since(begin).Nanoseconds())
					if err != nil {
						t.Errorf("list: %v", err)
					}
				default:
					var got answer
					err := patiently(func() (err error) { got, err = s.refresh(mine, ""); return err })
					in := request{kind: "refresh", generation: generation}
					next := note(client, in, got.refresh, reply{err: err}, call, time.Since(begin).Nanoseconds())
					switch {
					case err == nil:
						mine, generation = got.refresh, next
					case !errors.Is(err, errInvalid) && !errors.Is(err, errReused):
						t.Errorf("refresh: %v", err)
					}
				}
			}
		})
	}
	close(gate)
	done.Wait()
	distinct := map[string]bool{}
	for _, token := range successors {
		distinct[token] = true
	}
	if len(distinct) != len(successors) {
		t.Errorf("%d generations have %d tokens, want one each", len(successors), len(distinct))
	}
	return history
}

// patiently does again what a system had no time for, as clients do. All tries are one operation: one that was told to
// try again has changed nothing, or its retry is answered as it would have been.
func patiently(do func() error) error {
	const tries = 50
	err := do()
	for range tries {
		if !errors.Is(err, errBusy) {
			return err
		}
		err = do()
	}
	return err
}

func describe(history []porcupine.Operation) (text string) {
	for _, o := range history {
		text += fmt.Sprintf("\n%d-%d %+v: %v", o.Call, o.Return, o.Input, o.Output)
	}
	return text
}
