// Package feed owns the order in which revocations became known, and tells it to verifiers that follow.
package feed
