package durward

// Algorithm names a signature algorithm as the "alg" header does (RFC 7518 §3.1,
// RFC 8037 §3.1, RFC 9864). A key is bound to exactly one; a token's header never
// chooses.
type Algorithm string

// The algorithms. There is no "none".
const (
	HS256 Algorithm = "HS256" // HMAC with SHA-256; a secret of at least 32 bytes
	HS384 Algorithm = "HS384"
	HS512 Algorithm = "HS512"
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5; at least 2048 bits
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256" // RSASSA-PSS, salt as long as the hash
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256" // ECDSA with P-256
	ES384 Algorithm = "ES384" // ECDSA with P-384
	ES512 Algorithm = "ES512" // ECDSA with P-521
	EdDSA Algorithm = "EdDSA" // Ed25519, by the name of RFC 8037
	// Ed25519 is the same signature under the name of RFC 9864. A key is bound to one of
	// the two names.
	Ed25519 Algorithm = "Ed25519"
)
