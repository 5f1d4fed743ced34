package fastkeys_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/durward-auth/durward"
)

// cases is how many signatures of each algorithm are compared: DURWARD_FASTKEYS_CASES, or some thousands.
func cases(t *testing.T) int {
	t.Helper()
	text := os.Getenv("DURWARD_FASTKEYS_CASES")
	if text == "" {
		return 2_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("DURWARD_FASTKEYS_CASES is %q, not a number of cases", text)
	}
	return n
}

// ed25519Order is the order of the group in which Ed25519 signs.
var ed25519Order, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

func TestRandomAndChangedSignaturesAreJudgedAsByTheStandardLibrary(t *testing.T) {
	const casesOfKey, casesOfSignature = 20_000, 50
	for _, algorithm := range algorithms {
		t.Run(string(algorithm), func(t *testing.T) {
			seed := rand.Uint64()
			random := rand.New(rand.NewPCG(seed, 1))
			var k *key
			var message, signature []byte
			accepted, refused := 0, 0
			for i := range cases(t) {
				if i == 0 {
					k = newKey(t, algorithm)
				} else if i%casesOfKey == 0 {
					fresh, err := durward.GenerateKey(algorithm)
					if err != nil {
						t.Fatal(err)
					}
					k = keyOf(t, fresh)
				}
				if i%casesOfSignature == 0 {
					message = randomBytes(random, random.IntN(700))
					signature = k.sign(t, message)
				}
				m, s := change(random, k, message, signature)
				want := k.standard(m, s)
				if got := k.fast(m, s); got != want {
					t.Fatalf("seed %d, case %d: got %v, want %v\nkey %v\nmessage %x\nsignature %x", seed, i, got, want, k.private.Public(), m, s)
				}
				if want {
					accepted++
				} else {
					refused++
				}
			}
			if accepted == 0 || refused == 0 {
				t.Errorf("got %d accepted and %d refused, want some of each", accepted, refused)
			}
			t.Logf("%d accepted, %d refused", accepted, refused)
		})
	}
}

func randomBytes(random *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// change returns the message and the signature as they are, or with a change to one of them.
func change(random *rand.Rand, k *key, message, signature []byte) ([]byte, []byte) {
	message, signature = bytes.Clone(message), bytes.Clone(signature)
	half := len(signature) / 2
	switch random.IntN(12) {
	case 0, 1, 2: // as it is
	case 3:
		signature[random.IntN(len(signature))] ^= 1 << random.IntN(8)
	case 4:
		signature[random.IntN(len(signature))] = byte(random.Uint32())
	case 5:
		message = append(message, byte(random.Uint32()))
	case 6:
		signature = randomBytes(random, len(signature))
	case 7:
		signature = signature[:random.IntN(len(signature))]
	case 8:
		signature = append(signature, randomBytes(random, 1+random.IntN(3))...)
	case 9:
		signature = slices.Concat(signature[half:], signature[:half])
	case 10:
		clear(signature[half*random.IntN(2):][:half])
	default:
		signature = twin(random, k, signature)
	}
	return message, signature
}

// twin changes a number in the signature by the modulus or the order, or takes the negative.
func twin(random *rand.Rand, k *key, signature []byte) []byte {
	part, order := signature[len(signature)/2:], elliptic.P256().Params().N
	if k.algorithm == durward.EdDSA || k.algorithm == durward.Ed25519 {
		order = ed25519Order
		slices.Reverse(part)
		defer slices.Reverse(part)
	} else if public, ok := k.private.Public().(*rsa.PublicKey); ok {
		part, order = signature, public.N
	} else if random.IntN(2) == 0 {
		part = signature[:len(signature)/2]
	}
	value := new(big.Int).SetBytes(part)
	switch random.IntN(3) {
	case 0:
		value.Add(value, order)
	case 1:
		value.Sub(order, value)
	default:
		value.Add(value, new(big.Int).Lsh(order, uint(random.IntN(4))))
	}
	if value.Sign() >= 0 && value.BitLen() <= 8*len(part) {
		value.FillBytes(part)
	}
	return signature
}
