package jwk_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func rsaDoc() doc { return of(public(rsaKey().Public())) }
func ecDoc() doc  { return of(public(p256().Public())) }
func edDoc() doc  { return of(public(edKey().Public())) }
func octDoc() doc { return doc{"kty": "oct", "k": b64(random(64))} }

func TestParseRefuses(t *testing.T) {
	ec, ecPrivate := ecDoc(), of(private(p256()))
	rsaPrivate := of(private(rsaKey()))
	edPrivate := of(private(edKey()))
	x, y := coordinates(p256())
	prime := elliptic.P256().Params().P
	point := func(x, y *big.Int) doc {
		return ec.with("x", b64(x.FillBytes(make([]byte, 32)))).with("y", b64(y.FillBytes(make([]byte, 32))))
	}
	for name, c := range map[string]struct {
		doc      doc
		sentinel error
		sentence string
	}{
		"B23: 1024 bits":                  {rsaDoc().with("n", b64(oddNumber(1024).Bytes())), jwk.ErrWeak, "RSA key has 1024 bits, at least 2048 are required (RFC 7518 §3.3)"},
		"B23: 16384 bits":                 {rsaDoc().with("n", b64(oddNumber(16384).Bytes())), jwk.ErrInvalid, "at most 8192 bits"},
		"B23: e is 1":                     {rsaDoc().with("e", "AQ"), jwk.ErrWeak, "exponent"},
		"B23: e is 3":                     {rsaDoc().with("e", "Aw"), jwk.ErrWeak, "exponent"},
		"B23: e is 65536":                 {rsaDoc().with("e", "AQAA"), jwk.ErrWeak, "exponent"},
		"B23: e is 2^31 + 1":              {rsaDoc().with("e", b64([]byte{0x80, 0, 0, 1})), jwk.ErrWeak, "exponent"},
		"B23: e is 2^64 + 65537":          {rsaDoc().with("e", b64([]byte{1, 0, 0, 0, 0, 0, 1, 0, 1})), jwk.ErrWeak, "exponent"},
		"n with a leading zero":           {rsaDoc().with("n", b64(append([]byte{0}, rsaKey().N.Bytes()...))), jwk.ErrInvalid, "n begins with a zero byte"},
		"e with a leading zero":           {rsaDoc().with("e", "AAEAAQ"), jwk.ErrInvalid, "e begins with a zero byte"},
		"e of zero":                       {rsaDoc().with("e", "AA"), jwk.ErrInvalid, "e begins with a zero byte"},
		"no n":                            {rsaDoc().with("n", nil), jwk.ErrInvalid, "n is missing"},
		"no e":                            {rsaDoc().with("e", nil), jwk.ErrInvalid, "e is missing"},
		"n with padding":                  {rsaDoc().with("n", b64(rsaKey().N.Bytes())+"=="), jwk.ErrInvalid, "n is not canonical base64url"},
		"e in the wrong alphabet":         {rsaDoc().with("e", "+/AB"), jwk.ErrInvalid, "e is not canonical base64url"},
		"e with a line break":             {rsaDoc().with("e", "AQ\nAB"), jwk.ErrInvalid, "e is not canonical base64url"},
		"e with trailing bits":            {rsaDoc().with("e", "AB"), jwk.ErrInvalid, "e is not canonical base64url"},
		"e as a number":                   {rsaDoc().with("e", 65537), jwk.ErrInvalid, "e is not a string"},
		"an RSA private key without p":    {rsaPrivate.with("p", nil), jwk.ErrInvalid, "all of d, p, q, dp, dq and qi"},
		"an RSA private key of d alone":   {rsaDoc().with("d", rsaPrivate["d"]), jwk.ErrUnsupported, "d alone"},
		"an RSA key with another dp":      {rsaPrivate.with("dp", "AQ"), jwk.ErrInvalid, "do not belong together"},
		"an RSA key with another qi":      {rsaPrivate.with("qi", "Aw"), jwk.ErrInvalid, "do not belong together"},
		"an RSA key with p and q swapped": {rsaPrivate.with("p", rsaPrivate["q"]).with("q", rsaPrivate["p"]), jwk.ErrInvalid, "do not belong together"},
		"an RSA key with another n":       {rsaPrivate.with("n", b64(oddNumber(2048).Bytes())), jwk.ErrInvalid, "RSA private key"},
		"an RSA key with a bad q":         {rsaPrivate.with("q", ""), jwk.ErrInvalid, "q is empty"},
		"more than two primes":            {rsaPrivate.with("oth", []any{}), jwk.ErrUnsupported, "more than two primes"},

		"B24: not on the curve":       {point(x, new(big.Int).Xor(y, big.NewInt(1))), jwk.ErrInvalid, "not on the curve P-256"},
		"B24: the point (0, 0)":       {point(new(big.Int), new(big.Int)), jwk.ErrInvalid, "not on the curve P-256"},
		"B24: a coordinate of p":      {point(prime, y), jwk.ErrInvalid, "not on the curve P-256"},
		"B24: x of 31 bytes":          {ec.with("x", b64(random(31))), jwk.ErrInvalid, "x has 31 bytes, it must have exactly 32"},
		"B24: x of 33 bytes":          {ec.with("x", b64(append([]byte{0}, x.FillBytes(make([]byte, 32))...))), jwk.ErrInvalid, "x has 33 bytes"},
		"B24: y of 31 bytes":          {ec.with("y", b64(random(31))), jwk.ErrInvalid, "y has 31 bytes"},
		"B24: no crv":                 {ec.with("crv", nil), jwk.ErrInvalid, "crv is missing"},
		"B24: crv with a space":       {ec.with("crv", "P-256 "), jwk.ErrUnsupported, `crv "P-256 " is not supported`},
		"B24: crv in lower case":      {ec.with("crv", "p-256"), jwk.ErrUnsupported, "is not supported"},
		"B07: secp256k1":              {ec.with("crv", "secp256k1").with("alg", "ES256"), jwk.ErrUnsupported, "secp256k1"},
		"B07: another curve's point":  {ec.with("crv", "P-384"), jwk.ErrInvalid, "exactly 48"},
		"B07: ES256 with P-384":       {of(public(p384().Public())).with("alg", "ES256"), jwk.ErrInvalid, "algorithm ES256 wants a key of kind EC P-256, this one is of kind EC P-384"},
		"B07: ES512 with P-256":       {ec.with("alg", "ES512"), jwk.ErrInvalid, "ES512 wants"},
		"B07: ES256K":                 {ec.with("alg", "ES256K"), jwk.ErrUnsupported, `algorithm "ES256K" is not supported`},
		"no y":                        {ec.with("y", nil), jwk.ErrInvalid, "y is missing"},
		"an EC d that is another's":   {ecPrivate.with("d", b64(append(make([]byte, 31), 1))), jwk.ErrInvalid, "does not match"},
		"an EC d of zero":             {ecPrivate.with("d", b64(make([]byte, 32))), jwk.ErrInvalid, "out of range"},
		"an EC d of the order":        {ecPrivate.with("d", b64(elliptic.P256().Params().N.Bytes())), jwk.ErrInvalid, "out of range"},
		"an EC d of 31 bytes":         {ecPrivate.with("d", b64(random(31))), jwk.ErrInvalid, "d has 31 bytes"},
		"an empty EC d":               {ecPrivate.with("d", ""), jwk.ErrInvalid, "d is empty"},
		"X25519":                      {edDoc().with("crv", "X25519"), jwk.ErrUnsupported, "want Ed25519"},
		"Ed448":                       {edDoc().with("crv", "Ed448"), jwk.ErrUnsupported, "want Ed25519"},
		"OKP without crv":             {edDoc().with("crv", nil), jwk.ErrInvalid, "crv is missing"},
		"an Ed25519 x of 31 bytes":    {edDoc().with("x", b64(random(31))), jwk.ErrInvalid, "x has 31 bytes"},
		"an Ed25519 d of 64 bytes":    {edPrivate.with("d", b64(edKey())), jwk.ErrInvalid, "d has 64 bytes"},
		"an Ed25519 d of another key": {edPrivate.with("d", b64(random(32))), jwk.ErrInvalid, "does not match"},

		"B21: a secret of 31 bytes":       {octDoc().with("k", b64(random(31))), jwk.ErrWeak, "secret has 31 bytes"},
		"B21: HS512 with 32 bytes":        {octDoc().with("k", b64(random(32))).with("alg", "HS512"), jwk.ErrWeak, "HS512 requires at least 64"},
		"B21: an empty secret":            {octDoc().with("k", ""), jwk.ErrInvalid, "k is empty"},
		"B21: zeros":                      {octDoc().with("k", b64(make([]byte, 64))), jwk.ErrWeak, "all zero"},
		"B04: a secret that is PEM":       {octDoc().with("k", b64(must(jwk.MarshalPublicPEM(rsaKey().Public())))), jwk.ErrWeak, "text of a PEM file"},
		"oct without k":                   {octDoc().with("k", nil), jwk.ErrInvalid, "k is missing"},
		"B26: use enc":                    {ec.with("use", "enc"), jwk.ErrUnsupported, `use is "enc"`},
		"B26: use sign":                   {ec.with("use", "sign"), jwk.ErrUnsupported, `use is "sign"`},
		"B26: use empty":                  {ec.with("use", ""), jwk.ErrInvalid, "use is empty"},
		"B26: use as an array":            {ec.with("use", []string{"sig"}), jwk.ErrInvalid, "use is not a string"},
		"B26: key_ops encrypt":            {ec.with("key_ops", []string{"encrypt"}), jwk.ErrUnsupported, `key_ops names "encrypt"`},
		"B26: key_ops verify and encrypt": {ec.with("key_ops", []string{"verify", "encrypt"}), jwk.ErrUnsupported, "not for signatures alone"},
		"B26: key_ops of a public key":    {ec.with("key_ops", []string{"sign"}), jwk.ErrUnsupported, "lacks verify"},
		"B26: key_ops of a private key":   {ecPrivate.with("key_ops", []string{"verify"}), jwk.ErrUnsupported, "lacks sign"},
		"B26: key_ops empty":              {ec.with("key_ops", []string{}), jwk.ErrUnsupported, "lacks verify"},
		"B26: key_ops of a secret, empty": {octDoc().with("key_ops", []string{}), jwk.ErrUnsupported, "lacks sign and verify"},
		"B26: key_ops twice the same":     {ec.with("key_ops", []string{"verify", "verify"}), jwk.ErrInvalid, "twice"},
		"B26: key_ops against use":        {ec.with("use", "sig").with("key_ops", []string{"encrypt"}), jwk.ErrInvalid, "although use is sig"},
		"B26: an unknown operation":       {ec.with("use", "sig").with("key_ops", []string{"verify", "x"}), jwk.ErrUnsupported, `key_ops names "x"`},
		"B26: key_ops as a string":        {ec.with("key_ops", "verify"), jwk.ErrInvalid, "key_ops is not an array"},
		"B26: key_ops of numbers":         {ec.with("key_ops", []int{1}), jwk.ErrInvalid, "not a string"},
		"B26: alg RSA-OAEP":               {rsaDoc().with("alg", "RSA-OAEP"), jwk.ErrUnsupported, `algorithm "RSA-OAEP"`},
		"B26: alg A128GCM":                {octDoc().with("alg", "A128GCM"), jwk.ErrUnsupported, `algorithm "A128GCM"`},
		"B26: alg none":                   {ec.with("alg", "none"), jwk.ErrUnsupported, `algorithm "none"`},
		"B26: alg of another kind":        {ec.with("alg", "HS256"), jwk.ErrInvalid, "HS256 wants"},
		"B26: alg empty":                  {ec.with("alg", ""), jwk.ErrInvalid, "alg is empty"},
		"B26: alg null":                   {doc{"kty": "EC", "alg": (*int)(nil)}, jwk.ErrInvalid, "alg is not a string"},

		"no kty":                {ec.with("kty", nil), jwk.ErrInvalid, "kty is missing"},
		"an empty kty":          {ec.with("kty", ""), jwk.ErrInvalid, "kty is empty"},
		"kty as a number":       {ec.with("kty", 1), jwk.ErrInvalid, "kty is not a string"},
		"kty in lower case":     {ec.with("kty", "ec"), jwk.ErrUnsupported, `kty "ec"`},
		"kty AKP":               {doc{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, jwk.ErrUnsupported, `kty "AKP"`},
		"an empty kid":          {ec.with("kid", ""), jwk.ErrInvalid, "kid is empty"},
		"kid as a number":       {ec.with("kid", 1), jwk.ErrInvalid, "kid is not a string"},
		"kid of 256 bytes":      {ec.with("kid", strings.Repeat("k", 256)), jwk.ErrInvalid, "kid has 256 bytes"},
		"an EC key with n":      {ec.with("n", "AQAB"), jwk.ErrInvalid, "member n does not belong to a key of kty EC"},
		"an EC key with k":      {ec.with("k", "AQAB"), jwk.ErrInvalid, "member k does not belong"},
		"an OKP key with y":     {edDoc().with("y", "AQAB"), jwk.ErrInvalid, "member y does not belong"},
		"an RSA key with k":     {rsaDoc().with("k", "AQAB"), jwk.ErrInvalid, "member k does not belong"},
		"a secret with a d":     {octDoc().with("d", "AQAB"), jwk.ErrInvalid, "member d does not belong"},
		"a secret with an x":    {octDoc().with("x", "AQAB"), jwk.ErrInvalid, "member x does not belong"},
		"a P-224 key by crv":    {p224Doc(), jwk.ErrUnsupported, "P-224"},
		"a very large document": {ec.with("x5c", strings.Repeat("A", 64<<10)), jwk.ErrInvalid, "at most 65536 are accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := jwk.Parse(c.doc.json())
			wantError(t, err, c.sentinel, c.sentence)
			if key.Secret != nil || key.Private != nil || key.Public != nil {
				t.Errorf("got a key with the error: %v", key)
			}
			wantNoMaterial(t, err, c.doc)
		})
	}
}

// wantNoMaterial checks that an error quotes nothing of a key.
func wantNoMaterial(t *testing.T, err error, d doc) {
	t.Helper()
	for _, name := range []string{"k", "d", "p", "q", "dp", "dq", "qi", "n", "x", "y"} {
		if value, ok := d[name].(string); ok && len(value) > 8 && strings.Contains(err.Error(), value[:8]) {
			t.Errorf("error %q contains the member %s", err, name)
		}
	}
}

func p224Doc() doc {
	point := must(must(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)).PublicKey.Bytes())
	return doc{"kty": "EC", "crv": "P-224", "x": b64(point[1:29]), "y": b64(point[29:])}
}

func TestParseRefusesTextThatIsNoStrictJSON(t *testing.T) {
	good := string(ecDoc().json())
	for name, text := range map[string]string{
		"nothing":            "",
		"white space":        "  \n",
		"null":               "null",
		"an array":           "[" + good + "]",
		"a string":           `"key"`,
		"two objects":        good + good,
		"a byte order mark":  "\uFEFF" + good,
		"a duplicate member": strings.Replace(good, `"crv"`, `"kty":"EC","crv"`, 1),
		"an escaped double":  strings.Replace(good, `"crv"`, `"\u006bty":"oct","crv"`, 1),
		"bytes not UTF-8":    strings.Replace(good, "EC", "\xff", 1),
		"cut short":          good[:len(good)-1],
	} {
		_, err := jwk.Parse([]byte(text))
		if err == nil {
			t.Errorf("%s: got no error, want one", name)
			continue
		}
		wantError(t, err, jwk.ErrInvalid, "JWK is not a strict JSON object")
		_, _, err = jwk.ParseSet([]byte(text))
		if err == nil {
			t.Errorf("%s: got no error for a set, want one", name)
		}
	}
}

func TestParseReadsWhatAKeySaysOfItself(t *testing.T) {
	d := ecDoc().with("kid", "kéy/1").with("use", "sig").with("alg", "ES256").with("key_ops", []string{"verify"}).
		with("x5u", "https://example.org/never-fetched").with("x5c", []string{"AA=="}).with("ext", true).with("KTY", "oct")
	got, err := jwk.Parse(d.json())
	if err != nil {
		t.Fatal(err)
	}
	want := jwk.Key{Material: public(p256().Public()), Algorithm: "ES256", KeyID: "kéy/1", HasKeyID: true, Use: "sig", Operations: []string{"verify"}}
	if !sameKey(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	got, err = jwk.Parse(ecDoc().json())
	if err != nil {
		t.Fatal(err)
	}
	if want := (jwk.Key{Material: public(p256().Public())}); !sameKey(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, operations := range map[string][]string{"sign": {"sign"}, "verify": {"verify"}, "both": {"verify", "sign"}} {
		if _, err := jwk.Parse(octDoc().with("key_ops", operations).json()); err != nil {
			t.Errorf("a secret with key_ops %s: got error %v, want none", name, err)
		}
	}
}
