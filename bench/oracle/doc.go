// Package oracle lets other implementations of JSON Web Tokens judge and make the tokens that durward
// judges and makes: the same key as it is published, the same policy, one form of answer.
package oracle
