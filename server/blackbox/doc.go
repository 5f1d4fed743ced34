// Package blackbox owns the tests that run the real program and speak to it as its clients do: over HTTP and
// by the command line.
package blackbox
