package jwk_test

import (
	"crypto/rsa"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

func TestAnExponentIsOddAndInItsRange(t *testing.T) {
	n := rsaKey().N
	const sentence = "RSA public exponent must be odd and between 65537 and 2147483647"
	for _, e := range []int{65536, 65540, 1 << 31, 1<<31 + 1} {
		err := jwk.Check("RS256", public(&rsa.PublicKey{N: n, E: e}))
		wantError(t, err, jwk.ErrWeak, sentence)
	}
	for _, e := range []int{65537, 65539, 65541, 1<<31 - 1} {
		if err := jwk.Check("RS256", public(&rsa.PublicKey{N: n, E: e})); err != nil {
			t.Errorf("exponent %d: got error %v, want none", e, err)
		}
	}
}

func TestZeroIsNoPartOfAnRSAKey(t *testing.T) {
	k, zero := rsaKey(), new(big.Int)
	wantError(t, jwk.Check("RS256", public(&rsa.PublicKey{N: zero, E: 65537})), jwk.ErrInvalid, "no modulus")
	for name, key := range map[string]*rsa.PrivateKey{
		"d": {PublicKey: k.PublicKey, D: zero, Primes: k.Primes},
		"p": {PublicKey: k.PublicKey, D: k.D, Primes: []*big.Int{zero, k.Primes[1]}},
		"q": {PublicKey: k.PublicKey, D: k.D, Primes: []*big.Int{k.Primes[0], zero}},
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, jwk.Check("RS256", private(key)), jwk.ErrInvalid, "missing or out of range")
		})
	}
}

func TestEverySSHKeyLineIsNoSecret(t *testing.T) { // B04
	const rest = " AAAAC3NzaC1lZDI1NTE5AAAAIGJkMmY user@host"
	for _, name := range []string{
		"ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
		"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "PuTTY-User-Key-File-3: ssh-ed25519",
	} {
		wantNoSecret(t, name, []byte(name+rest))
		wantNoSecret(t, name+" after a byte order mark", []byte("\uFEFF"+name+rest))
		wantNoSecret(t, name+" in its wire form", append(sshWire(name), random(32)...))
	}
}

func TestWhatOnlyMentionsAKeyIsASecret(t *testing.T) {
	for _, secret := range []string{
		"now ssh-rsa is at the fifth byte, after four others",
		"what the \"kty\" of this may be, nobody can tell",
		"{but this is no JWK: it names no key type at all}",
		"AAAA" + strings.Repeat(" ", 40) + "\n.",
		"AA" + strings.Repeat(" ", 40) + "AA",      // base64 of three zero bytes
		"AAAAA" + strings.Repeat("\n", 40) + "A==", // of four
		"AAAAA" + strings.Repeat("\t", 40) + "AA",  // of five
		"AAAAAA" + strings.Repeat("A", 40),         // zeros that are text
	} {
		if err := jwk.Check("HS256", jwk.Material{Secret: []byte(secret)}); err != nil {
			t.Errorf("%q: got error %v, want none", secret, err)
		}
	}
}

func TestEveryNameWithAMeaningIsReserved(t *testing.T) {
	for _, name := range []string{"", "kty", "use", "key_ops", "alg", "kid", "x5u", "x5c", "x5t", "x5t#S256"} {
		if !jwk.Reserved(name) {
			t.Errorf("Reserved(%q): got false, want true", name)
		}
	}
	for _, name := range []string{"oct", "RSA", "EC", "OKP"} {
		if !jwk.Known(name) {
			t.Errorf("Known(%q): got false, want true", name)
		}
	}
}

func TestAPrivateKeyOfAFurtherTypeMaySign(t *testing.T) {
	text := strings.Replace(latticePrivate, `"use":"sig"`, `"key_ops":["sign"]`, 1)
	if _, err := jwk.Parse([]byte(text), lattice); err != nil {
		t.Errorf("key_ops of sign: got error %v, want none", err)
	}
	_, err := jwk.Parse([]byte(strings.Replace(text, "sign", "verify", 1)), lattice)
	wantError(t, err, jwk.ErrUnsupported, "key_ops lacks sign")
	public := strings.Replace(latticePublic, `"use":"sig"`, `"key_ops":["sign"]`, 1)
	_, err = jwk.Parse([]byte(public), lattice)
	wantError(t, err, jwk.ErrUnsupported, "key_ops lacks verify")
}

func TestMarshalPublicChangesTheOperationsOfPrivateKeysOnly(t *testing.T) {
	both := []string{"sign", "verify"}
	key, err := jwk.Parse([]byte(latticePublic), lattice)
	if err != nil {
		t.Fatal(err)
	}
	key.Operations = both
	for _, k := range []jwk.Key{key, {Material: public(p256().Public()), Operations: both}} {
		data, err := jwk.MarshalPublic(k)
		if err != nil || !strings.Contains(string(data), `"key_ops":["sign","verify"]`) {
			t.Errorf("%v: got %s, error %v, want the operations as they were", k, data, err)
		}
	}
	further, err := jwk.Parse([]byte(latticePrivate), lattice)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []jwk.Key{further, {Material: private(p256())}, {Material: private(rsaKey())}} {
		data, err := jwk.MarshalPublic(k)
		if err != nil || strings.Contains(string(data), "key_ops") {
			t.Errorf("%v: got %s, error %v, want no key_ops, which the key does not have", k, data, err)
		}
	}
	if !slices.Equal(both, []string{"sign", "verify"}) {
		t.Errorf("the caller's operations became %v", both)
	}
}

func TestAllButHMACHavePublicKeys(t *testing.T) {
	for _, algorithm := range append(jwk.Algorithms(), "", "none", "rs256", "ML-DSA-44") {
		want := jwk.Supported(algorithm) && !strings.HasPrefix(algorithm, "HS")
		if got := jwk.Asymmetric(algorithm); got != want {
			t.Errorf("%q: got %t, want %t", algorithm, got, want)
		}
	}
}
