package store

import "context"

// act is a work with what tells a run of it that took place.
type act struct {
	work work
	// proof is the id of the first event of a run whose commit was not confirmed; a run after it records its first
	// event under the same id, so that one of them at most can be committed.
	proof    string
	recorded string // the id of the first event of the last run
	ran      bool   // the last attempt came to the work
	whole    bool   // the last run came to its end, and has set the results
}

// proof gives a run the id of its first event.
type proof struct {
	id    string
	given bool
}

// of returns the id of the next event, for which this one was made.
func (p *proof) of(id string) string {
	if p.given {
		return id
	}
	p.given = true
	if p.id == "" {
		p.id = id
	}
	return p.id
}

// claimEvent answers 0 where there is no such event, and keeps whoever would still store it waiting, or waits for them. An event
// that is there is written once more as it is, for the reason of confirmEnd.
const (
	claimEvent = `
	INSERT INTO audit (id, happened_at, action, outcome, reason, actor_id, actor_name, subject_id, subject_name,
		target, address, user_agent, request_id, occurrences)
	VALUES ($1, 0, '', '', '', '', '', '', '', '', '', '', '', 0)
	ON CONFLICT (id) DO UPDATE SET occurrences = audit.occurrences
	RETURNING occurrences`

	unclaimEvent = `DELETE FROM audit WHERE id = $1`
)

// run runs the work, unless an earlier run took place: then the results that it has set stand.
func (a *act) run(ctx context.Context, tx *tx) error {
	tx.proof = &proof{id: a.proof}
	if a.proof != "" {
		occurred, _, err := one(ctx, tx, value[int64], claimEvent, a.proof)
		if err != nil || occurred > 0 {
			return err
		}
		if err := tx.post(ctx, unclaimEvent, a.proof); err != nil {
			return err
		}
	}
	a.ran = true
	err := a.work(ctx, tx)
	a.recorded, a.whole = tx.proof.id, err == nil
	return err
}

// settle finds out what became of a commit that nobody confirmed, and runs the act again if it did not take place. It gives up when
// the caller does, or after patience, and then returns the error of the commit.
func (p *postgres) settle(ctx, bounded context.Context, a *act, unconfirmed error) error {
	a.proof = a.recorded
	for try := 1; ctx.Err() == nil && !p.closing() && pause(bounded, try); try++ {
		err := p.attempt(ctx, bounded, a)
		switch kind := kindOf(err); {
		case err == nil && a.whole:
			return nil
		case err == nil: // a commit arrived late, after a run that was broken off had half set the results
			return unconfirmed
		case kind == ofStatement && a.ran:
			return err // of the work, which nobody has done
		case kind == unknown:
			a.proof = a.recorded
		case kind == dead:
			p.discard()
		}
	}
	return unconfirmed
}
