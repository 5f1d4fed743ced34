package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

const (
	maxLoggedPath  = 256
	maxLoggedCause = 1024
	// longSegment is longer than any id: a segment of that length may be a token that went astray.
	longSegment = 64
)

// log writes the one line of a request. It never has the query, where tokens leak.
func (x *exchange) log(took time.Duration, stack []byte) {
	level := slog.LevelInfo
	if stack != nil || x.failed() {
		level = slog.LevelError
	} else if x.quiet {
		level = slog.LevelDebug
	}
	ctx := x.request.Context()
	var room [12]slog.Attr
	attrs := room[:0]
	handler := x.route.exactly(x.request, x.status, x.api.Log)
	if handler == nil {
		handler = x.api.Log.Handler()
		path := loggedPath(x.request.URL.EscapedPath())
		attrs = appendPlace(attrs, cut(x.request.Method, 32), x.route.pattern, path, x.status)
	}
	if !handler.Enabled(ctx, level) {
		return
	}
	record := slog.NewRecord(x.start, level, "request", 0)
	attrs = append(attrs,
		slog.String("request_id", x.id),
		slog.Int64("bytes", x.bytes),
		slog.Int64("microseconds", took.Microseconds()),
		slog.String("client", x.address),
	)
	if x.userID != "" {
		attrs = append(attrs, slog.String("user", x.userID))
	}
	if x.cause != nil {
		attrs = append(attrs, slog.String("error", clean(x.cause.Error(), maxLoggedCause)))
	}
	if stack != nil {
		attrs = append(attrs, slog.String("stack", string(stack)))
	}
	record.AddAttrs(attrs...)
	_ = handler.Handle(ctx, record) // a log that cannot be written must not stop the service
}

// failed says whether the operator must look at the answer: a refusal under load is in the metrics, a
// server that stops was asked to, and a client that went away is nobody's fault.
func (x *exchange) failed() bool {
	return x.status >= http.StatusInternalServerError && !x.busy && !errors.Is(x.cause, context.Canceled)
}

func appendPlace(attrs []slog.Attr, method, route, path string, status int) []slog.Attr {
	return append(attrs, slog.String("method", method), slog.String("route", route), slog.String("path", path), slog.Int("status", status))
}

// exactly returns a log handler that has the place and the status of the answer written down already, for a
// request with the very method and path of a route that has no wildcards; nil for others.
func (rt *route) exactly(r *http.Request, status int, log *slog.Logger) slog.Handler {
	if rt.path == "" || r.URL.Path != rt.path || r.URL.RawPath != "" || r.Method != rt.method {
		return nil
	}
	tally := rt.counts.of(status)
	if found := tally.log.Load(); found != nil {
		return *found
	}
	made := log.Handler().WithAttrs(appendPlace(nil, rt.method, rt.pattern, rt.path, status))
	tally.log.Store(&made)
	return made
}

func loggedPath(path string) string {
	if len(path) <= longSegment {
		return path
	}
	var kept strings.Builder
	for i, segment := range strings.Split(cut(path, 4*maxLoggedPath), "/") {
		if i > 0 {
			kept.WriteByte('/')
		}
		if len(segment) > longSegment {
			segment = "[long]"
		}
		kept.WriteString(segment)
	}
	return cut(kept.String(), maxLoggedPath)
}
