package limit

import (
	"errors"
	"fmt"
	"time"
)

// Limits are the budgets of failed sign-ins, and of registrations. Each one of the former is the number of failures after
// which further attempts are refused without looking at the password, until so many of
// them are older than Window that the count is below the budget again. No budget is
// ever exceeded within any stretch of time as long as Window.
type Limits struct {
	// Pair is for one account from one address: what a person who mistypes runs into.
	Pair int
	// Account is for one account from all addresses together. NIST SP 800-63B-4
	// section 3.2.2 allows at most 100.
	Account int
	// Address is for one address over all accounts: what an attacker who tries one
	// password on many names runs into, and many people behind one address share.
	Address int
	// Registrations is for one address: attempts to create an account, whatever became
	// of them, which tell taken names from free ones. Many people behind one address share it. 0 means 10,000.
	Registrations int
	// Window is how long a failure or a registration counts, from one second to 30 days.
	Window time.Duration
	// MaxKeys bounds the counters held in memory, some 200 bytes each, of failures
	// and again of registrations. Beyond it the
	// counter that would expire first makes room, those that refuse attempts last. 0 means 100,000.
	MaxKeys int
}

// DefaultLimits are 10 failures for an account from an address, 100 for an account and
// 50 for an address in 15 minutes, 10,000 registrations from an address, and 100,000 counters.
func DefaultLimits() Limits {
	return Limits{Pair: 10, Account: 100, Address: 50, Registrations: defaultRegistrations, Window: 15 * time.Minute, MaxKeys: defaultKeys}
}

const (
	maxAccountFailures = 100
	maxAddressFailures = 10_000
	minKeys            = 16

	defaultRegistrations = 10_000
	maxRegistrations     = 1_000_000

	defaultKeys = 100_000
	maxWindow   = 30 * 24 * time.Hour
)

// Check reports every problem of the limits together.
func (l Limits) Check() error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if l.Pair < 1 || l.Pair > maxAccountFailures {
		refuse("failed sign-ins by account and address must be 1 to %d, not %d", maxAccountFailures, l.Pair)
	}
	if l.Account < 1 || l.Account > maxAccountFailures {
		refuse("failed sign-ins by account must be 1 to %d, not %d", maxAccountFailures, l.Account)
	}
	if l.Address < 1 || l.Address > maxAddressFailures {
		refuse("failed sign-ins by address must be 1 to %d, not %d", maxAddressFailures, l.Address)
	}
	if l.Registrations < 0 || l.Registrations > maxRegistrations {
		refuse("registrations by address must be 1 to %d, or 0 for %d, not %d", maxRegistrations, defaultRegistrations, l.Registrations)
	}
	if l.Window < time.Second || l.Window > maxWindow {
		refuse("the window of failed sign-ins must be one second to 30 days, not %v", l.Window)
	}
	if l.MaxKeys != 0 && l.MaxKeys < minKeys {
		refuse("at least %d counters of failed sign-ins must fit into memory, not %d", minKeys, l.MaxKeys)
	}
	return errors.Join(problems...)
}
