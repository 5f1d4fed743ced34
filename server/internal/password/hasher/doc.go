// Package hasher hashes passwords in a process of its own, which gives way to the process that asks: a hash keeps a processor
// busy for tens of milliseconds, in which Go's scheduler would let nothing else run there.
package hasher
