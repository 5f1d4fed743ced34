// Package mldsa brings the post-quantum signatures ML-DSA-44, ML-DSA-65 and ML-DSA-87 (FIPS 204) to durward, as
// RFC 9964 writes them for JOSE.
//
//	key, err := mldsa.GenerateKey(mldsa.MLDSA44)
//	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: key})
//
// The keys are durward's own types, so they go wherever others go: into a Signer, a Guard, a KeySet beside keys of other
// algorithms. A set that holds such keys is read with durward.ParseKeySet(data, mldsa.KeyType()).
//
// Tokens grow by the signature, which is 3,227, 4,412 or 6,170 characters long. With the usual claims all three stay
// below the 8 KiB that a verifier accepts by default, and below what HTTP servers accept as a header.
package mldsa
