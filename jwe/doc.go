// Package jwe encrypts tokens that durward has signed, and takes them out of their encryption again (RFC 7516, nested as
// RFC 7519 §5.2 says).
//
// A token is signed first and encrypted then, so that its claims are for the audience's eyes alone:
//
//	token, _, err := signer.Sign(ctx, claims)
//	encrypted, err := encrypter.Encrypt(token)
//
// A guard, or a verifier, that expects such tokens has the decrypter in its configuration, and everything else as ever:
//
//	guard, err := durward.New(durward.Config{Issuer: issuer, Audience: audience, Keys: keys, Unwrap: decrypter.Unwrap})
//
// # What is accepted
//
// A key is bound to one pair of algorithms; a token's header only ever selects among keys. The pairs are made of dir,
// ECDH-ES, ECDH-ES+A256KW or RSA-OAEP-256 with A256GCM or A128CBC-HS256. There is no RSA1_5, no
// password (PBES2), no compression and no JSON serialization.
//
// What comes out of the encryption is a signed token, or it is refused: whoever has the public key can encrypt, so that
// decryption proves nothing about the sender.
//
// Because anybody can encrypt, anybody can also make a decrypter work: about a signature check for ECDH-ES, and ten times
// that for RSA. Prefer ECDH-ES where the senders' software allows it.
package jwe
