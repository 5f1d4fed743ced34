package fastkeys_test

import (
	"bytes"
	"errors"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

func TestAPreparedKeyIsTheSameKey(t *testing.T) {
	for _, algorithm := range algorithms {
		key := generate(t, algorithm).WithID("1")
		fast, err := fastkeys.Speed(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		before, _ := key.Public().MarshalJWK()
		after, err := fast.MarshalJWK()
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: got %s and error %v, want %s", algorithm, after, err, before)
		}
		v := newVerifier(t, fast)
		accept(t, v, tokenOf(t, key), 3)
		refuse(t, v, forged(t, key))
	}
}

func TestOtherKeysAreUnsupported(t *testing.T) {
	for _, algorithm := range []durward.Algorithm{durward.HS256, durward.PS256, durward.ES384, durward.ES512} {
		key, err := fastkeys.Speed(generate(t, algorithm).Public())
		if !errors.Is(err, errors.ErrUnsupported) || key != nil {
			t.Errorf("%s: got %v and error %v, want errors.ErrUnsupported alone", algorithm, key, err)
		}
	}
}

// In FIPS 140-3 mode nothing is prepared. The mode is chosen when a program starts, so this test starts itself anew.
func TestNothingIsPreparedInFIPSMode(t *testing.T) {
	const variable = "DURWARD_FASTKEYS_FIPS_CHILD"
	if os.Getenv(variable) == "" {
		child := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), variable+"=1", "GODEBUG=fips140=on")
		output, err := child.CombinedOutput()
		if err != nil || !bytes.Contains(output, []byte("PASS: "+t.Name())) {
			t.Errorf("got error %v, want the child to pass: %s", err, output)
		}
		return
	}
	key := generate(t, durward.ES256)
	if fast, err := fastkeys.Speed(key.Public()); !errors.Is(err, errors.ErrUnsupported) || fast != nil {
		t.Errorf("got %v and error %v, want errors.ErrUnsupported alone", fast, err)
	}
	s := newSource(t, setOf(t, key), 1)
	if got := look(t, s, key); got != key.Public() {
		t.Errorf("got %v, want the key as it came", got)
	}
}

func TestDigitsAddUpToTheNumber(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := [][]byte{make([]byte, 32), bytes.Repeat([]byte{0xff}, 32), append([]byte{0x80}, make([]byte, 31)...)}
	for range 2_000 {
		numbers = append(numbers, randomBytes(random, 32))
	}
	for width := uint(2); width <= 13; width++ {
		windows := int(257+width-1) / int(width)
		for _, number := range numbers {
			sum, half := new(big.Int), int16(1)<<(width-1)
			for i, digit := range fastkeys.Digits(number, windows, width) {
				if digit > half || digit <= -half {
					t.Fatalf("width %d: got the digit %d, want more than %d and at most %d", width, digit, -half, half)
				}
				sum.Add(sum, new(big.Int).Lsh(big.NewInt(int64(digit)), uint(i)*width))
			}
			if want := new(big.Int).SetBytes(number); sum.Cmp(want) != 0 {
				t.Fatalf("width %d: got the sum %x, want %x", width, sum, want)
			}
		}
	}
}

// A check allocates little, and neither keeps nor changes what it is given.
func TestAVerifierLeavesItsArgumentsAlone(t *testing.T) {
	for _, algorithm := range algorithms {
		k := newKey(t, algorithm)
		message := []byte("message")
		signature := k.sign(t, message)
		m, s := bytes.Clone(message), bytes.Clone(signature)
		if !k.fast(m, s) || !bytes.Equal(m, message) || !bytes.Equal(s, signature) {
			t.Errorf("%s: got another message or signature, or false", algorithm)
		}
	}
}
