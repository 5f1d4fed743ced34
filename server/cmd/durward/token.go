package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
)

type tokenCommands struct {
	Issue   tokenIssue   `cmd:"" help:"Open a session for a user and print its access token."`
	Inspect tokenInspect `cmd:"" help:"Show what a token says, and why it would be refused."`
	Verify  tokenVerify  `cmd:"" help:"Exit 0 for a valid token, and 1 with the reason for any other."`
}

type tokenIssue struct {
	named           `embed:""`
	Scope           string `help:"Scopes to ask for, separated by spaces; by default all that the user has." placeholder:"SCOPES"`
	inheritedTokens `embed:""`
}

// Help is shown by durward token issue --help.
func (tokenIssue) Help() string {
	return "Prints the access token alone, or with --json the whole answer of a login."
}

// Run opens a session without a password; the audit log says so.
func (cmd *tokenIssue) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, cmd.inheritedTokens.config(c), func(data *server.Data) error {
		u, err := find(ctx, data, cmd.Name)
		if err != nil {
			return err
		}
		grant, err := data.Accounts.IssueToken(ctx, u, cmd.Scope, account.Operator, origin())
		if err != nil {
			return err
		}
		if !c.JSON {
			_, err = fmt.Fprintln(term.out, grant.AccessToken)
			return err
		}
		return printJSON(term.out, map[string]any{
			"access_token": grant.AccessToken, "token_type": "Bearer", "expires_in": int64(grant.ExpiresIn.Seconds()),
			"refresh_token": grant.RefreshToken, "refresh_expires_in": int64(grant.RefreshExpiresIn.Seconds()),
			"scope": strings.Join(grant.Scopes, " "), "session_id": grant.SessionID,
		})
	})
}

type tokenVerify struct {
	JWKS            string   `name:"jwks" help:"The issuer's key set; by default the keys of the data directory, with its revocations." placeholder:"FILE|URL"`
	Type            []string `help:"Accepted token type; by default at+jwt." placeholder:"TYPE"`
	Token           string   `arg:"" optional:"" default:"-" help:"The token, or - to read it from standard input."`
	inheritedTokens `embed:""`
}

// Run verifies one token.
func (cmd *tokenVerify) Run(ctx context.Context, c *commands, term terminal) error {
	token, err := readToken(term, cmd.Token)
	if err != nil {
		return err
	}
	claims, err := cmd.verify(ctx, c, token)
	reason := durward.Reason(err)
	if err != nil && reason == "" {
		return err
	}
	if c.JSON {
		answer := map[string]any{"valid": err == nil}
		if err != nil {
			answer["reason"], answer["detail"] = reason, err.Error()
		} else {
			answer["subject"], answer["expires_at"] = claims.Subject, instant(claims.ExpiresAt)
		}
		if err := printJSON(term.out, answer); err != nil {
			return err
		}
		if reason != "" {
			return errSilent
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("the token is refused (%s): %w", reason, err)
	}
	_, err = fmt.Fprintf(term.out, "The token is valid: subject %s, expires %s.\n", printable(claims.Subject), moment(claims.ExpiresAt))
	return err
}

func (cmd *tokenVerify) verify(ctx context.Context, c *commands, token string) (claims durward.Claims, err error) {
	if cmd.JWKS == "" {
		err = withData(ctx, cmd.inheritedTokens.config(c), func(data *server.Data) error {
			verifier, err := data.Verifier()
			if err != nil {
				return err
			}
			claims, err = verifier.Verify(ctx, token)
			return err
		})
		if errors.Is(err, errNoData) {
			err = fmt.Errorf("%w, and --jwks with --issuer and --audience needs none", err)
		}
		return claims, err
	}
	if cmd.Issuer == "" || len(cmd.Audience) != 1 {
		return durward.Claims{}, errors.New("with --jwks, give --issuer and one --audience: a token is only valid for somebody")
	}
	keys, err := readKeySet(ctx, cmd.JWKS)
	if err != nil {
		return durward.Claims{}, err
	}
	verifier, err := durward.NewVerifier(durward.Config{Issuer: cmd.Issuer, Audience: cmd.Audience[0], Keys: keys, Types: cmd.Type})
	if err != nil {
		return durward.Claims{}, err
	}
	return verifier.Verify(ctx, token)
}

// readToken takes the argument, or reads standard input for "-".
func readToken(term terminal, argument string) (string, error) {
	if argument != "-" {
		return argument, nil
	}
	text, err := io.ReadAll(io.LimitReader(term.in, 64<<10))
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", errors.New("standard input holds no token")
	}
	return token, nil
}
