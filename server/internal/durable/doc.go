// Package durable owns how files come to be on the disk: whole, or not at all.
package durable
