// Package session owns login sessions and their refresh tokens: rotation, detection of reuse, grace, idle and absolute limits.
//
// A login opens a session at generation 0. A refresh takes it from generation
// g to g+1 and issues the refresh token of g+1. The token is a deterministic
// function of (session, generation) under a key that is not in the store, so
// a stolen store holds nothing to present, and a repeated request within the
// grace is answered with the very same successor: one session never has two
// live lines of tokens (RFC 9700 section 4.14.2).
//
// The rules are pure functions, [Policy.Decide] and [Policy.Apply], so that a
// [Store] can apply them in its own transaction. [Manager] joins a [Codec], a
// [Policy] and a Store; [Memory] is a Store for one process.
package session
