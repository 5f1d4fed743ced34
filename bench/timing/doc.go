// Package timing owns the question whether the time of a refusal tells where a signature is wrong.
package timing
