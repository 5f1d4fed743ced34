package httpapi

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

// exchange is one request and its answer. It stands for the ResponseWriter in the handlers, and is used
// again for later requests.
type exchange struct {
	http.ResponseWriter
	api     *api
	request *http.Request
	route   *route // nil until a pattern has matched
	start   time.Time
	id      string
	address string
	proxied bool // the peer is a trusted proxy
	claims  durward.Claims
	userID  string
	status  int // 0 until the header has been written
	refused int // status that ServeMux chose where no pattern matched
	bytes   int64
	cause   error // why the answer is a 5xx, for the log
	busy    bool  // the answer is a refusal under load, or as the server stops
	quiet   bool  // the log has said so before

	buffer []byte
	random [16 * 16]byte
	unused []byte // what is left of random
}

func (a *api) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := a.pool.Get().(*exchange)
	x.ResponseWriter, x.api, x.request, x.start = w, a, r, time.Now()
	x.address, x.proxied = a.client(r)
	x.id = x.requestID(r)
	header := w.Header()
	header["X-Request-Id"] = []string{x.id}
	header["Cache-Control"] = a.headers.noStore
	header["X-Content-Type-Options"] = a.headers.noSniff
	header["Referrer-Policy"] = a.headers.noReferrer
	header["Content-Security-Policy"] = a.headers.policy
	if r.TLS != nil || a.BehindTLSProxy {
		header["Strict-Transport-Security"] = a.headers.transport
	}
	if a.cors.on() {
		header["Vary"] = a.headers.varyPublic
	}
	return x
}

// requestID is ours: 128 random bits. A trusted proxy may bring its own.
func (x *exchange) requestID(r *http.Request) string {
	if x.proxied {
		if given := r.Header["X-Request-Id"]; len(given) == 1 && isRequestID(given[0]) {
			return given[0]
		}
	}
	if len(x.unused) == 0 {
		rand.Read(x.random[:]) // never fails
		x.unused = x.random[:]
	}
	var text [32]byte
	hex.Encode(text[:], x.unused[:16])
	x.unused = x.unused[16:]
	return string(text[:])
}

func isRequestID(text string) bool {
	if len(text) < 1 || len(text) > 64 {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// finish turns a panic into a 500, counts and logs the request, and gives the exchange back.
func (x *exchange) finish() {
	var stack []byte
	abort := false
	if v := recover(); v != nil {
		if v == http.ErrAbortHandler {
			abort = true
		} else {
			x.cause = fmt.Errorf("panic: %v", v)
			stack = debug.Stack()
			abort = x.status != 0
			if !abort {
				x.fail(&problem{status: http.StatusInternalServerError, code: codeInternal, detail: internalDetail, cause: x.cause})
			}
		}
	}
	if x.route == nil {
		x.route = x.api.other
	}
	if x.status == 0 {
		x.status = http.StatusOK // what net/http writes for a handler that wrote nothing
	}
	took := time.Since(x.start)
	x.route.counts.observe(x.status, took)
	x.log(took, stack)
	x.release()
	if abort {
		panic(http.ErrAbortHandler)
	}
}

// release forgets everything about the request but the memory.
func (x *exchange) release() {
	const keep = 16 << 10
	pool, buffer := &x.api.pool, x.buffer[:0]
	if cap(buffer) > keep {
		buffer = nil
	}
	x.ResponseWriter, x.api, x.request, x.route = nil, nil, nil, nil
	x.id, x.address, x.proxied, x.userID = "", "", false, ""
	x.claims = durward.Claims{}
	x.status, x.refused, x.bytes, x.cause, x.busy, x.quiet = 0, 0, 0, nil, false, false
	x.buffer = buffer
	pool.Put(x)
}

// WriteHeader notes the status. What ServeMux itself answers where no pattern matches is held back.
func (x *exchange) WriteHeader(status int) {
	if x.route == nil {
		x.refused = status
		return
	}
	if x.status == 0 && status >= 200 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes.
func (x *exchange) Write(body []byte) (int, error) {
	if x.route == nil {
		return len(body), nil
	}
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(body)
	x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what it controls.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// unmatched answers where no pattern matched: ServeMux speaks plain text, and redirects from paths that
// are not clean.
func (x *exchange) unmatched() {
	header := x.Header()
	delete(header, "Location")
	x.route = x.api.other
	switch x.refused {
	case http.StatusMethodNotAllowed:
		x.fail(&problem{status: http.StatusMethodNotAllowed, code: "method_not_allowed", detail: "This path has no such method. It has: " + header.Get("Allow") + "."})
	case http.StatusBadRequest:
		x.fail(invalidRequest("The request line is malformed."))
	default:
		x.fail(&problem{status: http.StatusNotFound, code: "not_found", detail: "There is nothing at this path."})
	}
}

// json answers with a value; static answers with a body that is the same for everybody.
func (x *exchange) json(status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return x.static(status, append(body, '\n'))
}

func (x *exchange) static(status int, body []byte) error {
	x.Header()["Content-Type"] = x.api.headers.json
	x.WriteHeader(status)
	_, _ = x.Write(body) // the client has gone: nobody is left to tell
	return nil
}

func (x *exchange) noContent() error {
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// actor is the user of the access token.
func (x *exchange) actor() account.Actor { return actorOf(x.claims) }

func actorOf(c durward.Claims) account.Actor {
	return account.Actor{UserID: c.Subject, Name: c.Username, SessionID: c.SessionID}
}

// origin is where the request came from, for the audit log.
func (x *exchange) origin() audit.Origin {
	return audit.Origin{Address: x.address, UserAgent: userAgent(x.request), RequestID: x.id}
}
