package store

import (
	"context"

	"github.com/durward-auth/durward/server/internal/account"
)

// Waiting is how many jobs wait for the writer.
func (db *DB) Waiting() int { return len(db.writer.queue) }

// SelectEvents is the text that Events runs.
var SelectEvents = selectEvents

// LatestSchema is the version of the schema that this program writes.
var LatestSchema = latest

// SessionByID reads a session whether or not it is live.
func (db *DB) SessionByID(ctx context.Context, id string) (account.Session, bool, error) {
	return one(ctx, db.reader, scanSession, sessionByID, id)
}
