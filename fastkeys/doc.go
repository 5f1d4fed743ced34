// Package fastkeys checks signatures of known keys faster than the standard library, with what can be computed once for
// each key.
//
//	fast, err := fastkeys.Speed(key)            // one key, now
//	keys, err := fastkeys.NewSource(remote, 4)  // keys of a remote issuer, as they come into use
//
// The results are durward's own types and go wherever others go. Nothing changes for a program that does not call
// one of the two.
//
// # What it gains and takes
//
// For RS256, RS384 and RS512 the Montgomery constants of the modulus are kept: about 0.66 times the standard library's time,
// up to 5 KiB a key. For ES256 a table of multiples of the public point: 0.46 times, 129 KiB. For
// EdDSA and Ed25519 likewise: 0.36 times, 215 KiB, and 640 KiB once for the base point. Making a table takes as long as
// three checks by the standard library for RSA and nine for the others, some 0.4 ms. Keys of other algorithms are left as they are.
//
// # What it answers for
//
// A signature is accepted exactly when the standard library accepts it; the tests compare the two, case by case. The
// arithmetic of the fields and curves is that of filippo.io/bigmod, nistec and edwards25519, which is the standard
// library's own, published; the code here chooses what to add up. Nobody else has reviewed it yet, which is why it is a
// module of its own. It is no part of a FIPS 140-3 module, and prepares nothing in that mode.
//
// The time that a check takes depends on the key, the signature and the message, all of which are public. The code is never
// given a private key or a secret, and must not be used for either.
package fastkeys
