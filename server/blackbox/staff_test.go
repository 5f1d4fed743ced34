package blackbox_test

import (
	"fmt"
	"testing"
)

// staff are the users of a load: ada, who has many sessions, root, who administers, and those whose roles root changes.
type staff struct {
	data, url string
	changed   []string // ids
}

const promoted = 3

// appoint makes the users.
func appoint(t *testing.T, server *process) *staff {
	t.Helper()
	s := &staff{data: server.data, url: server.database()}
	o := opened(t, s.data, s.url)
	defer o.close()
	o.user("ada")
	o.user("root", "admin")
	for i := range promoted {
		s.changed = append(s.changed, o.user(fmt.Sprintf("changed-%d", i)))
	}
	return s
}

// orders are for a load of so many acknowledgements at most; its users' names begin with a prefix that is new.
func (s *staff) orders(t *testing.T, names string, most int) orders {
	t.Helper()
	o := opened(t, s.data, s.url)
	defer o.close()
	work := orders{names: names, end: o.open("ada", most), refresh: o.open("ada", 16), admin: o.open("root", 1)[0].Access}
	for i, id := range s.changed {
		work.promote = append(work.promote, promotion{user: id, before: o.open(fmt.Sprintf("changed-%d", i), 1)[0]})
	}
	return work
}

// probe is a session of ada beside those of the load.
func (s *staff) probe(t *testing.T) tokens {
	t.Helper()
	return opened(t, s.data, s.url).sessions("ada", 1)[0]
}
