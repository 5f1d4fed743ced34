package password_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/password"
)

const (
	goodSalt = "AAECAwQFBgcICQoLDA0ODw"
	goodTag  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
	goodPHC  = "$argon2id$v=19$m=19456,t=2,p=1$" + goodSalt + "$" + goodTag
)

// The bounds hold before anything is computed: each of these would otherwise take gigabytes,
// minutes or a panic.
func TestStoredHashesOutOfBoundsAreRefusedBeforeComputing(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	with := func(old, new string) string { return strings.Replace(goodPHC, old, new, 1) }
	tests := map[string]string{
		"nothing":                         "",
		"text":                            "password",
		"4 GiB of memory":                 with("m=19456", "m=4194304"),
		"memory beyond 32 bits":           with("m=19456", "m=4294967297"),
		"no memory":                       with("m=19456", "m=0"),
		"a million passes":                with("t=2", "t=1000000"),
		"less memory than the lanes need": with("m=19456,t=2,p=1", "m=64,t=2,p=9"),
		"no passes":                       with("t=2", "t=0"),
		"no lanes":                        with("p=1", "p=0"),
		"255 lanes":                       with("p=1", "p=255"),
		"256 lanes":                       with("p=1", "p=256"),
		"too much memory times passes":    with("m=19456,t=2", "m=262144,t=64"),
		"a leading zero":                  with("t=2", "t=02"),
		"a sign":                          with("t=2", "t=+2"),
		"a negative number":               with("t=2", "t=-2"),
		"no number":                       with("t=2", "t="),
		"another order":                   with("m=19456,t=2", "t=2,m=19456"),
		"a parameter twice":               with("t=2", "t=2,t=2"),
		"a parameter too few":             with(",p=1", ""),
		"a key id":                        with("p=1", "p=1,keyid=AA"),
		"argon2i":                         with("argon2id", "argon2i"),
		"argon2d":                         with("argon2id", "argon2d"),
		"capitals":                        with("argon2id", "ARGON2ID"),
		"the old version":                 with("v=19", "v=16"),
		"no version":                      with("v=19$", ""),
		"no salt":                         with(goodSalt, ""),
		"a salt of 7 bytes":               with(goodSalt, "AAECAwQFBg"),
		"a salt of 65 bytes":              with(goodSalt, strings.Repeat("A", 87)),
		"a tag of 15 bytes":               with(goodTag, "AAECAwQFBgcICQoLDA0O"),
		"no tag":                          with("$"+goodTag, ""),
		"an empty tag":                    with(goodTag, ""),
		"padding":                         goodPHC + "=",
		"another alphabet":                with(goodSalt, "-_ECAwQFBgcICQoLDA0ODw"),
		"bits that do not count":          with(goodTag, goodTag[:len(goodTag)-1]+"9"),
		"a line break in the tag":         with(goodTag, goodTag[:8]+"\n"+goodTag[8:]),
		"a field too many":                goodPHC + "$",
		"something before":                " " + goodPHC,
		"a megabyte":                      goodPHC + strings.Repeat("A", 1<<20),
	}
	for name, phc := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			ok, rehash, err := p.Verify(t.Context(), phc, "correct horse")
			if ok || rehash || !errors.Is(err, password.ErrMalformedHash) {
				t.Errorf("Verify: got %v, %v, %v, want ErrMalformedHash", ok, rehash, err)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("Verify took %v, want less than a second", took)
			}
		})
	}
}

func TestErrorsOfStoredHashesDoNotPrintThem(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	_, _, err := p.Verify(t.Context(), strings.Replace(goodPHC, "t=2", "t=1000000", 1), "correct horse")
	if err == nil || strings.Contains(err.Error(), goodSalt) || strings.Contains(err.Error(), goodTag) {
		t.Errorf("error: got %v, want one without the salt and the tag", err)
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add(goodPHC)
	f.Add(strings.Replace(goodPHC, "m=19456", "m=8", 1))
	f.Add(strings.Replace(goodPHC, "p=1", "p=16", 1))
	f.Add(strings.Replace(goodPHC, "$v=19", "", 1))
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG")
	f.Fuzz(func(t *testing.T, phc string) {
		spelling, params, err := password.ParsePHC(phc)
		if err != nil {
			if !errors.Is(err, password.ErrMalformedHash) {
				t.Fatalf("ParsePHC(%q): got %v, want ErrMalformedHash", phc, err)
			}
			return
		}
		if spelling != phc {
			t.Fatalf("ParsePHC(%q): got the spelling %q, want one spelling for each hash", phc, spelling)
		}
		if err := params.Check(); err != nil {
			t.Fatalf("ParsePHC(%q): got parameters out of bounds: %v", phc, err)
		}
	})
}
