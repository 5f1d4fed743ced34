package durward_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/durward-auth/durward"
)

// forEachAlgorithm runs a subtest with a verifier that knows one key of the algorithm, and its good token cut
// into what is signed and the signature.
func forEachAlgorithm(t *testing.T, f func(t *testing.T, m *material, v *durward.Verifier, input string, signature []byte)) {
	t.Helper()
	for _, algorithm := range algorithms {
		t.Run(string(algorithm), func(t *testing.T) {
			m := materialOf(t, algorithm)
			token := m.forge(t, m.header(), payload())
			dot := strings.LastIndexByte(token, '.')
			v := newVerifier(t, config(m.key))
			accepted(t, v, token)
			f(t, m, v, token[:dot], decode(t, token[dot+1:]))
		})
	}
}

func TestEveryAlgorithmVerifiesWhatAnotherImplementationSigned(t *testing.T) {
	forEachAlgorithm(t, func(t *testing.T, m *material, v *durward.Verifier, input string, signature []byte) {
		claims := accepted(t, v, input+"."+encode(string(signature)))
		if claims.Subject != "ada" || claims.KeyID != m.key.ID() {
			t.Errorf("got subject %q and key %q, want ada and %q", claims.Subject, claims.KeyID, m.key.ID())
		}
		public := newVerifier(t, config(m.key.Public()))
		accepted(t, public, input+"."+encode(string(signature)))
	})
}

func TestEveryAlgorithmSignsWhatItVerifies(t *testing.T) {
	for _, algorithm := range algorithms {
		key, err := durward.GenerateKey(algorithm)
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		signer := newSigner(t, key)
		token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ada"})
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		if got := accepted(t, newVerifier(t, config(key)), token).Subject; got != "ada" {
			t.Errorf("%s: got subject %q, want ada", algorithm, got)
		}
	}
}

// C10: whatever single bit an attacker flips, the token is refused.
func TestEverySingleBitCounts(t *testing.T) {
	forEachAlgorithm(t, func(t *testing.T, m *material, v *durward.Verifier, input string, signature []byte) {
		t.Parallel()
		header, payload, _ := strings.Cut(input, ".")
		parts := [][]byte{decode(t, header), decode(t, payload), signature}
		count := 0
		for part := range parts {
			for bit := range len(parts[part]) * 8 {
				flipped := slices.Clone(parts)
				flipped[part] = slices.Clone(parts[part])
				flipped[part][bit/8] ^= 1 << (bit % 8)
				token := encode(string(flipped[0])) + "." + encode(string(flipped[1])) + "." + encode(string(flipped[2]))
				if _, err := v.Verify(t.Context(), token); !errors.Is(err, durward.ErrToken) {
					t.Fatalf("bit %d of part %d: got %v, want a refusal", bit, part, err)
				}
				count++
			}
		}
		token := input + "." + encode(string(signature))
		for bit := range len(token) * 8 {
			text := []byte(token)
			text[bit/8] ^= 1 << (bit % 8)
			if m.algorithm != durward.HS256 && bit >= len(input)*8 {
				break // spellings of the signature are the same for all
			}
			if _, err := v.Verify(t.Context(), string(text)); !errors.Is(err, durward.ErrToken) {
				t.Fatalf("bit %d of the text: got %v, want a refusal", bit, err)
			}
			count++
		}
		if count < 2000 {
			t.Errorf("tried %d bits, want at least 2000", count)
		}
	})
}

func TestSignaturesOfTheWrongLength(t *testing.T) {
	forEachAlgorithm(t, func(t *testing.T, m *material, v *durward.Verifier, input string, signature []byte) {
		for _, n := range []int{1, 16, 31, 32, 48, 63, 64, 65, 66, 96, 131, 132, 133, 256, 1024, 1025, 2000} {
			if n == len(signature) {
				continue
			}
			other := make([]byte, n)
			copy(other, signature)
			refused(t, v, input+"."+encode(string(other)), durward.ErrTokenSignature)
		}
		refused(t, v, input+"."+encode(string(signature)+"x"), durward.ErrTokenSignature)
		refused(t, v, input+"."+encode("\x00"+string(signature)), durward.ErrTokenSignature)
		refused(t, v, input+".", durward.ErrTokenMalformed) // C12
	})
}

func TestSignaturesOverSomethingElse(t *testing.T) {
	forEachAlgorithm(t, func(t *testing.T, m *material, v *durward.Verifier, input string, _ []byte) {
		header, payload, _ := strings.Cut(input, ".")
		for name, message := range map[string]string{
			"C13 the header alone":         header,
			"C13 the payload alone":        payload,
			"C13 the parts swapped":        payload + "." + header,
			"C13 a dot at the end":         input + ".",
			"C13 no dot between the parts": header + payload,
			"C13 the decoded parts":        string(decode(t, header)) + "." + string(decode(t, payload)),
			"A25 nothing":                  "",
		} {
			t.Run(name, func(t *testing.T) {
				refused(t, v, input+"."+encode(string(m.sign(t, m.algorithm, message))), durward.ErrTokenSignature)
			})
		}
	})
}

func TestECDSASignatures(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.ES256, durward.ES384, durward.ES512} {
		m := materialOf(t, algorithm)
		v := newVerifier(t, config(m.key))
		curve := m.private.(*ecdsa.PrivateKey).Curve
		n := curve.Params().N
		input := encode(m.header()) + "." + encode(payload())
		signature := m.sign(t, algorithm, input)
		size := len(signature) / 2
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		token := func(signature []byte) string { return input + "." + encode(string(signature)) }
		accepted(t, v, token(signature))

		// C01: the psychic signature and its relatives.
		edges := []*big.Int{new(big.Int), big.NewInt(1), new(big.Int).Sub(n, big.NewInt(1)), n}
		for i, first := range edges {
			for j, second := range edges {
				t.Run(fmt.Sprintf("%s C01 edge %d and %d", algorithm, i, j), func(t *testing.T) {
					refused(t, v, token(rawECDSA(curve, first, second)), durward.ErrTokenSignature)
				})
			}
			refused(t, v, token(rawECDSA(curve, r, first)), durward.ErrTokenSignature)
			refused(t, v, token(rawECDSA(curve, first, s)), durward.ErrTokenSignature)
		}
		der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		if err != nil {
			t.Fatal(err)
		}
		padded := append(append(append([]byte{0}, signature[:size]...), 0), signature[size:]...)
		for name, wrong := range map[string][]byte{
			"C02 DER":             der,
			"C02 leading zeros":   padded,
			"C02 one byte less":   signature[:2*size-1],
			"C02 one byte more":   append(slices.Clone(signature), 0),
			"C02 r alone":         signature[:size],
			"C02 s before r":      append(slices.Clone(signature[size:]), signature[:size]...),
			"C02 r and s plus n":  overflowing(curve.Params().BitSize, r, new(big.Int).Add(s, n)),
			"C02 all bits set":    []byte(strings.Repeat("\xff", 2*size)),
			"C02 the wrong curve": make([]byte, 2*size+32),
		} {
			t.Run(string(algorithm)+" "+name, func(t *testing.T) { refused(t, v, token(wrong), durward.ErrTokenSignature) })
		}
	}
}

// overflowing is R || S where S may need more than its room, which cuts it.
func overflowing(bits int, r, s *big.Int) []byte {
	size := (bits + 7) / 8
	room := new(big.Int).Lsh(big.NewInt(1), uint(8*size))
	out := make([]byte, 2*size)
	r.FillBytes(out[:size])
	new(big.Int).Mod(s, room).FillBytes(out[size:])
	return out
}

// C03: (r, n-s) is a good signature too, so what is revoked must be the token's id and not its text.
func TestARevokedTokenHasNoTwin(t *testing.T) {
	m := materialOf(t, durward.ES256)
	n := m.private.(*ecdsa.PrivateKey).Curve.Params().N
	input := encode(m.header()) + "." + encode(payload())
	signature := m.sign(t, durward.ES256, input)
	s := new(big.Int).SetBytes(signature[32:])
	twin := rawECDSA(m.private.(*ecdsa.PrivateKey).Curve, new(big.Int).SetBytes(signature[:32]), s.Sub(n, s))

	revoked := false
	c := config(m.key)
	c.Revocation = func(_ context.Context, claims durward.Claims) error {
		if revoked && claims.ID == "token-1" {
			return durward.ErrTokenRevoked
		}
		return nil
	}
	v := newVerifier(t, c)
	for _, signature := range [][]byte{signature, twin} {
		accepted(t, v, input+"."+encode(string(signature)))
	}
	revoked = true
	for _, signature := range [][]byte{signature, twin} {
		refused(t, v, input+"."+encode(string(signature)), durward.ErrTokenRevoked)
	}
}

// C06: the salt is as long as the hash, no more and no less.
func TestPSSSalts(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.PS256, durward.PS384, durward.PS512} {
		m := materialOf(t, algorithm)
		v := newVerifier(t, config(m.key))
		key, h := m.private.(*rsa.PrivateKey), hashOf(algorithm)
		input := encode(m.header()) + "." + encode(payload())
		state := h.New()
		state.Write([]byte(input))
		for _, salt := range []int{h.Size(), rsa.PSSSaltLengthAuto, 1, 10, 20, h.Size() - 1, h.Size() + 1} {
			signature, err := rsa.SignPSS(rand.Reader, key, h, state.Sum(nil), &rsa.PSSOptions{SaltLength: salt})
			if err != nil {
				t.Fatal(err)
			}
			token := input + "." + encode(string(signature))
			if salt == h.Size() {
				accepted(t, v, token)
			} else {
				refused(t, v, token, durward.ErrTokenSignature)
			}
		}
	}
}

// C07: S must be below the order of the group (RFC 8032 §5.1.7).
func TestEd25519SignaturesAreReduced(t *testing.T) {
	m := materialOf(t, durward.EdDSA)
	v := newVerifier(t, config(m.key))
	input := encode(m.header()) + "." + encode(payload())
	signature := m.sign(t, durward.EdDSA, input)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

	reversed := func(b []byte) []byte { b = slices.Clone(b); slices.Reverse(b); return b }
	s := new(big.Int).SetBytes(reversed(signature[ed25519.SignatureSize/2:]))
	sum := new(big.Int).Add(s, order).FillBytes(make([]byte, 32))
	unreduced := append(slices.Clone(signature[:32]), reversed(sum)...)
	refused(t, v, input+"."+encode(string(unreduced)), durward.ErrTokenSignature)
	for i := 32; i < 64; i++ {
		signature[i] = 0xff
	}
	refused(t, v, input+"."+encode(string(signature)), durward.ErrTokenSignature)
}

// C09: a MAC by a weaker hash, or a part of one, is none.
func TestOtherMACs(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v := newVerifier(t, config(m.key))
	input := encode(m.header()) + "." + encode(payload())
	mac := func(h crypto.Hash) []byte {
		state := hmac.New(h.New, m.secret)
		state.Write([]byte(input))
		return state.Sum(nil)
	}
	sha1MAC, md5MAC := hmac.New(sha1.New, m.secret), hmac.New(md5.New, m.secret)
	sha1MAC.Write([]byte(input))
	md5MAC.Write([]byte(input))
	plain := sha256.Sum256([]byte(input))
	for name, signature := range map[string][]byte{
		"C09 HMAC-SHA-1":         sha1MAC.Sum(nil),
		"C09 HMAC-MD5":           md5MAC.Sum(nil),
		"C09 HMAC-SHA-512":       mac(crypto.SHA512),
		"C09 HMAC-SHA-512, cut":  mac(crypto.SHA512)[:32],
		"C09 a hash without key": plain[:],
		"C09 MAC and more":       append(mac(crypto.SHA256), 0),
		"C09 half a MAC":         mac(crypto.SHA256)[:16],
		"C09 all but one byte":   mac(crypto.SHA256)[:31],
	} {
		t.Run(name, func(t *testing.T) { refused(t, v, input+"."+encode(string(signature)), durward.ErrTokenSignature) })
	}
}
