// Package strictness holds the tests that durward is at least as strict as other implementations of JSON Web Tokens,
// and says where it is stricter: the table of docs/strictness.md.
package strictness
