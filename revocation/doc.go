// Package revocation owns the set of what has been revoked, held in memory and asked at every verification of a token.
//
// A [Set] is filled by hand, on the server that revokes. A [Follower] is a set that an issuer's feed keeps fresh, for everybody
// else; the feed's wire format is here too, for both of its ends.
//
// Four things can be revoked: a token, a session, a user's tokens below a
// version, and a signing key. An entry is kept until the last token that it
// could match has expired, so the set stays as small as what was revoked
// lately, whatever the number of users.
package revocation
