// Package username owns the one form in which user names and e-mail addresses are compared.
package username
