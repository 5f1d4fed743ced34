package feed

import (
	"context"

	"github.com/durward-auth/durward/revocation"
)

// Entry is a revocation with its place in the order of the database: of two entries, the one that became visible
// later has the higher Seq. An entry that is stored again moves to a new place.
type Entry struct {
	revocation.Entry
	Seq int64
}

// Store is what the feed reads.
type Store interface {
	// RevocationEpoch returns the random name of this database's history. A place of another epoch means nothing here.
	RevocationEpoch(ctx context.Context) (string, error)

	// RevocationEnd returns the highest place that was given so far; 0 when there is none.
	RevocationEnd(ctx context.Context) (int64, error)

	// Revocations returns at most limit entries with a place above after and not above through, in the order of
	// their places, expired ones included. Whoever has read up to a place has missed nothing below it.
	Revocations(ctx context.Context, after, through int64, limit int) ([]Entry, error)
}
