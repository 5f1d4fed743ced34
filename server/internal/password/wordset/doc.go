// Package wordset owns a compact, read-only set of words that is embedded in a program.
package wordset
