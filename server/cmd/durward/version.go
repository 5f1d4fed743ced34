package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// release is set by the release build: -ldflags "-X main.release=1.2.3".
var release string

// version is the release, or what the build says of itself.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

type versionCommand struct{}

// Run prints the version, and for programs what it was built with.
func (versionCommand) Run(c *commands, term terminal) error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if c.JSON {
		return printJSON(term.out, map[string]string{"version": version(), "go": runtime.Version(), "platform": platform})
	}
	_, err := fmt.Fprintf(term.out, "durward %s (%s, %s)\n", version(), runtime.Version(), platform)
	return err
}
