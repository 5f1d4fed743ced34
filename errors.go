package durward

import "errors"

// ErrToken is the root of every reason for which a token is refused:
// errors.Is(err, ErrToken) holds for all of them. A refused token is answered with 401.
var ErrToken = errors.New("the token is refused")

// The reasons. They are for logs and metrics; a client learns only whether its token
// was missing, expired, revoked or invalid.
var (
	ErrTokenMissing     error = &tokenError{"missing", "there is no token"}
	ErrTokenMalformed   error = &tokenError{"malformed", "the token is not a compact JWS of canonical base64url and strict JSON"}
	ErrTokenEncryption  error = &tokenError{"encryption", "the token is not encrypted, or not in the agreed way to a known key"}
	ErrTokenHeader      error = &tokenError{"header", "the token's header is not acceptable"}
	ErrTokenType        error = &tokenError{"type", "the token is of another type"}
	ErrTokenKey         error = &tokenError{"unknown_key", "no key has the token's algorithm and key id"}
	ErrTokenSignature   error = &tokenError{"signature", "the token's signature is wrong"}
	ErrTokenClaims      error = &tokenError{"claims", "a claim is missing or of the wrong type"}
	ErrTokenIssuer      error = &tokenError{"issuer", "the token is from another issuer"}
	ErrTokenAudience    error = &tokenError{"audience", "the token is for another audience"}
	ErrTokenExpired     error = &tokenError{"expired", "the token has expired"}
	ErrTokenNotYetValid error = &tokenError{"not_yet_valid", "the token is not valid yet"}
	ErrTokenLifetime    error = &tokenError{"lifetime", "the token lives longer than allowed"}
	ErrTokenBound       error = &tokenError{"bound", "the token is bound to a key (cnf) and cannot be a bearer token"}
	ErrTokenRevoked     error = &tokenError{"revoked", "the token has been revoked"}
	ErrTokenUser        error = &tokenError{"unknown_user", "the token's user is unknown"}
)

// ErrUnavailable is the root of what makes it impossible to judge a token: keys or
// revocations that cannot be had. It is answered with 503, never with 401.
var ErrUnavailable = errors.New("tokens cannot be checked now")

// ErrInvalidCredentials is what an Authenticate callback returns for an unknown user,
// a wrong password and a disabled account alike.
var ErrInvalidCredentials = errors.New("the user name or the password is wrong")

// ErrReservedClaim is returned by Signer.Sign when private claims carry the name of a
// claim that this package sets itself.
var ErrReservedClaim = errors.New("the claim name is reserved")

type tokenError struct{ reason, text string }

func (e *tokenError) Error() string        { return e.text }
func (e *tokenError) Is(target error) bool { return target == ErrToken }

// Reason returns a stable snake_case name for why a token was refused, such as
// "signature" or "unknown_key": a label for metrics and audit logs. It is "unavailable" for
// ErrUnavailable, and empty for any other error.
func Reason(err error) string {
	if e, ok := errors.AsType[*tokenError](err); ok {
		return e.reason
	}
	if errors.Is(err, ErrUnavailable) {
		return "unavailable"
	}
	return ""
}
