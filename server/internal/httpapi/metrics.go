package httpapi

import (
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/durward-auth/durward/server/internal/feed"
)

// Metrics counts what the server does, in a registry of its own.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	signIns   *prometheus.CounterVec
	tokens    *prometheus.CounterVec
	refreshes *prometheus.CounterVec
	clients   *prometheus.CounterVec
	info      *prometheus.GaugeVec
}

// NewMetrics returns metrics of requests, sign-ins, refused tokens, refreshes and clients' tokens, and those of the
// process and of Go.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "durward_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "durward_http_request_duration_seconds", Help: "Time to answer a request, by route.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"route"}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "durward_sign_ins_total", Help: "Sign-ins by outcome.",
		}, []string{"outcome"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "durward_refused_tokens_total", Help: "Requests refused for their access token, by the exact reason.",
		}, []string{"reason"}),
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "durward_refreshes_total", Help: "Uses of refresh tokens by outcome.",
		}, []string{"outcome"}),
		clients: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "durward_client_tokens_total", Help: "Requests of clients for an access token by outcome.",
		}, []string{"outcome"}),
		info: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "durward_build_info", Help: "Always 1; the labels say what runs.",
		}, []string{"version", "go_version"}),
	}
	m.registry.MustRegister(m.requests, m.durations, m.signIns, m.tokens, m.refreshes, m.clients, m.info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, outcome := range signInOutcomes {
		m.signIns.WithLabelValues(outcome)
	}
	for _, outcome := range refreshOutcomes {
		m.refreshes.WithLabelValues(outcome)
	}
	for _, outcome := range clientTokenOutcomes {
		m.clients.WithLabelValues(outcome)
	}
	return m
}

// Handler answers with the metrics in Prometheus' formats.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Register adds collectors of other parts of the server; their names must be new.
func (m *Metrics) Register(c ...prometheus.Collector) { m.registry.MustRegister(c...) }

func (m *Metrics) build(version string) {
	m.info.WithLabelValues(version, runtime.Version()).Set(1)
}

// follow adds what the feed counts.
func (m *Metrics) follow(h *feed.Hub) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "durward_verifiers", Help: "Verifiers that follow the revocations now.",
		}, func() float64 { return float64(h.Open()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "durward_revocations_sent_total", Help: "Revocations sent, to all verifiers together.",
		}, func() float64 { return float64(h.Sent()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "durward_slow_verifiers_total", Help: "Streams cut off because the verifier did not keep up.",
		}, func() float64 { return float64(h.Slow()) }),
	)
}

func (m *Metrics) signIn(outcome string)      { m.signIns.WithLabelValues(outcome).Inc() }
func (m *Metrics) refresh(outcome string)     { m.refreshes.WithLabelValues(outcome).Inc() }
func (m *Metrics) clientToken(outcome string) { m.clients.WithLabelValues(outcome).Inc() }
func (m *Metrics) refused(reason string)      { m.tokens.WithLabelValues(reason).Inc() }

// routeCounts are the metrics of one route, found once.
type routeCounts struct {
	pattern  string
	metrics  *Metrics
	duration prometheus.Observer
	byStatus *[600]atomic.Pointer[statusCount]
}

// statusCount is what is kept for one status of one route.
type statusCount struct {
	requests prometheus.Counter
	log      atomic.Pointer[slog.Handler] // see route.exactly
}

func (m *Metrics) route(pattern string) routeCounts {
	return routeCounts{
		pattern: pattern, metrics: m,
		duration: m.durations.WithLabelValues(pattern),
		byStatus: new([600]atomic.Pointer[statusCount]),
	}
}

func (c *routeCounts) observe(status int, took time.Duration) {
	c.of(status).requests.Inc()
	c.duration.Observe(took.Seconds())
}

// of returns what belongs to a status; statuses that there are not share the place of 0.
func (c *routeCounts) of(status int) *statusCount {
	if status < 0 || status >= len(c.byStatus) {
		status = 0
	}
	if found := c.byStatus[status].Load(); found != nil {
		return found
	}
	made := &statusCount{requests: c.metrics.requests.WithLabelValues(c.pattern, strconv.Itoa(status))}
	if !c.byStatus[status].CompareAndSwap(nil, made) {
		return c.byStatus[status].Load()
	}
	return made
}
