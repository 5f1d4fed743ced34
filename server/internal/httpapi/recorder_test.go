package httpapi_test

import (
	"net/http"
	"net/http/httptest"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func newUnstarted(h http.Handler) *httptest.Server { return httptest.NewUnstartedServer(h) }
