package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
	"github.com/durward-auth/durward/server/internal/audit"
	"github.com/durward-auth/durward/server/internal/keyring"
)

type keyCommands struct {
	List   keyList   `cmd:"" help:"List the signing keys."`
	Rotate keyRotate `cmd:"" help:"Make the next key active now; the active one verifies until its last token has expired."`
}

type keyList struct{}

// Run prints the signing keys, never their private parts.
func (*keyList) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		return printKeys(c, term, data.Keys.Records())
	})
}

type keyRotate struct {
	Algorithm string `help:"Algorithm of the new next key: ${enum}." default:"ES256" enum:"ES256,ES384,ES512,EdDSA,Ed25519,RS256,RS384,RS512,PS256,PS384,PS512,HS256,HS384,HS512"`
}

// Run rotates the signing keys once. A running server follows within a moment.
func (cmd *keyRotate) Run(ctx context.Context, c *commands, term terminal) error {
	config := dataConfig(c)
	config.Algorithm = durward.Algorithm(cmd.Algorithm)
	return withData(ctx, config, func(data *server.Data) error {
		young := tooYoung(data.Keys.Records())
		from := origin()
		err := data.Keys.Rotate(ctx, audit.Event{ActorName: account.Operator.Name, Origin: from})
		if errors.Is(err, keyring.ErrConflict) {
			return errors.New("the keys were rotated by another process at the same moment: look at durward key list")
		}
		if err != nil {
			return err
		}
		if young > 0 {
			fmt.Fprintf(term.err, "durward: note: the key that signs now was published less than %v ago: a verifier that cached the key set may refuse new tokens for up to %v, unless it fetches the set again for a key id that it does not know\n", server.KeySetMaxAge, young)
		}
		return printKeys(c, term, data.Keys.Records())
	})
}

// tooYoung returns for how long key sets without the next key may still be in caches.
func tooYoung(records []keyring.Record) time.Duration {
	for _, record := range records {
		if record.State == keyring.Next {
			return (server.KeySetMaxAge - time.Since(record.CreatedAt)).Round(time.Second)
		}
	}
	return 0
}

func printKeys(c *commands, term terminal, records []keyring.Record) error {
	if c.JSON {
		list := make([]any, len(records))
		for i, r := range records {
			list[i] = map[string]any{
				"kid": r.KeyID, "alg": r.Algorithm, "state": r.State, "created_at": instant(r.CreatedAt),
				"activated_at": instant(r.ActivatedAt), "retired_at": instant(r.RetiredAt), "expires_at": instant(r.ExpiresAt),
			}
		}
		return printJSON(term.out, map[string]any{"keys": list})
	}
	rows := make([][]string, len(records))
	for i, r := range records {
		rows[i] = []string{r.KeyID, r.Algorithm, string(r.State), moment(r.CreatedAt), moment(r.ActivatedAt), moment(r.ExpiresAt)}
	}
	return printTable(term.out, []string{"KID", "ALG", "STATE", "CREATED", "ACTIVE SINCE", "VERIFIES UNTIL"}, rows)
}
