package password

import "time"

const (
	restFor = 500 * time.Millisecond
	// The clock's resolution here: a flood of calls writes no more often.
	restStep = restFor / 10
)

// Foreground says that a request is being served which must not wait for passwords, such as
// one that verifies a token. For the next half second one worker rests, if the pool
// would otherwise take every processor. It costs some 50 ns.
//
// A hash holds its processor for ten milliseconds at a time, as Go's scheduler lets it. Measured
// on two processors with 16 callers who log in without a pause, a request over loopback that
// verifies an ES256 signature took 21 ms at the median and 67 ms at the 99th percentile without this
// call, 0.1 and 2 ms with it (0.1 and 0.3 ms with no logins), for 58 hashes a
// second instead of 88. On one processor there is none to spare: let GOMAXPROCS be 2.
func (p *Pool) Foreground() {
	if !p.spare {
		return
	}
	until := time.Now().Add(restFor).UnixNano()
	if until-p.rest.Load() > int64(restStep) {
		p.rest.Store(until)
	}
}

func (p *Pool) resting() bool { return time.Now().UnixNano() < p.rest.Load() }
