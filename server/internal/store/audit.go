package store

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
)

const insertEvent = `
	INSERT INTO audit (id, happened_at, action, outcome, reason, actor_id, actor_name, subject_id, subject_name,
		target, address, user_agent, request_id, occurrences)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

// record stores an event under the next id. A time that was left out is the clock's.
func (t *tx) record(ctx context.Context, e audit.Event) error {
	if e.Time.IsZero() {
		e.Time = t.ids.clock()
	}
	id := t.ids.next(e.Time)
	if t.proof != nil {
		id = t.proof.of(id)
	}
	err := t.post(ctx, insertEvent, id, micros(e.Time), string(e.Action), string(e.Outcome), e.Reason,
		e.ActorID, e.ActorName, e.SubjectID, e.SubjectName, e.Target, e.Address, e.UserAgent, e.RequestID, max(e.Count, 1))
	if err != nil {
		return fmt.Errorf("record event: %w", err)
	}
	return nil
}

// recordAbout stores an event of a change to a user; the user's name is filled in where the caller
// knew only the id.
func (t *tx) recordAbout(ctx context.Context, u account.User, e audit.Event) error {
	if e.SubjectName == "" && e.SubjectID == u.ID {
		e.SubjectName = u.Name
	}
	return t.record(ctx, e)
}

// RecordEvents implements account.Store.
func (db *DB) RecordEvents(ctx context.Context, events []audit.Event) error {
	if len(events) == 0 {
		return nil
	}
	return db.write(ctx, "record events", func(ctx context.Context, tx *tx) error {
		for _, e := range events {
			if err := tx.record(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// lateness bounds how long after it happened an event is recorded: tallied events wait
// for their tally to be drained. It lets Events pass over what is newer than Until.
const lateness = 24 * time.Hour

const maxEvents = 1000

// Events returns the events that the query selects, newest first: at or after Since, before
// Until, older than BeforeID. A limit outside 1..1000 counts as 1000.
func (db *DB) Events(ctx context.Context, q audit.Query) ([]audit.Event, error) {
	text, args := selectEvents(q)
	events, err := all(ctx, db.reader, scanEvent, text, args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", translate(err))
	}
	return events, nil
}

const eventColumns = `id, happened_at, action, outcome, reason, actor_id, actor_name, subject_id, subject_name,
	target, address, user_agent, request_id, occurrences`

// selectEvents puts the query together from fixed fragments, each with an index.
func selectEvents(q audit.Query) (string, []any) {
	before, until := "z", int64(math.MaxInt64)
	if !q.Until.IsZero() {
		before, until = floorID(q.Until.Add(lateness)), micros(q.Until)
	}
	if q.BeforeID != "" {
		before = min(before, q.BeforeID)
	}
	since := ""
	if !q.Since.IsZero() {
		since = floorID(q.Since)
	}
	limit := q.Limit
	if limit < 1 || limit > maxEvents {
		limit = maxEvents
	}
	args := []any{before, since, micros(q.Since), until, limit}
	where := `id < $1 AND id >= $2 AND happened_at >= $3 AND happened_at < $4`
	if q.Action != "" {
		args = append(args, string(q.Action))
		where += fmt.Sprintf(` AND action = $%d`, len(args))
	}
	switch q.Outcome {
	case "":
	case audit.Refused:
		where += ` AND outcome = 'refused'` // the index on refusals is found by this text
	default:
		args = append(args, string(q.Outcome))
		where += fmt.Sprintf(` AND outcome = $%d`, len(args))
	}
	const newestFirst = ` ORDER BY id DESC LIMIT $5`
	one := func(condition string) string {
		return `SELECT ` + eventColumns + ` FROM audit WHERE ` + where + condition + newestFirst
	}
	if q.UserID == "" {
		return one(""), args
	}
	args = append(args, q.UserID)
	user := fmt.Sprintf(`$%d`, len(args))
	return strings.Join([]string{
		`SELECT ` + eventColumns + ` FROM (` + one(` AND actor_id = `+user) + `) AS acts`,
		`SELECT ` + eventColumns + ` FROM (` + one(` AND subject_id = `+user+` AND subject_id <> actor_id`) + `) AS suffered`,
	}, ` UNION ALL `) + newestFirst, args
}

func scanEvent(row scanner) (audit.Event, error) {
	var e audit.Event
	var at int64
	err := row.Scan(&e.ID, &at, &e.Action, &e.Outcome, &e.Reason, &e.ActorID, &e.ActorName, &e.SubjectID, &e.SubjectName,
		&e.Target, &e.Address, &e.UserAgent, &e.RequestID, &e.Count)
	e.Time = fromMicros(at)
	return e, err
}
