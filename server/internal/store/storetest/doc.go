// Package storetest owns the conformance suite that every database of the server passes.
package storetest
