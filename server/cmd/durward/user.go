package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/durward-auth/durward/server"
	"github.com/durward-auth/durward/server/internal/account"
)

type userCommands struct {
	Add      userAdd      `cmd:"" help:"Add a user."`
	List     userList     `cmd:"" help:"List users."`
	Show     userShow     `cmd:"" help:"Show a user and the sessions."`
	Disable  userDisable  `cmd:"" help:"Refuse the user's logins, end the sessions and revoke the tokens."`
	Enable   userEnable   `cmd:"" help:"Let a disabled user log in again."`
	Roles    userRoles    `cmd:"" help:"Replace the user's roles."`
	Scopes   userScopes   `cmd:"" help:"Replace the user's scopes."`
	Password userPassword `cmd:"" help:"Set a new password and end the sessions."`
	Revoke   userRevoke   `cmd:"" help:"End the user's sessions and revoke the tokens; the user may log in again."`
	Delete   userDelete   `cmd:"" help:"Remove the user. There is no way back."`
}

// named is the argument of the commands about one user.
type named struct {
	Name string `arg:"" help:"User name."`
}

var errLastAdmin = errors.New("this is the last enabled administrator: make another one first")

// change finds the user and prints what a change made of it.
func (n named) change(ctx context.Context, c *commands, term terminal, change func(*server.Data, account.User) (account.User, error)) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		u, err := find(ctx, data, n.Name)
		if err != nil {
			return err
		}
		u, err = change(data, u)
		if errors.Is(err, account.ErrLastAdmin) {
			return errLastAdmin
		}
		if err != nil {
			return err
		}
		return printUsers(c, term, u)
	})
}

type userAdd struct {
	named              `embed:""`
	Role               []string `help:"Role of the user; repeat it for several." placeholder:"ROLE"`
	Scope              []string `help:"Scope that the user may ask for; repeat it for several." placeholder:"SCOPE"`
	Email              string   `help:"E-mail address." placeholder:"ADDRESS"`
	PasswordStdin      bool     `help:"Read the password from the first line of standard input instead of asking for it." xor:"password"`
	HashStdin          bool     `help:"Read the hash of the password, as another program stored it, from the first line of standard input: Argon2id, bcrypt, scrypt, or PBKDF2 as Werkzeug, Django and Passlib write them." xor:"password"`
	inheritedPasswords `embed:""`
}

// Run adds a user with a password that was typed twice or read from standard input.
func (cmd *userAdd) Run(ctx context.Context, c *commands, term terminal) error {
	secret, err := readPassword(term, cmd.PasswordStdin || cmd.HashStdin)
	if err != nil {
		return err
	}
	n := account.NewUser{Username: cmd.Name, Email: cmd.Email, Roles: cmd.Role, Scopes: cmd.Scope}
	if cmd.HashStdin {
		n.PasswordHash = secret
	} else {
		n.Password = secret
	}
	config := dataConfig(c)
	config.PasswordMinLength = cmd.PasswordMinLength
	return withNewData(ctx, config, func(data *server.Data) error {
		u, err := data.Accounts.CreateUser(ctx, n, account.Operator, origin())
		if errors.Is(err, account.ErrUsernameTaken) {
			return fmt.Errorf("the user name %q is taken", cmd.Name)
		}
		if err != nil {
			return err
		}
		return printUsers(c, term, u)
	})
}

type userList struct {
	Search string `help:"Show only users whose name or e-mail address contains this." placeholder:"TEXT"`
}

// Run lists all users, page by page.
func (cmd *userList) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		var all []account.User
		page := account.Page{Search: cmd.Search, Limit: 500}
		for {
			users, err := data.Accounts.ListUsers(ctx, page)
			if err != nil {
				return err
			}
			all = append(all, users...)
			if len(users) < page.Limit {
				return printUsers(c, term, all...)
			}
			page.After = users[len(users)-1].Canonical
		}
	})
}

type userShow struct {
	named `embed:""`
}

// Run prints a user and the live sessions.
func (cmd *userShow) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		u, err := find(ctx, data, cmd.Name)
		if err != nil {
			return err
		}
		sessions, err := data.Accounts.ListSessions(ctx, u.ID)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(term.out, map[string]any{"user": userJSON(u), "sessions": sessionsJSON(sessions)})
		}
		if err := printUsers(c, term, u); err != nil {
			return err
		}
		rows := make([][]string, len(sessions))
		for i, s := range sessions {
			rows[i] = []string{s.ID, moment(s.CreatedAt), moment(s.LastUsedAt), moment(s.ExpiresAt), s.Address, s.UserAgent}
		}
		fmt.Fprintln(term.out)
		return printTable(term.out, []string{"SESSION", "CREATED", "LAST USED", "EXPIRES", "ADDRESS", "USER AGENT"}, rows)
	})
}

type userDisable struct {
	named `embed:""`
}

// Run disables a user.
func (cmd *userDisable) Run(ctx context.Context, c *commands, term terminal) error {
	return cmd.change(ctx, c, term, func(data *server.Data, u account.User) (account.User, error) {
		return data.Accounts.Disable(ctx, u.ID, account.Operator, origin())
	})
}

type userEnable struct {
	named `embed:""`
}

// Run enables a user.
func (cmd *userEnable) Run(ctx context.Context, c *commands, term terminal) error {
	return cmd.change(ctx, c, term, func(data *server.Data, u account.User) (account.User, error) {
		return data.Accounts.Enable(ctx, u.ID, account.Operator, origin())
	})
}

type userRoles struct {
	named `embed:""`
	Roles []string `arg:"" optional:"" help:"The roles, separated by spaces; none takes all away."`
}

// Run replaces the roles of a user.
func (cmd *userRoles) Run(ctx context.Context, c *commands, term terminal) error {
	return cmd.change(ctx, c, term, func(data *server.Data, u account.User) (account.User, error) {
		return data.Accounts.SetRoles(ctx, u.ID, cmd.Roles, account.Operator, origin())
	})
}

type userScopes struct {
	named  `embed:""`
	Scopes []string `arg:"" optional:"" help:"The scopes, separated by spaces; none takes all away."`
}

// Run replaces the scopes of a user.
func (cmd *userScopes) Run(ctx context.Context, c *commands, term terminal) error {
	return cmd.change(ctx, c, term, func(data *server.Data, u account.User) (account.User, error) {
		return data.Accounts.SetScopes(ctx, u.ID, cmd.Scopes, account.Operator, origin())
	})
}

type userPassword struct {
	named              `embed:""`
	PasswordStdin      bool `help:"Read the password from the first line of standard input instead of asking for it."`
	inheritedPasswords `embed:""`
}

// Run sets a user's password.
func (cmd *userPassword) Run(ctx context.Context, c *commands, term terminal) error {
	password, err := readPassword(term, cmd.PasswordStdin)
	if err != nil {
		return err
	}
	return cmd.change(ctx, c, term, func(data *server.Data, u account.User) (account.User, error) {
		if err := data.Accounts.ResetPassword(ctx, u.ID, password, account.Operator, origin()); err != nil {
			return account.User{}, err
		}
		return data.Accounts.GetUser(ctx, u.ID)
	})
}

type userRevoke struct {
	named `embed:""`
}

// Run revokes what a user holds.
func (cmd *userRevoke) Run(ctx context.Context, c *commands, term terminal) error {
	return cmd.change(ctx, c, term, func(data *server.Data, u account.User) (account.User, error) {
		if err := data.Accounts.RevokeUser(ctx, u.ID, account.Operator, origin()); err != nil {
			return account.User{}, err
		}
		return data.Accounts.GetUser(ctx, u.ID)
	})
}

type userDelete struct {
	named `embed:""`
}

// Run removes a user.
func (cmd *userDelete) Run(ctx context.Context, c *commands, term terminal) error {
	return withData(ctx, dataConfig(c), func(data *server.Data) error {
		u, err := find(ctx, data, cmd.Name)
		if err != nil {
			return err
		}
		err = data.Accounts.DeleteUser(ctx, u.ID, account.Operator, origin())
		if errors.Is(err, account.ErrLastAdmin) {
			return errLastAdmin
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(term.out, map[string]string{"deleted": u.ID})
		}
		_, err = fmt.Fprintf(term.out, "Deleted the user %s.\n", printable(u.Name))
		return err
	})
}

func printUsers(c *commands, term terminal, users ...account.User) error {
	headings := []string{"NAME", "ID", "STATE", "ROLES", "SCOPES", "EMAIL", "CREATED"}
	return printList(c, term.out, "users", users, userJSON, headings, func(u account.User) []string {
		state := "enabled"
		if u.Disabled() {
			state = "disabled"
		}
		return []string{u.Name, u.ID, state, strings.Join(u.Roles, " "), strings.Join(u.Scopes, " "), u.Email, moment(u.CreatedAt)}
	})
}

func userJSON(u account.User) map[string]any {
	return map[string]any{
		"id": u.ID, "username": u.Name, "email": orNull(u.Email), "roles": append([]string{}, u.Roles...), "scopes": append([]string{}, u.Scopes...),
		"disabled": u.Disabled(), "created_at": instant(u.CreatedAt), "updated_at": instant(u.UpdatedAt),
	}
}

// orNull shows an empty text as null, as the HTTP answers do.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func sessionsJSON(sessions []account.Session) []any {
	list := make([]any, len(sessions))
	for i, s := range sessions {
		list[i] = map[string]any{
			"id": s.ID, "created_at": instant(s.CreatedAt), "last_used_at": instant(s.LastUsedAt), "expires_at": instant(s.ExpiresAt),
			"ip": s.Address, "user_agent": s.UserAgent,
		}
	}
	return list
}
