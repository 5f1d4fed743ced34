package strictness_test

import (
	"strings"

	"github.com/durward-auth/durward"
)

// stricter is a token that this library refuses and that another may accept. The name is the first cell of the table.
type stricter struct {
	name  string
	token string
	want  error
}

var cases = []stricter{
	{"bits behind the last byte of the signature", trailingBits(signed(goodHeader, goodPayload)), durward.ErrTokenMalformed},
	{"a line break inside the signature", broken(signed(goodHeader, goodPayload)), durward.ErrTokenMalformed},
	{"a line break inside the payload", signedText(encode(goodHeader) + "." + encode(goodPayload)[:20] + "\n" + encode(goodPayload)[20:]), durward.ErrTokenMalformed},
	{"white space around the token", " " + signed(goodHeader, goodPayload) + "\n", durward.ErrTokenMalformed},
	{"padding", signed(goodHeader, goodPayload) + "=", durward.ErrTokenMalformed},
	{"an unknown `crit`", header(`"crit":["x"],"x":1`), durward.ErrTokenHeader},
	{"an empty `crit`", header(`"crit":[]`), durward.ErrTokenHeader},
	{"`b64` without `crit`", header(`"b64":false`), durward.ErrTokenHeader},
	{"a nested token announced by `cty`", header(`"cty":"JWT"`), durward.ErrTokenHeader},
	{"a repeated header name", header(`"alg":"none"`), durward.ErrTokenHeader},
	{"a header name in capitals", signed(`{"ALG":"HS256","alg":"HS256","typ":"JWT","TYP":"at+jwt","kid":"k1"}`, goodPayload), durward.ErrTokenType},
	{"a token of another type", signed(`{"alg":"HS256","typ":"dpop+jwt","kid":"k1"}`, goodPayload), durward.ErrTokenType},
	{"no `typ`", signed(`{"alg":"HS256","kid":"k1"}`, goodPayload), durward.ErrTokenType},
	{"no `kid`, where the key has one", signed(`{"alg":"HS256","typ":"at+jwt"}`, goodPayload), durward.ErrTokenKey},
	{"another `kid` than the key's", signed(`{"alg":"HS256","typ":"at+jwt","kid":"k2"}`, goodPayload), durward.ErrTokenKey},
	{"a claim of 1e400", signed(goodHeader, with(`"sub"`, `"x":1e400,"sub"`)), durward.ErrTokenMalformed},
	{"a repeated claim", signed(goodHeader, with(`"sub":"u1"`, `"sub":"u1","sub":"admin"`)), durward.ErrTokenMalformed},
	{"a repeated name inside a claim", signed(goodHeader, with(`"sub"`, `"act":{"sub":"a","sub":"b"},"sub"`)), durward.ErrTokenMalformed},
	{"invalid UTF-8 in a claim", signed(goodHeader, with(`"u1"`, "\"u\xff1\"")), durward.ErrTokenMalformed},
	{"a lone surrogate in a claim", signed(goodHeader, with(`"u1"`, `"u\ud8001"`)), durward.ErrTokenMalformed},
	{"more behind the payload", signed(goodHeader, goodPayload+"{}"), durward.ErrTokenMalformed},
	{"a payload nested 100 deep", signed(goodHeader, with(`"sub"`, `"x":`+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,"sub"`)), durward.ErrTokenMalformed},
	{"a token of 9 KiB", signed(goodHeader, with(`"sub"`, `"x":"`+strings.Repeat("x", 9<<10)+`","sub"`)), durward.ErrTokenMalformed},
	{"`EXP` in the place of an expired `exp`", signed(goodHeader, with(`"exp":1750000600`, `"exp":1749999999,"EXP":1750000600`)), durward.ErrTokenExpired},
	{"no `exp`", signed(goodHeader, with(`,"exp":1750000600`, ``)), durward.ErrTokenClaims},
	{"`exp` as a string", signed(goodHeader, with(`1750000600`, `"1750000600"`)), durward.ErrTokenClaims},
	{"`exp` with an exponent", signed(goodHeader, with(`1750000600`, `17500006e2`)), durward.ErrTokenClaims},
	{"`exp` after the year 9999", signed(goodHeader, with(`1750000600`, `253402300800`)), durward.ErrTokenClaims},
	{"a lifetime of ten years", signed(goodHeader, with(`1750000600`, `2065000000`)), durward.ErrTokenLifetime},
	{"`iat` an hour ahead", signed(goodHeader, with(`1749999990`, `1750003600`)), durward.ErrTokenClaims},
	{"`nbf` null", signed(goodHeader, with(`"sub"`, `"nbf":null,"sub"`)), durward.ErrTokenClaims},
	{"`sub` a number", signed(goodHeader, with(`"u1"`, `1`)), durward.ErrTokenClaims},
	{"an empty `sub`", signed(goodHeader, with(`"u1"`, `""`)), durward.ErrTokenClaims},
	{"a token bound to a key by `cnf`", signed(goodHeader, with(`"sub"`, `"cnf":{"jkt":"x"},"sub"`)), durward.ErrTokenBound},
	{"a `scope` that is a list", signed(goodHeader, with(`"sub"`, `"scope":["read"],"sub"`)), durward.ErrTokenClaims},
	{"a `roles` claim that is a string", signed(goodHeader, with(`"sub"`, `"roles":"admin","sub"`)), durward.ErrTokenClaims},
}

// trailingBits returns the token with the last character of its signature moved to one of the same bytes.
func trailingBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	return token[:len(token)-1] + string(alphabet[last|1])
}

func broken(token string) string { return token[:len(token)-8] + "\n" + token[len(token)-8:] }
