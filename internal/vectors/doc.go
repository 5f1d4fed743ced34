// Package vectors finds the published test vectors that stand beside the repository.
package vectors
