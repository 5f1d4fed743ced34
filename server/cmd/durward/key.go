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
	Revoke keyRevoke `cmd:"" help:"Refuse every token of a key from now on."`
	Export keyExport `cmd:"" help:"Print a public key, or on demand a private one or the shared secret."`
	Rewrap keyRewrap `cmd:"" help:"Replace the master key."`
}

type keyList struct{}

// Run prints the signing keys, never their private parts.
func (*keyList) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		return printKeys(c, term, data.Keys.Records())
	})
}

type keyRotate struct {
	SigningAlgorithm string `aliases:"algorithm" help:"Algorithm of the new next key: ${enum}. By default that of the last server on this data." enum:",ES256,ES384,ES512,EdDSA,Ed25519,RS256,RS384,RS512,PS256,PS384,PS512,HS256,HS384,HS512" default:"" placeholder:"ALGORITHM"`
}

// Run rotates the signing keys once. A running server follows within a moment.
func (cmd *keyRotate) Run(ctx context.Context, c *commands, term terminal) error {
	config := dataConfig(c)
	config.Algorithm = durward.Algorithm(cmd.SigningAlgorithm)
	return withData(ctx, config, func(data *server.Data) error {
		unpublished := data.Keys.Unpublished()
		err := data.Keys.Rotate(ctx, operatorEvent())
		if errors.Is(err, keyring.ErrConflict) {
			return errors.New("the keys were changed by another process at the same moment: look at durward key list")
		}
		if err != nil {
			return err
		}
		noteUnpublished(term, unpublished)
		return printKeys(c, term, data.Keys.Records())
	})
}

// noteUnpublished tells what comes of a key that signs before every verifier can know it.
func noteUnpublished(term terminal, unpublished time.Duration) {
	if unpublished > 0 {
		fmt.Fprintf(term.err, "durward: note: the key that signs now was published a moment ago: a verifier that cached the key set before may refuse new tokens for up to %v, unless it fetches the set again for a key id that it does not know\n", whole(unpublished))
	}
}

// operatorEvent begins what the audit log says of a change of keys by a command.
func operatorEvent() audit.Event {
	return audit.Event{ActorName: account.Operator.Name, Origin: origin()}
}

// whole rounds up to seconds.
func whole(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

func printKeys(c *commands, term terminal, records []keyring.Record) error {
	headings := []string{"KID", "ALG", "STATE", "CREATED", "ACTIVE SINCE", "VERIFIES UNTIL"}
	return printList(c, term.out, "keys", records, keyJSON, headings, func(r keyring.Record) []string {
		return []string{r.KeyID, r.Algorithm, string(r.State), moment(r.CreatedAt), moment(r.ActivatedAt), moment(r.VerifiesUntil())}
	})
}

func keyJSON(r keyring.Record) map[string]any {
	return map[string]any{
		"kid": r.KeyID, "alg": r.Algorithm, "state": r.State, "created_at": instant(r.CreatedAt), "activated_at": instant(r.ActivatedAt),
		"retired_at": instant(r.RetiredAt), "revoked_at": instant(r.RevokedAt), "expires_at": instant(r.VerifiesUntil()),
	}
}
