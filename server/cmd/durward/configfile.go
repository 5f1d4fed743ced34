package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// configFile is a flag that names a TOML file with settings.
type configFile string

// BeforeResolve reads the file and lets its values stand in for flags that are set neither on the command line nor in the
// environment.
func (f configFile) BeforeResolve(k *kong.Kong, ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	if path == "" {
		return nil
	}
	settings, err := readSettings(path)
	if err != nil {
		return err
	}
	resolver := fileSettings{path, settings}
	if err := resolver.Validate(k.Model); err != nil {
		return err
	}
	ctx.AddResolver(resolver)
	return nil
}

func readSettings(path string) (map[string]any, error) {
	var settings map[string]any
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if _, err := toml.Decode(string(text), &settings); err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	return settings, nil
}

// fileSettings resolves flags from a file.
type fileSettings struct {
	path     string
	settings map[string]any
}

// Validate refuses a setting that no flag has: a misspelled one must not be ignored.
func (f fileSettings) Validate(app *kong.Application) error {
	known := map[string]bool{}
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			for _, name := range namesOf(flag) {
				known[name] = true
			}
		}
		return next(nil)
	})
	var unknown []string
	for name := range f.settings {
		if !known[name] || name == "help" || name == "config" {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("the configuration %s has settings that do not exist: %s", f.path, strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve implements kong.Resolver.
func (f fileSettings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if fromEnvironment(flag) {
		return nil, nil
	}
	var set any
	for _, name := range namesOf(flag) {
		if set == nil {
			set = f.settings[name]
		}
	}
	switch value := set.(type) {
	case nil:
		return nil, nil
	case []any:
		texts := make([]string, len(value))
		for i, element := range value {
			texts[i] = fmt.Sprint(element)
		}
		return strings.Join(texts, ","), nil
	default:
		return fmt.Sprint(value), nil
	}
}

// namesOf returns the name of a flag and its other names.
func namesOf(flag *kong.Flag) []string { return append([]string{flag.Name}, flag.Aliases...) }

func fromEnvironment(flag *kong.Flag) bool {
	return slices.ContainsFunc(flag.Envs, func(name string) bool {
		_, set := os.LookupEnv(name)
		return set
	})
}
