// Package jwks owns the keys of a remote issuer: found from its metadata or by URL, cached, refreshed before
// they grow old, used while the issuer is down, and never a way to be flooded.
//
//	keys, err := jwks.New("https://id.example.org")
//	if err != nil {
//		log.Fatal(err)
//	}
//	guard, err := durward.New(durward.Config{
//		Issuer:   "https://id.example.org",
//		Audience: "orders",
//		Keys:     keys,
//	})
//
// # When it fetches
//
// A [Source] has no goroutine of its own and nothing to close: a lookup that finds the set near its end starts one
// fetch beside it and goes on with the keys that are there. There is one fetch at a time. Two kinds
// of lookup wait for it, at most until two seconds after it began: those for which there is no key
// yet, and those that come after a pause so long that the set has outlived its lifetime.
//
// A key id that is not in the set makes the source fetch once, and then not again before the cool-down is over; a
// failed fetch is repeated after the cool-down too, or, while there are no keys at all, after a
// second, then two, then four. So neither a flood of invented key ids nor an issuer that is down costs more than a fetch per
// cool-down, and tokens of known keys never wait for either.
//
// # What it answers
//
// A key of the set; durward.ErrTokenKey when the set is known to be without it; an error that wraps
// durward.ErrUnavailable, which a guard answers with 503, when that cannot be known: no set could ever be had, or the last
// good one is too old, or the key id is not in it and the last fetch failed.
//
// # What it refuses
//
// Everything but https, loopback aside; redirects to another origin; answers that are too long, too
// late, compressed, or no strict JWK Set; metadata of another issuer. A refused answer leaves the last
// good set in use. A good one replaces it: a key that is gone from it is gone.
package jwks
