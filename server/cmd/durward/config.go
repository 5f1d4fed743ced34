package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

type configCommand struct {
	serveFlags `embed:""`
}

// Help is shown by durward config --help.
func (configCommand) Help() string {
	return "Prints what durward serve would use with the same flags, environment and --config file, and where each value comes from. Exits with 1 when serve would refuse them. Secrets are never shown."
}

// Run prints every setting of serve.
func (cmd *configCommand) Run(parsed *kong.Context, c *commands, term terminal) error {
	var file map[string]any
	if c.Config != "" {
		var err error
		if file, err = readSettings(string(c.Config)); err != nil {
			return err
		}
	}
	typed := map[string]bool{}
	for _, element := range parsed.Path {
		if element.Flag != nil && !element.Resolved {
			typed[element.Flag.Name] = true
		}
	}
	var rows [][]string
	var list []map[string]any
	add := func(name, value, source string) {
		rows = append(rows, []string{name, value, source})
		list = append(list, map[string]any{"name": name, "value": value, "source": source})
	}
	for _, flag := range parsed.Flags() {
		switch flag.Name {
		case "help", "json", "config":
			continue
		}
		source := "default"
		switch {
		case typed[flag.Name]:
			source = "command line"
		case fromEnvironment(flag):
			source = "environment " + strings.Join(flag.Envs, ", ")
		case file[flag.Name] != nil:
			source = string(c.Config)
		}
		add(flag.Name, show(parsed.FlagValue(flag)), source)
	}
	switch file := os.Getenv("DURWARD_MASTER_KEY_FILE"); {
	case os.Getenv("DURWARD_MASTER_KEY") != "":
		add("(master key)", "[secret]", "environment DURWARD_MASTER_KEY")
	case file != "":
		add("(master key)", "[secret]", file+", named by environment DURWARD_MASTER_KEY_FILE")
	default:
		add("(master key)", "[secret]", "master.key in the data directory")
	}
	var err error
	if c.JSON {
		err = printJSON(term.out, map[string]any{"settings": list})
	} else {
		err = printTable(term.out, []string{"SETTING", "VALUE", "FROM"}, rows)
	}
	return errors.Join(err, cmd.check(c))
}

// show writes lists as the command line has them.
func show(value any) string {
	text := fmt.Sprint(value)
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		return strings.ReplaceAll(strings.Trim(text, "[]"), " ", ",")
	}
	return text
}
