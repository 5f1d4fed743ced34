package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/keyring"
	"golang.org/x/term"
)

type keyRevoke struct {
	KID string `arg:"" name:"kid" help:"The key id, as durward key list shows it."`
	Yes bool   `env:"-" help:"Do not ask on a terminal."`
}

// Help is shown by durward key revoke --help.
func (keyRevoke) Help() string {
	return "For a key that may be in wrong hands. Every token of it is refused at once: by running servers, and by verifiers that follow the revocations; others refuse them when they next fetch the key set. " +
		"Programs refresh their tokens as usual, and nobody has to log in again. A revoked active key is replaced by the next one. There is no way back."
}

// Run says what will happen, asks on a terminal, and revokes.
func (cmd *keyRevoke) Run(ctx context.Context, c *commands, t terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		key, err := data.Keys.Record(cmd.KID)
		if err == nil && key.State != keyring.Revoked {
			fmt.Fprintln(t.err, "durward: "+consequence(key, time.Now()))
			if err := cmd.confirm(t); err != nil {
				return err
			}
		}
		unpublished := data.Keys.Unpublished()
		err = data.Keys.Revoke(ctx, cmd.KID, operatorEvent())
		switch {
		case errors.Is(err, keyring.ErrKeyUnknown):
			return fmt.Errorf("there is no signing key %q (see durward key list)", cmd.KID)
		case errors.Is(err, keyring.ErrKeyExpired):
			return fmt.Errorf("the key %s retired so long ago that it verifies nothing any more: there is nothing to revoke", cmd.KID)
		case err != nil:
			return err
		}
		if key.State == keyring.Active {
			noteUnpublished(t, unpublished)
		}
		return printKeys(c, t, data.Keys.Records())
	})
}

// consequence tells what a revocation will do.
func consequence(key keyring.Record, now time.Time) string {
	var from time.Time
	switch key.State {
	case keyring.Next:
		return fmt.Sprintf("the key %s has signed nothing yet: no token is refused, and another next key takes its place", key.KeyID)
	case keyring.Active:
		from = now
	default:
		from = key.RetiredAt
	}
	live := max(0, key.TokenLife-now.Sub(from))
	if since := now.Sub(key.ActivatedAt); since > 0 {
		live = min(live, since)
	}
	text := fmt.Sprintf("every access token that the key %s has signed is refused at once: those of up to %v; programs get new ones by a refresh, and nobody has to log in again", key.KeyID, whole(live))
	if key.State == keyring.Active {
		text += "; the next key signs from now on"
	}
	return text
}

// confirm asks when there is a person to answer.
func (cmd *keyRevoke) confirm(t terminal) error {
	if cmd.Yes || !term.IsTerminal(int(t.in.Fd())) {
		return nil
	}
	fmt.Fprint(t.err, "Revoke it? There is no way back. [y/N] ")
	line, err := bufio.NewReader(io.LimitReader(t.in, 64)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return errors.New("nothing was revoked")
	}
	return nil
}
