package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/durward-auth/durward/server/internal/account"
)

const (
	defaultPage = 50
	largestPage = 500
	maxSearch   = 128
)

// listUsers answers with a page of users in the order of their names.
func (a *api) listUsers(x *exchange, r *http.Request) error {
	page, search, err := a.page(r)
	if err != nil {
		return err
	}
	limit := page.Limit
	page.Limit++ // whether there is a next page
	users, err := a.Accounts.ListUsers(r.Context(), page)
	if err != nil {
		return err
	}
	var next *string
	if len(users) > limit {
		users = users[:limit]
		cursor := a.cursors.make(users[limit-1].Canonical, search)
		next = &cursor
	}
	views := make([]adminView, 0, len(users))
	for _, u := range users {
		views = append(views, viewForAdmin(u))
	}
	return x.json(http.StatusOK, struct {
		Users []adminView `json:"users"`
		Next  *string     `json:"next"`
	}{views, next})
}

func (a *api) page(r *http.Request) (account.Page, string, error) {
	q, err := readQuery(r, "limit", "after", "search")
	if err != nil {
		return account.Page{}, "", err
	}
	page := account.Page{Search: q.Get("search")}
	if page.Limit, err = pageLimit(q); err != nil {
		return account.Page{}, "", err
	}
	if len(page.Search) > maxSearch || !utf8.ValidString(page.Search) || strings.ContainsFunc(page.Search, unicode.IsControl) {
		return account.Page{}, "", invalidRequest("The search must be text of at most " + strconv.Itoa(maxSearch) + " bytes.")
	}
	if q.Has("after") {
		after, ok := a.cursors.read(q.Get("after"), page.Search)
		if !ok {
			return account.Page{}, "", invalidRequest("The cursor is not one of this list: begin without it.")
		}
		page.After = after
	}
	return page, page.Search, nil
}

// pageLimit reads how many a page is to have.
func pageLimit(q url.Values) (int, error) {
	if !q.Has("limit") {
		return defaultPage, nil
	}
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 || limit > largestPage || strings.HasPrefix(q.Get("limit"), "+") {
		return 0, invalidRequest("The limit must be a whole number from 1 to " + strconv.Itoa(largestPage) + ".")
	}
	return limit, nil
}
