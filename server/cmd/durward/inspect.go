package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/internal/strictjson"
	"github.com/durward-auth/durward/server"
)

type tokenInspect struct {
	Token           string `arg:"" optional:"" default:"-" help:"The token, or - to read it from standard input."`
	inheritedTokens `embed:""`
}

// Help is shown by durward token inspect --help.
func (tokenInspect) Help() string {
	return "Decodes the token without trusting it, and then says what the server of this data directory thinks of it, with the exact reason that clients never learn."
}

// Run shows a token's parts and the verdict.
func (cmd *tokenInspect) Run(ctx context.Context, c *commands, term terminal) error {
	token, err := readToken(term, cmd.Token)
	if err != nil {
		return err
	}
	header, payload, err := decodeUntrusted(token)
	if err != nil {
		return err
	}
	verdict := cmd.verdict(ctx, cmd.inheritedTokens.config(c), token)
	if c.JSON {
		return printJSON(term.out, map[string]any{"header": json.RawMessage(header), "payload": json.RawMessage(payload), "verdict": verdict})
	}
	fmt.Fprintf(term.out, "Header:\n%s\nPayload:\n%s\nVerdict: %s\n", indented(header), indented(payload), verdict)
	return nil
}

// verdict is what the server of this data would say, if there is data.
func (cmd *tokenInspect) verdict(ctx context.Context, config server.Config, token string) string {
	err := withData(ctx, config, func(data *server.Data) error {
		verifier, err := data.Verifier()
		if err != nil {
			return err
		}
		_, err = verifier.Verify(ctx, token)
		return err
	})
	switch {
	case err == nil:
		return "valid here"
	case durward.Reason(err) != "":
		return fmt.Sprintf("refused here (%s): %v", durward.Reason(err), err)
	default:
		return "not checked, only decoded: " + err.Error()
	}
}

// decodeUntrusted returns the header and the payload of a compact token without any check of its signature.
func decodeUntrusted(token string) (header, payload []byte, err error) {
	_, encodedHeader, encodedPayload, _, err := jws.Split(token, 64<<10)
	if err != nil {
		return nil, nil, fmt.Errorf("this is not a signed token in compact form: %w", err)
	}
	for _, part := range []struct {
		name string
		text string
		into *[]byte
	}{{"header", encodedHeader, &header}, {"payload", encodedPayload, &payload}} {
		if *part.into, err = jws.AppendDecoded(nil, part.text); err != nil {
			return nil, nil, fmt.Errorf("the %s: %w", part.name, err)
		}
		if err := strictjson.Check(string(*part.into), strictjson.Limits{}); err != nil {
			return nil, nil, fmt.Errorf("the %s is not strict JSON: %w", part.name, err)
		}
	}
	return header, payload, nil
}

// indented shows JSON to people, with dates beside the numbers.
func indented(text []byte) string {
	members, err := strictjson.AppendObject(nil, string(text), strictjson.Limits{})
	if err != nil {
		return "  " + printable(string(text))
	}
	var lines strings.Builder
	for _, m := range members {
		fmt.Fprintf(&lines, "  %-10s %s", printable(m.Name), printable(m.Value.Raw()))
		switch m.Name {
		case "exp", "nbf", "iat", "auth_time":
			if seconds, ok := m.Value.Int64(); ok {
				fmt.Fprintf(&lines, "  (%s)", moment(time.Unix(seconds, 0)))
			}
		}
		lines.WriteByte('\n')
	}
	return lines.String()
}
