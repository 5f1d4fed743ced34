package contender_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/bench/contender"
)

var algorithms = []durward.Algorithm{durward.HS256, durward.RS256, durward.PS256, durward.ES256, durward.EdDSA}

func fixture(t testing.TB, algorithm durward.Algorithm) *contender.Fixture {
	t.Helper()
	f, err := contender.NewFixture(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestThePayloadHas380Bytes(t *testing.T) {
	segments := strings.Split(fixture(t, durward.HS256).Token, ".")
	payload, err := base64.RawURLEncoding.DecodeString(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	if len(payload) != 380 {
		t.Errorf("got a payload of %d bytes, want 380: %s", len(payload), payload)
	}
}

// A contender that stopped checking would look fast: each must refuse what is wrong in one way.
func TestEveryContenderChecks(t *testing.T) {
	for _, algorithm := range algorithms {
		f := fixture(t, algorithm)
		checkers, err := contender.Checkers(f)
		if err != nil {
			t.Fatal(err)
		}
		refused, err := f.Refused(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range checkers[1:] {
			good := f.Token
			if err := c.Do(); err != nil {
				t.Errorf("%s, %s: got error %v, want the token accepted", c.Name, algorithm, err)
			}
			for name, bad := range refused {
				f.Token = bad
				if err := c.Do(); err == nil {
					t.Errorf("%s, %s: %s is accepted, want it refused", c.Name, algorithm, name)
				}
			}
			f.Token = good
		}
	}
}

func TestPreparedKeysCheck(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.RS256, durward.ES256, durward.EdDSA} {
		f := fixture(t, algorithm)
		contenders, err := contender.FastKeys(f)
		if err != nil {
			t.Fatal(err)
		}
		refused, err := f.Refused(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		const whole = 3 // the bare ones have taken the token apart already
		if name := contenders[whole].Name; name != "durward with fastkeys" {
			t.Fatalf("got %q, want durward with fastkeys", name)
		}
		for name, bad := range refused {
			f.Token = bad
			if err := contenders[whole].Do(); err == nil {
				t.Errorf("%s: %s is accepted, want it refused", algorithm, name)
			}
		}
	}
}

func TestEverySignerSigns(t *testing.T) {
	for _, algorithm := range algorithms {
		signers, err := contender.Signers(fixture(t, algorithm))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range signers {
			if err := c.Do(); err != nil {
				t.Errorf("%s, %s: got error %v, want a token", c.Name, algorithm, err)
			}
		}
	}
}

func TestGuardsLetTheTokenThrough(t *testing.T) {
	guards, err := contender.Guards(fixture(t, durward.HS256))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guards {
		if err := g.Do(); err != nil {
			t.Errorf("%s: got error %v, want 204", g.Name, err)
		}
	}
}

func TestMalformedTokensAreRefused(t *testing.T) {
	kinds, err := contender.Malformed(fixture(t, durward.HS256))
	if err != nil {
		t.Fatal(err)
	}
	for kind, contenders := range kinds {
		for _, c := range contenders {
			if err := c.Do(); err != nil {
				t.Errorf("%s by %s: got error %v, want it refused", kind, c.Name, err)
			}
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, algorithm := range algorithms {
		checkers, err := contender.Checkers(fixture(b, algorithm))
		if err != nil {
			b.Fatal(err)
		}
		run(b, string(algorithm), checkers)
	}
}

func BenchmarkSign(b *testing.B) {
	for _, algorithm := range algorithms {
		signers, err := contender.Signers(fixture(b, algorithm))
		if err != nil {
			b.Fatal(err)
		}
		run(b, string(algorithm), signers)
	}
}

func BenchmarkGuard(b *testing.B) {
	guards, err := contender.Guards(fixture(b, durward.HS256))
	if err != nil {
		b.Fatal(err)
	}
	run(b, "HS256", guards)
}

func run(b *testing.B, group string, contenders []contender.Contender) {
	for _, c := range contenders {
		b.Run(group+"/"+strings.ReplaceAll(c.Name, " ", "_"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.Do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
