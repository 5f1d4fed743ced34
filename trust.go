package durward

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/durward-auth/durward/internal/jws"
	"github.com/durward-auth/durward/internal/strictjson"
)

// InsecureNoType stands in Types for tokens that have no "typ" at all, which some issuers write (RFC 7519 §5.1 leaves it
// out at will). Any other kind of token of the same issuer that has none, an ID token for one, then passes too, unless
// its audience or a rule of the program's own tells it apart (RFC 8725 §3.11).
const InsecureNoType = "(no typ)"

// Trust is a further issuer whose tokens are accepted; see [Config].AlsoTrust. Issuer, Audience and Keys
// are required, and mean for its tokens what the fields of [Config] mean for those of the first issuer.
//
// Subjects, roles and scopes are the issuer's own: a user is known by issuer and subject together, and a
// rule such as [Role] holds for whoever writes that role. Tell issuers apart by Claims.Issuer, in a
// [Where] or in Identify.
type Trust struct {
	// Issuer is compared with "iss" byte for byte. No two issuers of a configuration have the same name.
	Issuer string
	// Audience must be among the token's "aud", compared byte for byte.
	Audience string
	// Keys holds this issuer's keys. They check no other issuer's tokens, whatever key id those name.
	Keys KeySource
	// Types lists the accepted media types of "typ". The default is "at+jwt" alone; see [InsecureNoType].
	Types []string
}

// checked adds the problems of the trust, and returns it with its defaults.
func (t Trust) checked(where string, require func(ok bool, format string, args ...any)) Trust {
	require(t.Issuer != "", "%sIssuer is required", where)
	require(t.Audience != "", "%sAudience is required", where)
	require(t.Keys != nil, "%sKeys is required", where)
	require(!slices.Contains(t.Types, ""), "%sTypes holds an empty name", where)
	t.Types = slices.Clone(t.Types)
	if len(t.Types) == 0 {
		t.Types = []string{"at+jwt"}
	}
	return t
}

// checkTrust does the same for every issuer of the configuration, and finds names that occur twice.
func (c *Config) checkTrust(require func(ok bool, format string, args ...any)) {
	first := Trust{c.Issuer, c.Audience, c.Keys, c.Types}.checked("", require)
	c.Types = first.Types
	c.AlsoTrust = slices.Clone(c.AlsoTrust)
	seen := map[string]bool{c.Issuer: true}
	for i := range c.AlsoTrust {
		t := &c.AlsoTrust[i]
		*t = t.checked(fmt.Sprintf("AlsoTrust[%d].", i), require)
		require(t.Issuer == "" || !seen[t.Issuer], "AlsoTrust[%d].Issuer is %q, which another issuer has", i, t.Issuer)
		seen[t.Issuer] = true
	}
}

// trusted is an issuer at work, with the headers of its tokens that are known.
type trusted struct {
	Trust
	headers atomic.Pointer[map[string]jws.Header]
}

func newTrusted(t Trust) *trusted {
	working := &trusted{Trust: t}
	working.headers.Store(&map[string]jws.Header{})
	return working
}

// trustedBy makes the table of several issuers, or returns the only one.
func trustedBy(c *Config) (sole *trusted, table map[string]*trusted) {
	sole = newTrusted(Trust{c.Issuer, c.Audience, c.Keys, c.Types})
	if len(c.AlsoTrust) == 0 {
		return sole, nil
	}
	table = map[string]*trusted{c.Issuer: sole}
	for _, t := range c.AlsoTrust {
		table[t.Issuer] = newTrusted(t)
	}
	return nil, table
}

// trustedFor reads the issuer that a payload names, and nothing else of it, before the signature is known to be right:
// all that it decides is which entry of a fixed table checks the rest. The payload is decoded into reused memory.
func (v *Verifier) trustedFor(encodedPayload string) (*trusted, error) {
	work := v.work.Get().(*workspace)
	defer v.work.Put(work)
	payload, err := jws.AppendDecoded(work.payload[:0], encodedPayload)
	if err != nil {
		return nil, ErrTokenMalformed
	}
	work.payload = payload
	return v.issuerOf(textOf(payload))
}

// issuerOf is trustedFor for a payload that is decoded already.
func (v *Verifier) issuerOf(payload string) (*trusted, error) {
	var buffer [32]strictjson.Member
	members, err := strictjson.AppendObject(buffer[:0], payload, strictjson.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTokenMalformed, err)
	}
	for i := range members {
		if members[i].Name != "iss" {
			continue
		}
		name, ok := members[i].Value.Text()
		if !ok {
			return nil, fmt.Errorf("%w: iss", ErrTokenClaims)
		}
		if found := v.table[name]; found != nil {
			return found, nil
		}
		break
	}
	return nil, ErrTokenIssuer
}
