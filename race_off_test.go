//go:build !race

package durward_test

const raceEnabled = false
