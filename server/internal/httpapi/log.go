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
	if x.status >= http.StatusInternalServerError && !errors.Is(x.cause, context.Canceled) {
		level = slog.LevelError
	}
	ctx := x.request.Context()
	handler := x.api.Log.Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	record := slog.NewRecord(x.start, level, "request", 0)
	var room [12]slog.Attr
	attrs := append(room[:0],
		slog.String("request_id", x.id),
		slog.String("method", cut(x.request.Method, 32)),
		slog.String("route", x.route.pattern),
		slog.String("path", loggedPath(x.request.URL.EscapedPath())),
		slog.Int("status", x.status),
		slog.Int64("bytes", x.bytes),
		slog.Duration("duration", took),
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
