package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/google/uuid"
)

type auditCommands struct {
	List auditList `cmd:"" help:"List audit events, the newest first."`
}

type auditList struct {
	Limit   int           `help:"How many events to show, at most 1000. By default ${default}." default:"50" placeholder:"N"`
	User    string        `help:"Show only events of or about this user." placeholder:"NAME"`
	Action  string        `help:"Show only this action, such as session.login." placeholder:"ACTION"`
	Outcome string        `help:"Show only this outcome: success or refused." enum:",success,refused" default:"" placeholder:"OUTCOME"`
	Since   time.Duration `help:"Show only events of this last stretch of time, such as 24h." placeholder:"DURATION"`
	Before  string        `help:"Show only events before the one with this id: the next page." placeholder:"ID"`
}

// Validate refuses what would select nothing, or everything, by mistake.
func (cmd *auditList) Validate() error {
	if cmd.Limit < 1 || cmd.Limit > 1000 {
		return fmt.Errorf("--limit must be 1 to 1000, not %d", cmd.Limit)
	}
	if cmd.Before != "" && uuid.Validate(cmd.Before) != nil {
		return fmt.Errorf("--before must be the id of an event, as --json shows it")
	}
	if cmd.Action != "" && !slices.Contains(audit.Actions(), audit.Action(cmd.Action)) {
		return fmt.Errorf("there is no action %q; there are: %v", cmd.Action, audit.Actions())
	}
	return nil
}

// Run prints audit events.
func (cmd *auditList) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		query := audit.Query{
			Action: audit.Action(cmd.Action), Outcome: audit.Outcome(cmd.Outcome), BeforeID: cmd.Before,
			Limit: cmd.Limit,
		}
		if cmd.User != "" {
			u, err := find(ctx, data, cmd.User)
			if err != nil {
				return err
			}
			query.UserID = u.ID
		}
		if cmd.Since > 0 {
			query.Since = time.Now().Add(-cmd.Since)
		}
		events, err := data.Store.Events(ctx, query)
		if err != nil {
			return err
		}
		return printEvents(c, term, events)
	})
}

func printEvents(c *commands, term terminal, events []audit.Event) error {
	headings := []string{"TIME", "ACTION", "OUTCOME", "REASON", "ACTOR", "SUBJECT", "TARGET", "ADDRESS", "COUNT", "REQUEST"}
	return printList(c, term.out, "events", events, eventJSON, headings, func(e audit.Event) []string {
		return []string{
			moment(e.Time), string(e.Action), string(e.Outcome), e.Reason, e.ActorName, e.SubjectName, e.Target, e.Address,
			strconv.Itoa(e.Count), e.RequestID,
		}
	})
}

func eventJSON(e audit.Event) map[string]any {
	return map[string]any{
		"id": e.ID, "time": instant(e.Time), "action": e.Action, "outcome": e.Outcome, "reason": e.Reason,
		"actor_id": e.ActorID, "actor_name": e.ActorName, "subject_id": e.SubjectID, "subject_name": e.SubjectName,
		"target": e.Target, "ip": e.Address, "user_agent": e.UserAgent, "request_id": e.RequestID, "count": e.Count,
	}
}
