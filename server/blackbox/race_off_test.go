//go:build !race

package blackbox_test

// buildFlags build the program as the tests themselves are built.
var buildFlags []string

const raceDetector = false
