// Package password owns what a good password is and how one is kept: the
// policy, the normal form, and a bounded pool that hashes with Argon2id and
// verifies the hashes of other programs.
package password
