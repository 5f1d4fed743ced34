package jwk_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/durward-auth/durward/internal/jwk"
)

// smallOrder are the encodings that Go decodes as one of the eight points whose order divides 8:
// the canonical ones, then the others.
func smallOrder() (canonical, other []string) {
	zeros, ones := fmt.Sprintf("%060d", 0), ""
	for range 30 {
		ones += "ff"
	}
	return []string{
			"01" + zeros + "00", // order 1
			"ec" + ones + "7f",  // order 2
			"00" + zeros + "00", // order 4
			"00" + zeros + "80",
			"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
			"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
			"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
			"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		}, []string{
			"01" + zeros + "80", // -0, 1
			"ec" + ones + "ff",  // -0, -1
			"ed" + ones + "7f",  // y = p
			"ed" + ones + "ff",
			"ee" + ones + "7f", // y = p + 1
			"ee" + ones + "ff",
		}
}

func TestASmallOrderEd25519KeyIsRefused(t *testing.T) { // B25, C08
	canonical, other := smallOrder()
	for _, text := range slices.Concat(canonical, other) {
		t.Run(text, func(t *testing.T) {
			key := ed25519.PublicKey(must(hex.DecodeString(text)))
			if !forgeable(key) {
				t.Fatalf("no message has a forged signature: this is not a point of small order")
			}
			sentinel := jwk.ErrWeak
			if slices.Contains(other[2:], text) {
				sentinel = jwk.ErrInvalid
			}
			wantError(t, jwk.Check("EdDSA", public(key)), sentinel, "Ed25519 public key is")
			wantError(t, jwk.Check("Ed25519", public(key)), sentinel, "Ed25519 public key is")
			_, err := jwk.Parse(doc{"kty": "OKP", "crv": "Ed25519", "x": b64(key)}.json())
			wantError(t, err, sentinel, "Ed25519 public key is")
			_, _, err = jwk.ParseSet(set(doc{"kty": "OKP", "crv": "Ed25519", "x": b64(key)}))
			wantError(t, err, sentinel, "keys[0]: Ed25519 public key is")
			_, err = jwk.MarshalPublicPEM(key)
			wantError(t, err, sentinel, "Ed25519 public key is")
		})
	}
}

// forgeable finds a message for which the signature (R = identity, S = 0) is accepted without any private key:
// every eighth message on average, every single one under the identity.
func forgeable(key ed25519.PublicKey) bool {
	signature := make([]byte, ed25519.SignatureSize)
	signature[0] = 1
	for i := range 1000 {
		if ed25519.Verify(key, fmt.Append(nil, i), signature) {
			return true
		}
	}
	return false
}

func TestANonCanonicalEd25519KeyIsRefused(t *testing.T) { // B25, C08
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	for above := range int64(19) {
		for _, sign := range []byte{0, 0x80} {
			key := new(big.Int).Add(p, big.NewInt(above)).FillBytes(make([]byte, 32))
			slices.Reverse(key)
			key[31] |= sign
			wantError(t, jwk.Check("EdDSA", public(ed25519.PublicKey(key))), jwk.ErrInvalid, "not canonically encoded")
		}
	}
}

func TestAnEd25519KeyThatIsNoPointIsRefused(t *testing.T) {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d, _ := new(big.Int).SetString("37095705934669439343138083508754565189542113879843219016388785533085940283555", 10) // RFC 8032 §5.1
	one := big.NewInt(1)
	for i := range int64(200) {
		y := new(big.Int).Add(new(big.Int).SetBytes(random(31)), big.NewInt(i))
		square := new(big.Int).Mul(y, y)
		v := new(big.Int).Mul(d, square)
		v.Add(v, one).ModInverse(v, p)
		v.Mul(v, square.Sub(square, one)).Mod(v, p)
		point := new(big.Int).ModSqrt(v, p) != nil

		key := y.FillBytes(make([]byte, 32))
		slices.Reverse(key)
		err := jwk.Check("EdDSA", public(ed25519.PublicKey(key)))
		if point && err != nil {
			t.Errorf("y = %d is a point: got error %v, want none", y, err)
		}
		if !point {
			wantError(t, err, jwk.ErrInvalid, "not a point on the curve")
		}
	}
}
