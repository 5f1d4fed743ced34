package main

import (
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// otherVariables are read by something else than a flag of this program: the master keys, and the project's tests and tutorials.
var otherVariables = []string{"DURWARD_MASTER_KEY", "DURWARD_MASTER_KEY_FILE", "DURWARD_NEW_MASTER_KEY", "DURWARD_SECRET", "DURWARD_FULL", "DURWARD_FUZZ_TIME", "DURWARD_VULNDB"}

// warnOfMisspelt names the variables that look like settings and are none.
func warnOfMisspelt(log *slog.Logger, environment []string) {
	known := slices.Clone(otherVariables)
	parser, err := kong.New(reflect.New(reflect.TypeFor[commands]()).Interface(), kong.DefaultEnvars("DURWARD"))
	if err != nil {
		return // main has parsed the same already
	}
	_ = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			known = append(known, flag.Envs...)
		}
		return next(nil)
	})
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "DURWARD_") && !strings.HasPrefix(name, "DURWARD_TEST_") && !slices.Contains(known, name) {
			log.Warn("this variable is no setting, and is not used: is it misspelt?", "variable", name)
		}
	}
}
