package storetest

import (
	"sort"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
)

func eventRoundTrip(s *suite) {
	want := audit.Event{
		Time: s.now, Action: audit.TokenRefused, Outcome: audit.Refused, Reason: "token_expired",
		ActorID: "a", ActorName: "Anna", SubjectID: "b", SubjectName: "Bob", Target: "t",
		Origin: audit.Origin{Address: "192.0.2.1", UserAgent: "agent", RequestID: "r"}, Count: 12,
	}
	s.ok(s.db.RecordEvents(s.ctx, []audit.Event{want}))
	s.ok(s.db.RecordEvents(s.ctx, nil))
	got := s.events(audit.Query{})
	s.equal(len(got), 1, "events")
	if got[0].ID == "" {
		s.Error("the event has no id")
	}
	want.ID = got[0].ID
	s.equal(got[0], want, "event")

	s.ok(s.db.RecordEvents(s.ctx, []audit.Event{{Action: audit.TokenRefused}}))
	bare := s.events(audit.Query{Limit: 1})[0]
	if bare.Time.Before(s.now) || bare.Count != 1 {
		s.Errorf("got time %v and count %d for an event without them, want now and 1", bare.Time, bare.Count)
	}
}

func selectEvents(s *suite) {
	at := func(minutes int) time.Time { return s.now.Add(time.Duration(minutes) * time.Minute) }
	s.ok(s.db.RecordEvents(s.ctx, []audit.Event{
		{Time: at(0), Action: audit.SessionLogin, Outcome: audit.Success, ActorID: "anna", SubjectID: "anna", Target: "0"},
		{Time: at(1), Action: audit.SessionLogin, Outcome: audit.Refused, SubjectID: "bob", Target: "1"},
		{Time: at(2), Action: audit.UserDisable, Outcome: audit.Success, ActorID: "anna", SubjectID: "bob", Target: "2"},
		{Time: at(3), Action: audit.TokenRefused, Outcome: audit.Refused, Target: "3"},
		{Time: at(-60), Action: audit.TokenRefused, Outcome: audit.Refused, ActorID: "bob", Target: "4"}, // tallied: recorded late
	}))
	all := s.events(audit.Query{})
	for _, c := range []struct {
		name string
		q    audit.Query
		want string
	}{
		{"everything", audit.Query{}, "43210"},
		{"an action", audit.Query{Action: audit.SessionLogin}, "10"},
		{"refusals", audit.Query{Outcome: audit.Refused}, "431"},
		{"successes", audit.Query{Outcome: audit.Success}, "20"},
		{"refusals of an action", audit.Query{Action: audit.SessionLogin, Outcome: audit.Refused}, "1"},
		{"who acted", audit.Query{UserID: "anna"}, "20"},
		{"who acted or was acted upon", audit.Query{UserID: "bob"}, "421"},
		{"a user and an outcome", audit.Query{UserID: "bob", Outcome: audit.Success}, "2"},
		{"a user, an action and an outcome", audit.Query{UserID: "bob", Action: audit.TokenRefused, Outcome: audit.Refused}, "4"},
		{"a user, in pages", audit.Query{UserID: "bob", Limit: 2}, "42"},
		{"since, inclusive", audit.Query{Since: at(2)}, "32"},
		{"until, exclusive", audit.Query{Until: at(2)}, "410"},
		{"since and until", audit.Query{Since: at(1), Until: at(3)}, "21"},
		{"a page", audit.Query{Limit: 2}, "43"},
		{"the page after", audit.Query{Limit: 2, BeforeID: all[1].ID}, "21"},
		{"before the first", audit.Query{BeforeID: all[4].ID}, ""},
		{"nobody", audit.Query{UserID: "nobody"}, ""},
	} {
		got := ""
		for _, e := range s.events(c.q) {
			got += e.Target
		}
		s.equal(got, c.want, "%s", c.name)
	}
}

func eventIDs(s *suite) {
	batch := make([]audit.Event, 500)
	for i := range batch {
		batch[i] = s.event(audit.TokenRefused)
	}
	for range 3 {
		s.ok(s.db.RecordEvents(s.ctx, batch))
	}
	first := s.events(audit.Query{})
	rest := s.events(audit.Query{BeforeID: first[len(first)-1].ID})
	s.equal([]int{len(first), len(rest)}, []int{1000, 500}, "pages")
	every := append(first, rest...)
	if !sort.SliceIsSorted(every, func(i, j int) bool { return every[i].ID > every[j].ID }) {
		s.Error("the ids do not decrease from the newest to the oldest")
	}
	for i := 1; i < len(every); i++ {
		if every[i].ID == every[i-1].ID {
			s.Fatalf("id %s was given twice", every[i].ID)
		}
	}
}
