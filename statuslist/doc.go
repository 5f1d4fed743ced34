// Package statuslist owns Token Status Lists (draft-ietf-oauth-status-list): how they are packed, signed, fetched and asked.
//
// An issuer of any make writes into each token a place in a list, and publishes the list, signed and compressed. Whoever
// checks tokens fetches the list now and then, and learns from it which of them no longer stand:
//
//	statuses, err := statuslist.New(statuslist.Config{Issuer: "https://id.example.org", Keys: keys})
//	if err != nil {
//		log.Fatal(err)
//	}
//	guard, err := durward.New(durward.Config{
//		Issuer:     "https://id.example.org",
//		Audience:   "orders",
//		Keys:       keys,
//		Revocation: statuses.Check,
//	})
//
// A revocation is seen when the list's lifetime (ttl) is over and it is fetched anew: minutes, where the feed of package
// revocation takes milliseconds. Prefer the feed where the issuer has one.
//
// # What it answers
//
// A status other than valid refuses the token with durward.ErrTokenRevoked, a place that the list does not have with
// durward.ErrTokenClaims. A list that cannot be had, or that has expired, says nothing of any
// token: that is an error under durward.ErrUnavailable, which a guard answers with 503.
//
// # What it refuses
//
// Lists from any origin but the issuer's own and those that were named, addresses that are not https (loopback aside),
// redirects to another origin; lists of another type, signed by no known key, for another address, issued in the future;
// answers that are too long, and lists that unpack to more than was allowed.
package statuslist
