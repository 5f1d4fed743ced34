package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"
)

var (
	aliveBody = []byte("{\"status\":\"ok\"}\n")
	readyBody = []byte("{\"status\":\"ready\"}\n")
)

// readyPatience bounds the look at what the server needs.
const readyPatience = 2 * time.Second

func (a *api) healthy(x *exchange, _ *http.Request) error { return x.static(http.StatusOK, aliveBody) }

// ready tells load balancers whether to send requests. Why not is in the log.
func (a *api) ready(x *exchange, r *http.Request) error {
	if a.Draining != nil && a.Draining() {
		p := notReady(errors.New("the server is stopping"))
		p.expected = true
		x.quiet = a.toldDraining.Swap(true) // probes go on to the end, and none after the first has any news
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyPatience)
	defer cancel()
	if err := a.Ready(ctx); err != nil {
		return notReady(err)
	}
	return x.static(http.StatusOK, readyBody)
}

func notReady(cause error) *problem {
	return &problem{status: http.StatusServiceUnavailable, code: "not_ready", detail: "The server cannot serve requests now.", retryAfter: time.Second, cause: cause}
}

func (a *api) metrics() endpoint {
	h := a.Metrics.Handler()
	return func(x *exchange, r *http.Request) error {
		h.ServeHTTP(x, r)
		return nil
	}
}
