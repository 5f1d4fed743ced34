// Package audit owns the record of who did what: the events, their names, and the
// tally that folds floods of refusals into few rows.
package audit
