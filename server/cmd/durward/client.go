package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
)

type clientCommands struct {
	Add    clientAdd    `cmd:"" help:"Add a program that signs in by itself, and print its secret once."`
	List   clientList   `cmd:"" help:"List the clients, never their secrets."`
	Secret clientSecret `cmd:"" help:"Replace a client's secret, print the new one once and revoke the tokens."`
	Revoke clientRevoke `cmd:"" help:"Refuse a client from now on and revoke its tokens. There is no way back."`
}

type clientAdd struct {
	Name  string   `arg:"" help:"Name of the client, for people."`
	Scope []string `help:"Scope of the client; repeat it for several." placeholder:"SCOPE"`
}

// Help is shown by durward client add --help.
func (clientAdd) Help() string {
	return "The id and the secret are for POST /token with grant_type=client_credentials. The secret is stored hashed: keep it now, it cannot be had again. " +
		"The scope introspect lets a client ask POST /introspect about tokens."
}

// Run adds a client.
func (cmd *clientAdd) Run(ctx context.Context, c *commands, term terminal) error {
	return withNewData(ctx, dataConfig(c), func(data *server.Data) error {
		added, secret, err := data.Accounts.CreateClient(ctx, cmd.Name, cmd.Scope, account.Operator, origin())
		if errors.Is(err, account.ErrClientNameTaken) {
			return fmt.Errorf("there is a client named %q: choose another name, or revoke that one", cmd.Name)
		}
		if err != nil {
			return err
		}
		return printSecret(c, term, added, secret)
	})
}

type clientList struct{}

// Run lists the clients.
func (*clientList) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		clients, err := data.Accounts.ListClients(ctx)
		if err != nil {
			return err
		}
		return printClients(c, term, clients...)
	})
}

// namedClient is the argument of the commands about one client.
type namedClient struct {
	Client string `arg:"" name:"name|id" help:"Name or id of the client."`
}

// find returns the client, or a sentence that says what to do.
func (n namedClient) find(ctx context.Context, data *server.Data) (account.Client, error) {
	found, err := data.Accounts.FindClient(ctx, n.Client)
	if errors.Is(err, account.ErrClientNotFound) {
		return account.Client{}, fmt.Errorf("there is no client %q (see durward client list)", n.Client)
	}
	return found, err
}

type clientSecret struct {
	namedClient `embed:""`
}

// Run replaces the secret of a client.
func (cmd *clientSecret) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		found, err := cmd.find(ctx, data)
		if err != nil {
			return err
		}
		changed, secret, err := data.Accounts.RenewClientSecret(ctx, found.ID, account.Operator, origin())
		if errors.Is(err, account.ErrClientNotFound) {
			return fmt.Errorf("the client %q is revoked: add a new one", found.Name)
		}
		if err != nil {
			return err
		}
		return printSecret(c, term, changed, secret)
	})
}

type clientRevoke struct {
	namedClient `embed:""`
}

// Run revokes a client.
func (cmd *clientRevoke) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		found, err := cmd.find(ctx, data)
		if err != nil {
			return err
		}
		revoked, err := data.Accounts.RevokeClient(ctx, found.ID, account.Operator, origin())
		if err != nil {
			return err
		}
		return printClients(c, term, revoked)
	})
}

// printSecret shows a client with its secret, the one time that it can be shown.
func printSecret(c *commands, term terminal, client account.Client, secret account.ClientSecret) error {
	if c.JSON {
		shown := clientJSON(client)
		shown["secret"] = secret.Reveal()
		return printJSON(term.out, map[string]any{"client": shown})
	}
	rows := [][]string{{client.Name, client.ID, secret.Reveal(), strings.Join(client.Scopes, " ")}}
	if err := printTable(term.out, []string{"NAME", "ID", "SECRET", "SCOPES"}, rows); err != nil {
		return err
	}
	_, err := fmt.Fprintln(term.err, "durward: note: the secret is shown this once and stored hashed")
	return err
}

func printClients(c *commands, term terminal, clients ...account.Client) error {
	return printList(c, term.out, "clients", clients, clientJSON, []string{"NAME", "ID", "STATE", "SCOPES", "CREATED"}, func(client account.Client) []string {
		state := "enabled"
		if client.Revoked() {
			state = "revoked"
		}
		return []string{client.Name, client.ID, state, strings.Join(client.Scopes, " "), moment(client.CreatedAt)}
	})
}

func clientJSON(client account.Client) map[string]any {
	return map[string]any{
		"id": client.ID, "name": client.Name, "scopes": append([]string{}, client.Scopes...),
		"created_at": instant(client.CreatedAt), "revoked_at": instant(client.RevokedAt),
	}
}
