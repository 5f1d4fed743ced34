package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/keyring"
	"golang.org/x/term"
)

type keyExport struct {
	KID     string `arg:"" optional:"" name:"kid" help:"The key id, as durward key list shows it; by default the active key."`
	Format  string `help:"pem or jwk (RFC 7517)." enum:"pem,jwk,auto" default:"auto" placeholder:"FORMAT"`
	Private bool   `env:"-" help:"Export the private key, or the shared secret of HS256, HS384 and HS512. The audit log says so."`
	Out     string `help:"Write to a new file that only its owner may read." placeholder:"FILE"`
}

// Help is shown by durward key export --help.
func (keyExport) Help() string {
	return "Prints the public key, in PEM unless --format says jwk. A shared secret has no public half: resource servers that verify HS256 need the secret itself, which --private exports as a JWK. " +
		"Whoever has it can make tokens. It is never printed on a terminal: name a file with --out, or redirect standard output."
}

// Run exports one key.
func (cmd *keyExport) Run(ctx context.Context, c *commands, t terminal) error {
	if out, ok := t.out.(*os.File); ok && cmd.Private && cmd.Out == "" && term.IsTerminal(int(out.Fd())) {
		return errors.New("a private key is not printed on a terminal: name a new file with --out, or redirect standard output")
	}
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		text, err := cmd.export(ctx, data)
		if errors.Is(err, keyring.ErrKeyUnknown) {
			return fmt.Errorf("there is no signing key %q (see durward key list)", cmd.KID)
		}
		if err != nil {
			return err
		}
		if text[len(text)-1] != '\n' {
			text = append(text, '\n')
		}
		if cmd.Out != "" {
			return writeSecret(cmd.Out, text)
		}
		_, err = t.out.Write(text)
		return err
	})
}

func (cmd *keyExport) export(ctx context.Context, data *server.Data) ([]byte, error) {
	record, err := data.Keys.Record(cmd.KID)
	if err != nil {
		return nil, err
	}
	secret := strings.HasPrefix(record.Algorithm, "HS")
	if secret && cmd.Format == "pem" {
		return nil, errors.New("a shared secret has no PEM form: use --format jwk")
	}
	if secret && !cmd.Private {
		return nil, fmt.Errorf("the key %s is a shared secret without a public half: --private exports it, and whoever has it can make tokens", record.KeyID)
	}
	jwk := secret || cmd.Format == "jwk"
	if !cmd.Private {
		key, err := data.Keys.Public(cmd.KID)
		if err != nil {
			return nil, err
		}
		return marshal(jwk, key.MarshalJWK, key.MarshalPEM)
	}
	if cmd.Out != "" { // before the audit log says that the key was handed out
		if _, err := os.Lstat(cmd.Out); err == nil {
			return nil, fmt.Errorf("%s exists: name a new file", cmd.Out)
		}
	}
	key, err := data.Keys.Private(ctx, cmd.KID, operatorEvent())
	if err != nil {
		return nil, err
	}
	return marshal(jwk, key.MarshalPrivateJWK, key.MarshalPrivatePEM)
}

func marshal(asJWK bool, jwk, pem func() ([]byte, error)) ([]byte, error) {
	if asJWK {
		return jwk()
	}
	return pem()
}

// writeSecret makes a file that only its owner may read, and overwrites none.
func writeSecret(path string, text []byte) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s exists: name a new file", path)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(text); err != nil {
		return err
	}
	return file.Sync()
}
