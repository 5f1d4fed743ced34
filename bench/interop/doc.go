// Package interop holds the tests that durward and other implementations of JSON Web Tokens understand each other:
// what one signs and publishes, the other reads.
package interop
