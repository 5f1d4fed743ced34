package audit_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/audit"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func refusal(reason, address string) audit.Event {
	return audit.Event{Action: audit.TokenRefused, Outcome: audit.Refused, Reason: reason, Origin: audit.Origin{Address: address, RequestID: reason + address}}
}

func total(events []audit.Event) (sum int) {
	for _, e := range events {
		sum += e.Count
	}
	return sum
}

func TestLikeRefusalsAreOneEvent(t *testing.T) {
	now := noon
	tally := audit.NewTally(10, func() time.Time { return now })
	for range 5 {
		tally.Add(refusal("signature", "192.0.2.1"))
		now = now.Add(time.Second)
	}
	tally.Add(refusal("expired", "192.0.2.1"))
	tally.Add(refusal("signature", "192.0.2.2"))
	events := tally.Drain()
	if len(events) != 3 || total(events) != 7 {
		t.Fatalf("events: got %d for %d refusals, want 3 for 7", len(events), total(events))
	}
	for _, e := range events {
		if e.Reason == "signature" && e.Address == "192.0.2.1" && (e.Count != 5 || !e.Time.Equal(noon)) {
			t.Errorf("five like refusals: got %d at %v, want 5 at the first one's time", e.Count, e.Time)
		}
	}
	if again := tally.Drain(); len(again) != 0 {
		t.Errorf("a second drain: got %d events, want none", len(again))
	}
}

func TestAFloodOfAddressesIsCountedTogether(t *testing.T) {
	tally := audit.NewTally(10, func() time.Time { return noon })
	for i := range 1000 {
		tally.Add(refusal("signature", fmt.Sprint("192.0.2.", i)))
	}
	events := tally.Drain()
	if len(events) != 11 || total(events) != 1000 {
		t.Fatalf("J06: got %d events for %d refusals, want 11 for 1000", len(events), total(events))
	}
	for _, e := range events {
		if e.Address == "*" && (e.Count != 990 || e.RequestID != "") {
			t.Errorf("the rest: got %d with the request %q, want 990 with none", e.Count, e.RequestID)
		}
	}
}

func TestEventsThatCouldNotBeWrittenAreCountedAgain(t *testing.T) {
	tally := audit.NewTally(10, func() time.Time { return noon.Add(time.Hour) })
	tally.Add(audit.Event{Action: audit.TokenRefused, Reason: "signature", Time: noon, Count: 7})
	tally.Add(refusal("signature", ""))
	events := tally.Drain()
	if len(events) != 1 || events[0].Count != 8 || !events[0].Time.Equal(noon) {
		t.Errorf("got %v, want one event of 8 refusals since noon", events)
	}
}

func TestNoRefusalIsLostBetweenAddAndDrain(t *testing.T) {
	tally := audit.NewTally(4, func() time.Time { return noon })
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for range 500 {
				tally.Add(refusal("signature", fmt.Sprint(worker)))
			}
		})
	}
	sum := 0
	for range 50 {
		sum += total(tally.Drain())
	}
	group.Wait()
	if sum += total(tally.Drain()); sum != 4000 {
		t.Errorf("refusals: got %d, want 4000", sum)
	}
}
