//lint:file-ignore SA1019 Keys that are made by hand from deprecated parts must be refused too.

package jwk_test

import (
	"crypto"
	"crypto/dsa"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"math/big"
	"slices"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func TestAlgorithms(t *testing.T) {
	want := []string{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
		"ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
	if got := jwk.Algorithms(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, algorithm := range want {
		if !jwk.Supported(algorithm) {
			t.Errorf("%s: got not supported, want supported", algorithm)
		}
	}
	for _, algorithm := range []string{"", "none", "None", "hs256", "HS256 ", "ES256K", "Ed448", "RSA-OAEP", "A128GCM", "HS1"} {
		if jwk.Supported(algorithm) {
			t.Errorf("%q: got supported, want not", algorithm)
		}
		wantError(t, jwk.Check(algorithm, public(p256().Public())), jwk.ErrUnsupported, "is not supported")
	}
}

func TestEveryAlgorithmTakesItsOwnKindOfKeyAndNoOther(t *testing.T) { // B07
	kinds := map[string][]jwk.Material{"secret": {{Secret: random(64)}}}
	for name, key := range signers() {
		kinds[name] = []jwk.Material{private(key), public(key.Public())}
	}
	own := map[string]string{
		"HS256": "secret", "HS384": "secret", "HS512": "secret", "RS256": "RSA", "RS384": "RSA", "RS512": "RSA",
		"PS256": "RSA", "PS384": "RSA", "PS512": "RSA", "ES256": "P-256", "ES384": "P-384", "ES512": "P-521",
		"EdDSA": "Ed25519", "Ed25519": "Ed25519",
	}
	for _, algorithm := range jwk.Algorithms() {
		for kind, materials := range kinds {
			for _, m := range materials {
				err := jwk.Check(algorithm, m)
				if kind == own[algorithm] && err != nil {
					t.Errorf("%s with %v: got error %v, want none", algorithm, m, err)
				}
				if kind != own[algorithm] {
					wantError(t, err, jwk.ErrInvalid, "algorithm "+algorithm+" wants a key of kind")
				}
			}
		}
	}
}

func TestInfer(t *testing.T) {
	for name, want := range map[string]string{"RSA": "", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"} {
		key := signers()[name]
		for _, m := range []jwk.Material{private(key), public(key.Public())} {
			if got, ok := jwk.Infer(m); got != want || ok != (want != "") {
				t.Errorf("%v: got %q, %v, want %q", m, got, ok, want)
			}
		}
	}
	for name, m := range map[string]jwk.Material{"a secret": {Secret: random(32)}, "nothing": {}, "another type": {Public: 7}} {
		if got, ok := jwk.Infer(m); got != "" || ok {
			t.Errorf("%s: got %q, %v, want nothing", name, got, ok)
		}
	}
}

func TestAWeakSecretIsRefused(t *testing.T) { // B21
	for _, c := range []struct {
		algorithm string
		size      int
		ok        bool
	}{
		{"HS256", 1, false}, {"HS256", 16, false}, {"HS256", 31, false}, {"HS256", 32, true}, {"HS256", 33, true},
		{"HS384", 32, false}, {"HS384", 47, false}, {"HS384", 48, true},
		{"HS512", 48, false}, {"HS512", 63, false}, {"HS512", 64, true}, {"HS512", 1000, true},
	} {
		err := jwk.Check(c.algorithm, jwk.Material{Secret: random(c.size)})
		if c.ok && err != nil {
			t.Errorf("%s with %d bytes: got error %v, want none", c.algorithm, c.size, err)
		}
		if !c.ok {
			wantError(t, err, jwk.ErrWeak, "RFC 7518 §3.2")
		}
		wantError(t, jwk.Check(c.algorithm, jwk.Material{Secret: make([]byte, max(c.size, 64))}), jwk.ErrWeak, "all zero")
	}
	wantError(t, jwk.Check("HS256", jwk.Material{Secret: []byte{}}), jwk.ErrWeak, "secret has 0 bytes")
	wantError(t, jwk.Check("HS256", jwk.Material{}), jwk.ErrInvalid, "the key is empty")
}

func TestAWeakRSAKeyIsRefused(t *testing.T) { // B23
	e := 65537
	good := rsaKey().N
	prime := must(rand.Prime(rand.Reader, 1024))
	for name, c := range map[string]struct {
		n        *big.Int
		e        int
		sentinel error
		sentence string
	}{
		"512 bits":              {oddNumber(512), e, jwk.ErrWeak, "RSA key has 512 bits, at least 2048 are required (RFC 7518 §3.3)"},
		"1024 bits":             {oddNumber(1024), e, jwk.ErrWeak, "RSA key has 1024 bits"},
		"2047 bits":             {oddNumber(2047), e, jwk.ErrWeak, "RSA key has 2047 bits"},
		"8193 bits":             {oddNumber(8193), e, jwk.ErrInvalid, "RSA key has 8193 bits, at most 8192"},
		"16384 bits":            {oddNumber(16384), e, jwk.ErrInvalid, "at most 8192"},
		"no modulus":            {nil, e, jwk.ErrInvalid, "no modulus"},
		"a negative modulus":    {new(big.Int).Neg(good), e, jwk.ErrInvalid, "no modulus"},
		"an even modulus":       {new(big.Int).Sub(good, big.NewInt(1)), e, jwk.ErrWeak, "even"},
		"a modulus with 3":      {new(big.Int).Mul(oddNumber(2050), big.NewInt(3)), e, jwk.ErrWeak, "divisible by 3"},
		"a modulus with 751":    {new(big.Int).Mul(oddNumber(2050), big.NewInt(751)), e, jwk.ErrWeak, "divisible by 751"},
		"a square":              {new(big.Int).Mul(prime, prime), e, jwk.ErrWeak, "square"},
		"a ROCA modulus":        {rocaModulus(), e, jwk.ErrWeak, "ROCA"},
		"exponent 0":            {good, 0, jwk.ErrWeak, "exponent"},
		"exponent 1":            {good, 1, jwk.ErrWeak, "exponent"},
		"exponent 3":            {good, 3, jwk.ErrWeak, "exponent"},
		"exponent 17":           {good, 17, jwk.ErrWeak, "exponent"},
		"exponent 65535":        {good, 65535, jwk.ErrWeak, "exponent"},
		"an even exponent":      {good, 65538, jwk.ErrWeak, "exponent"},
		"an exponent over 2^31": {good, 1<<31 + 1, jwk.ErrWeak, "exponent"},
		"a negative exponent":   {good, -65537, jwk.ErrWeak, "exponent"},
	} {
		t.Run(name, func(t *testing.T) {
			key := &rsa.PublicKey{N: c.n, E: c.e}
			wantError(t, jwk.Check("RS256", public(key)), c.sentinel, c.sentence)
			wantError(t, jwk.Check("PS512", private(&rsa.PrivateKey{PublicKey: *key})), c.sentinel, c.sentence)
		})
	}
	for name, key := range map[string]*rsa.PublicKey{
		"2048 bits":         {N: oddNumber(2048), E: e},
		"8192 bits":         {N: oddNumber(8192), E: e},
		"the last exponent": {N: good, E: 1<<31 - 1},
	} {
		if err := jwk.Check("RS256", public(key)); err != nil {
			t.Errorf("%s: got error %v, want none", name, err)
		}
	}
}

// rocaModulus is k·M + 65537^a mod M, as the products of the generator's primes are (CVE-2017-15361).
func rocaModulus() *big.Int {
	m := big.NewInt(2)
	for prime := int64(3); prime <= 167; prime += 2 {
		if big.NewInt(prime).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(prime))
		}
	}
	residue := new(big.Int).Exp(big.NewInt(65537), new(big.Int).SetBytes(random(16)), m)
	small := big.NewInt(1)
	for prime := int64(3); prime < 752; prime += 2 {
		small.Mul(small, big.NewInt(prime))
	}
	n := new(big.Int).Sub(oddNumber(2100), big.NewInt(1))
	n.Div(n, m).Mul(n, m).Add(n, residue)
	for new(big.Int).GCD(nil, nil, n, small).Cmp(big.NewInt(1)) != 0 {
		n.Add(n, m)
	}
	return n
}

func TestAnInconsistentRSAPrivateKeyIsRefused(t *testing.T) {
	good := rsaKey()
	one := big.NewInt(1)
	p, q := good.Primes[0], good.Primes[1]
	key := func(d *big.Int, primes ...*big.Int) *rsa.PrivateKey {
		return &rsa.PrivateKey{PublicKey: good.PublicKey, D: d, Primes: primes}
	}
	for name, c := range map[string]struct {
		key      *rsa.PrivateKey
		sentinel error
		sentence string
	}{
		"no primes":             {key(good.D), jwk.ErrUnsupported, "has 0 primes"},
		"three primes":          {key(good.D, p, q, one), jwk.ErrUnsupported, "has 3 primes"},
		"no d":                  {key(nil, p, q), jwk.ErrInvalid, "missing or out of range"},
		"no p":                  {key(good.D, nil, q), jwk.ErrInvalid, "missing or out of range"},
		"a negative d":          {key(new(big.Int).Neg(good.D), p, q), jwk.ErrInvalid, "out of range"},
		"d as large as n":       {key(good.N, p, q), jwk.ErrInvalid, "out of range"},
		"primes 1 and n":        {key(good.D, one, good.N), jwk.ErrInvalid, "out of range"},
		"primes of another key": {key(good.D, p, p), jwk.ErrInvalid, "p times q is not n"},
		"another d":             {key(new(big.Int).Sub(good.D, big.NewInt(2)), p, q), jwk.ErrInvalid, "do not belong together"},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, jwk.Check("RS256", private(c.key)), c.sentinel, c.sentence)
		})
	}
	if err := jwk.Check("RS256", private(key(good.D, p, q))); err != nil {
		t.Errorf("without precomputed values: got error %v, want none", err)
	}
}

func TestABadECKeyIsRefused(t *testing.T) { // B24
	good := p256()
	key := func(c elliptic.Curve, x, y *big.Int) *ecdsa.PublicKey { return &ecdsa.PublicKey{Curve: c, X: x, Y: y} }
	x, y := coordinates(good)
	for name, c := range map[string]struct {
		key      *ecdsa.PublicKey
		sentinel error
		sentence string
	}{
		"no curve":               {key(nil, x, y), jwk.ErrInvalid, "names no curve"},
		"P-224":                  {&must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)).PublicKey, jwk.ErrUnsupported, "curve is not supported"},
		"a curve made by hand":   {key(elliptic.P256().Params(), x, y), jwk.ErrUnsupported, "curve is not supported"},
		"no x":                   {key(elliptic.P256(), nil, y), jwk.ErrInvalid, "no coordinates"},
		"no y":                   {key(elliptic.P256(), x, nil), jwk.ErrInvalid, "no coordinates"},
		"the point (0, 0)":       {key(elliptic.P256(), new(big.Int), new(big.Int)), jwk.ErrInvalid, "not on the curve P-256"},
		"off the curve":          {key(elliptic.P256(), x, new(big.Int).Add(y, big.NewInt(1))), jwk.ErrInvalid, "not on the curve"},
		"x beyond the field":     {key(elliptic.P256(), new(big.Int).Add(x, elliptic.P256().Params().P), y), jwk.ErrInvalid, "not on the curve"},
		"a negative coordinate":  {key(elliptic.P256(), new(big.Int).Neg(x), y), jwk.ErrInvalid, "not on the curve"},
		"a point of P-256 as of": {key(elliptic.P384(), x, y), jwk.ErrInvalid, "not on the curve P-384"},
	} {
		t.Run(name, func(t *testing.T) {
			algorithm := "ES256"
			if c.key.Curve == elliptic.P384() {
				algorithm = "ES384"
			}
			wantError(t, jwk.Check(algorithm, public(c.key)), c.sentinel, c.sentence)
			wantError(t, jwk.Check(algorithm, private(&ecdsa.PrivateKey{PublicKey: *c.key, D: big.NewInt(1)})), c.sentinel, c.sentence)
		})
	}
	for name, c := range map[string]struct {
		d        *big.Int
		sentence string
	}{
		"no private part":              {nil, "no private part"},
		"a private part of zero":       {new(big.Int), "out of range"},
		"a private part of the order":  {elliptic.P256().Params().N, "out of range"},
		"a private part of another":    {big.NewInt(1), "does not match"},
		"a private part far too large": {new(big.Int).Lsh(big.NewInt(1), 300), "out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, jwk.Check("ES256", private(&ecdsa.PrivateKey{PublicKey: good.PublicKey, D: c.d})), jwk.ErrInvalid, c.sentence)
		})
	}
}

func coordinates(key *ecdsa.PrivateKey) (x, y *big.Int) {
	point := must(key.PublicKey.Bytes())
	size := len(point) / 2
	return new(big.Int).SetBytes(point[1 : 1+size]), new(big.Int).SetBytes(point[1+size:])
}

// hsm is a signer whose key is somewhere else.
type hsm struct{}

func (hsm) Public() crypto.PublicKey                                  { return p256().Public() }
func (hsm) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

func TestMaterialThatIsNoKeyIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		m        jwk.Material
		sentinel error
		sentence string
	}{
		"nothing":                  {jwk.Material{}, jwk.ErrInvalid, "the key is empty"},
		"a secret and a public":    {jwk.Material{Secret: random(64), Public: p256().Public()}, jwk.ErrInvalid, "this one has several"},
		"all three":                {jwk.Material{Secret: random(64), Private: p256(), Public: p256().Public()}, jwk.ErrInvalid, "several"},
		"nil RSA":                  {private((*rsa.PrivateKey)(nil)), jwk.ErrInvalid, "RSA private key is nil"},
		"nil public RSA":           {public((*rsa.PublicKey)(nil)), jwk.ErrInvalid, "RSA public key is nil"},
		"nil EC":                   {private((*ecdsa.PrivateKey)(nil)), jwk.ErrInvalid, "EC private key is nil"},
		"nil public EC":            {public((*ecdsa.PublicKey)(nil)), jwk.ErrInvalid, "EC public key is nil"},
		"zero RSA":                 {private(&rsa.PrivateKey{}), jwk.ErrInvalid, "no modulus"},
		"zero EC":                  {private(&ecdsa.PrivateKey{}), jwk.ErrInvalid, "no curve"},
		"nil Ed25519":              {private(ed25519.PrivateKey(nil)), jwk.ErrInvalid, "has 0 bytes"},
		"nil public Ed25519":       {public(ed25519.PublicKey(nil)), jwk.ErrInvalid, "has 0 bytes"},
		"a short Ed25519":          {private(edKey()[:32]), jwk.ErrInvalid, "has 32 bytes, it must have 64"},
		"a long public Ed25519":    {public(ed25519.PublicKey(random(33))), jwk.ErrInvalid, "has 33 bytes, it must have 32"},
		"a mixed Ed25519":          {private(slices.Concat(edKey()[:32], ed25519.NewKeyFromSeed(random(32))[32:])), jwk.ErrInvalid, "does not match"},
		"an RSA key by value":      {public(rsaKey().PublicKey), jwk.ErrUnsupported, "of type rsa.PublicKey"},
		"a private key as public":  {public(p256()), jwk.ErrUnsupported, "of type *ecdsa.PrivateKey"},
		"a secret as public":       {public(random(32)), jwk.ErrUnsupported, "of type []uint8"},
		"X25519":                   {public(must(ecdh.X25519().GenerateKey(rand.Reader)).Public()), jwk.ErrUnsupported, "*ecdh.PublicKey"},
		"DSA":                      {public(&dsa.PublicKey{}), jwk.ErrUnsupported, "*dsa.PublicKey"},
		"a key that lives outside": {private(hsm{}), jwk.ErrUnsupported, "of type jwk_test.hsm"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, algorithm := range jwk.Algorithms() {
				if err := jwk.Check(algorithm, c.m); err == nil {
					t.Errorf("%s: got no error, want one", algorithm)
				}
			}
			_, err := jwk.Thumbprint(c.m)
			wantError(t, err, c.sentinel, c.sentence)
			_, err = jwk.MarshalPublic(jwk.Key{Material: c.m})
			wantError(t, err, c.sentinel, c.sentence)
			_, err = jwk.MarshalPrivate(jwk.Key{Material: c.m})
			wantError(t, err, c.sentinel, c.sentence)
		})
	}
}
