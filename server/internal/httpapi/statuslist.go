package httpapi

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/durward-auth/durward/server/internal/feed"
	"github.com/durward-auth/durward/statuslist"
)

// showStatusList serves a status list to verifiers and their caches, and to pages of every origin.
func (a *api) showStatusList(x *exchange, r *http.Request) error {
	text := r.PathValue("n")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return noStatusList()
	}
	list, err := a.StatusLists.List(r.Context(), n)
	if errors.Is(err, feed.ErrNoList) {
		return noStatusList()
	}
	if err != nil {
		return err
	}
	control := []string{"public, max-age=" + strconv.FormatInt(int64(a.StatusListTTL/time.Second), 10)}
	return x.document(r, &document{body: list.Text, tag: list.Tag}, []string{statuslist.MediaType}, control)
}

func noStatusList() *problem {
	return &problem{status: http.StatusNotFound, code: "status_list_not_found", detail: "There is no such status list."}
}
