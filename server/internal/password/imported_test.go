package password_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward/server/internal/password"
)

const horse = "correct horse battery"

// imported are hashes as other programs wrote them, with the password of each.
var imported = map[string]struct{ hash, password string }{
	// crypt_blowfish's own vectors.
	"bcrypt, of three characters":   {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	"bcrypt, of four characters":    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
	"bcrypt, of another salt":       {"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"},
	"bcrypt, of the empty password": {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""},

	// libxcrypt.
	"bcrypt 2a":               {"$2a$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", horse},
	"bcrypt 2b":               {"$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", horse},
	"bcrypt 2y":               {"$2y$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", horse},
	"bcrypt, of 72 bytes":     {bcrypt72, strings.Repeat("a", 72)},
	"Django's bcrypt":         {"bcrypt$$2b$05$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.", horse},
	"Django's bcrypt, hashed": {"bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuuGcuILa2E37uJs3NexF6McyNsliG6nJW", horse},

	// Werkzeug 3.1.8.
	"Werkzeug's PBKDF2 with SHA-1":   {"pbkdf2:sha1:1000$BMSImWUL6OjoPY8H$90a17942776ade7de9a28630403a17da34b12ed1", horse},
	"Werkzeug's PBKDF2 with SHA-256": {"pbkdf2:sha256:1000$kQIyfjbIuWqmmGZV$a42bfcbe958299b7395c6acebc7ee67af1bd2f9109ea52654ba2a0b725c4ba11", horse},
	"Werkzeug's PBKDF2 with SHA-512": {"pbkdf2:sha512:1000$XDcC9n5oTJcRYz5c$49e057a6408239eaaf8f62f23cff217dd12f358c5b556fc4948916d8815b9de0118b303f2cc281daa212a3faec21af15a17ccab89394eab27be64d2d90cd218e", horse},
	"Werkzeug's default PBKDF2":      {"pbkdf2:sha256:1000000$EI8qBks2faLkRGep$fd93283533473a6e0ef9b59082c819472c4a6948b047d19616710144a1f47f45", horse},
	"Werkzeug's scrypt":              {"scrypt:1024:8:1$ks9s2VoFyWQPZGxO$125ac3bae4a0890cad6a276a63ab90576e3c6308c7f22e232318c0f39ea067f34d4f8e8806b22a0ff64c57e43813c9018c120953fbf0a9c445ed1282f1966456", horse},
	"Werkzeug's default scrypt":      {"scrypt:32768:8:1$Hc7jaIpX82XmbcO1$f95365024383560cf94da0b3e9ece8678e95137f64d6de936260727cc28e639f7d4bcf5889144de4d136b85e886a8bc9eb399acf7c820c0fa51c0ab5bc9eb7eb", horse},
	"Werkzeug's scrypt, not ASCII":   {"scrypt:1024:8:1$vzNzjTKaAzVSMt6D$c9760d04d9e2ab7dca11e865b35024fb599f1bf315eedf8e645cce23c6ba1f0cc7565a6d7f609fc401201f1cd942d9851d2deeeff6d7de68df18251b14d81c2b", "caf\u00e9 cr\u00e8me \U0001f600"},

	// Django's own vector, one of a program that moved away from it, and Python's hashlib.
	"Django's scrypt":              {"scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==", "l\u00e8tmein"},
	"Django's Argon2":              {"argon2$argon2id$v=19$m=102400,t=2,p=8$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dg$IgorAEoC45Hed6TrnrYvCyIvYcj3785+rmJayoEyW88", "Parity-Pass-2026 \u00fc"},
	"Django's PBKDF2":              {"pbkdf2_sha256$1000$sMFX2KvUbtDdrKeRJcpqMW$nwqHvCva2GpSQYXzEWdKhWG98UixYP6gvnaYR11JQXk=", horse},
	"Django's PBKDF2 with SHA-1":   {"pbkdf2_sha1$1000$sMFX2KvUbtDdrKeRJcpqMW$6ibVPcWW9Yo/FVpVFALqRPrKUiE=", horse},
	"PHC's scrypt with two passes": {"$scrypt$ln=10,r=8,p=2$8PHy8/T19vf4+fr7/P3+/w$BToIq2kJyMV+4aTKRfePTvUGsLmJaQCiLIirE11JVfk", horse},

	// Passlib's documentation, and Python's hashlib.
	"Passlib's scrypt":              {"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", "password"},
	"Passlib's PBKDF2":              {"$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44", "password"},
	"Passlib's PBKDF2 with SHA-1":   {"$pbkdf2$1000$8PHy8/T19vf4.fr7/P3./w$2DNX40nbdH77gy40BOl7GYl.sJg", horse},
	"Passlib's PBKDF2 with SHA-512": {"$pbkdf2-sha512$1000$8PHy8/T19vf4.fr7/P3./w$hWACBuAy41PVaxHMuJVNcqtn6FQe.C1dQ2Bt7XPgCBGLkHEHHdKxW4fzTWC2O9wKVcIX9e3QYMxwnO23HUbLDg", horse},
}

const bcrypt72 = "$2b$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u"

func TestImportedHashesVerifyAndAskForANewOne(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	for name, tt := range imported {
		t.Run(name, func(t *testing.T) {
			if err := password.KnownHash(tt.hash); err != nil {
				t.Errorf("KnownHash: got %v, want none", err)
			}
			ok, rehash, err := p.Verify(t.Context(), tt.hash, tt.password)
			if !ok || !rehash || err != nil {
				t.Errorf("Verify: got %v, %v, %v, want true, true", ok, rehash, err)
			}
			ok, rehash, err = p.Verify(t.Context(), tt.hash, tt.password+"x")
			if ok || rehash || err != nil {
				t.Errorf("Verify of another password: got %v, %v, %v, want false, false", ok, rehash, err)
			}
		})
	}
}

func TestBcryptRefusesWhatItCannotTellApart(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	long := strings.Repeat("a", 72)
	for name, tt := range map[string]struct{ hash, password string }{
		"another end after 72 bytes":      {bcrypt72, long + "x"},
		"a thousand bytes":                {bcrypt72, strings.Repeat("a", 1000)},
		"a NUL that repeats the password": {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U\x00U*U"},
		"a NUL for the empty password":    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", "\x00"},
		"a NUL at the end of 72 bytes":    {"bcrypt$" + bcrypt72, long[:71] + "\x00"},
	} {
		t.Run(name, func(t *testing.T) {
			ok, rehash, err := p.Verify(t.Context(), tt.hash, tt.password)
			if ok || rehash || err != nil {
				t.Errorf("Verify: got %v, %v, %v, want false, false, no error", ok, rehash, err)
			}
		})
	}
	ok, _, err := p.Verify(t.Context(), imported["Django's bcrypt, hashed"].hash, strings.Repeat(horse+"\x00", 10))
	if ok || err != nil {
		t.Errorf("Verify of a long password against a hash of digests: got %v, %v, want false", ok, err)
	}
}

// Each would take gigabytes, minutes or a panic, or has a second spelling.
func TestImportedHashesOutOfBoundsAreRefusedBeforeComputing(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap})
	with := func(name, old, new string) string {
		changed := strings.Replace(imported[name].hash, old, new, 1)
		if changed == imported[name].hash {
			t.Fatalf("%s has no %q", name, old)
		}
		return changed
	}
	for name, hash := range map[string]string{
		"bcrypt of cost 15":                  with("bcrypt 2b", "$05$", "$15$"),
		"bcrypt of cost 31":                  with("bcrypt 2b", "$05$", "$31$"),
		"bcrypt of cost 3":                   with("bcrypt 2b", "$05$", "$03$"),
		"bcrypt of a signed cost":            with("bcrypt 2b", "$05$", "$+5$"),
		"the faulty bcrypt 2x":               with("bcrypt 2b", "$2b$", "$2x$"),
		"bcrypt without a letter":            with("bcrypt 2b", "$2b$", "$2$"),
		"bcrypt cut short":                   bcrypt72[:59],
		"bcrypt too long":                    bcrypt72 + "a",
		"bcrypt with a line break":           with("bcrypt 2b", "abc", "ab\n"),
		"bcrypt with another letter":         with("bcrypt 2b", "abc", "ab\u00e9"),
		"nothing behind Django's bcrypt":     "bcrypt$",
		"Django's bcrypt twice":              "bcrypt$bcrypt$" + bcrypt72,
		"scrypt of 4 GiB":                    with("PHC's scrypt with two passes", "ln=10", "ln=22"),
		"scrypt of 512 MiB":                  with("Passlib's scrypt", "ln=16", "ln=19"),
		"scrypt of 64 shifts":                with("Passlib's scrypt", "ln=16", "ln=64"),
		"scrypt of N = 1":                    with("Passlib's scrypt", "ln=16", "ln=0"),
		"scrypt of r = 0":                    with("Passlib's scrypt", "r=8", "r=0"),
		"scrypt of r = 2³²-1":                with("Passlib's scrypt", "r=8", "r=4294967295"),
		"scrypt of p = 0":                    with("Passlib's scrypt", "p=1", "p=0"),
		"scrypt of a million passes":         with("Passlib's scrypt", "p=1", "p=1000000"),
		"scrypt in another order":            with("Passlib's scrypt", "r=8,p=1", "p=1,r=8"),
		"scrypt without p":                   with("Passlib's scrypt", ",p=1", ""),
		"scrypt without a salt":              with("Passlib's scrypt", "aM15713r3Xsvxbi31lqr1Q", ""),
		"scrypt without a tag":               with("Passlib's scrypt", "nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E", ""),
		"Werkzeug's scrypt of 4 GiB":         with("Werkzeug's default scrypt", "32768", "4194304"),
		"Werkzeug's scrypt of an odd N":      with("Werkzeug's default scrypt", "32768", "32767"),
		"Werkzeug's scrypt of N = 0":         with("Werkzeug's default scrypt", "32768", "0"),
		"Werkzeug's scrypt beyond 32 bits":   with("Werkzeug's default scrypt", "32768", "4294967296"),
		"Werkzeug's scrypt of leading zeros": with("Werkzeug's default scrypt", "32768", "032768"),
		"Werkzeug's scrypt without costs":    with("Werkzeug's default scrypt", "32768:8:1", ""),
		"Werkzeug's scrypt without a salt":   with("Werkzeug's default scrypt", "Hc7jaIpX82XmbcO1", ""),
		"Werkzeug's scrypt in capitals":      with("Werkzeug's default scrypt", "f95365", "F95365"),
		"Werkzeug's scrypt of an odd length": with("Werkzeug's default scrypt", "f95365", "f9536"),
		"PBKDF2 of five million rounds":      with("Werkzeug's default PBKDF2", "1000000", "5000000"),
		"PBKDF2 of rounds beyond 64 bits":    with("Werkzeug's default PBKDF2", "1000000", "18446744073709551617"),
		"PBKDF2 of no rounds":                with("Werkzeug's default PBKDF2", "1000000", "0"),
		"PBKDF2 of negative rounds":          with("Werkzeug's default PBKDF2", "1000000", "-1"),
		"PBKDF2 without the rounds":          with("Werkzeug's default PBKDF2", ":1000000", ""),
		"PBKDF2 with a tag of another hash":  with("Werkzeug's default PBKDF2", "sha256", "sha512"),
		"PBKDF2 with MD5":                    with("Werkzeug's default PBKDF2", "sha256", "md5"),
		"PBKDF2 with a salt of 65 bytes":     with("Werkzeug's default PBKDF2", "EI8q", strings.Repeat("E", 53)),
		"Django's PBKDF2 without padding":    with("Django's PBKDF2", "QXk=", "QXk"),
		"Django's PBKDF2 with a line break":  with("Django's PBKDF2", "QXk=", "QX\nk="),
		"Passlib's PBKDF2 with a plus":       with("Passlib's PBKDF2", ".6UI", "+6UI"),
		"Passlib's PBKDF2 of stray bits":     with("Passlib's PBKDF2", "x3Fhg", "x3Fhh"),
		"Passlib's PBKDF2 with a short tag":  with("Passlib's PBKDF2", "98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44", "98jZicV16ODfEsEZeYPGHQ"),
		"Django's Argon2 of 4 GiB":           with("Django's Argon2", "m=102400", "m=4194304"),
		"Django's Argon2i":                   with("Django's Argon2", "argon2id", "argon2i"),
		"an unusable password of Django":     "!SNmjdlRLQdJ7Yn2fNoJJuYx9dHWzcXMtaROJWTL4",
		"MD5":                                "md5$salt$67a1e09bb1f83f5007dc119c14d663aa",
		"SHA-512 of crypt":                   "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNjnQJuesI68OTLiBFdcbYEdFCoEOfaS35inz1",
		"a password":                         "hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			ok, rehash, err := p.Verify(t.Context(), hash, horse)
			if ok || rehash || !errors.Is(err, password.ErrMalformedHash) {
				t.Errorf("Verify: got %v, %v, %v, want ErrMalformedHash", ok, rehash, err)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("Verify took %v, want less than a second", took)
			}
			known := password.KnownHash(hash)
			if !errors.Is(known, password.ErrMalformedHash) {
				t.Fatalf("KnownHash: got %v, want ErrMalformedHash", known)
			}
			if len(hash) > 8 && strings.Contains(known.Error(), hash[len(hash)-8:]) {
				t.Errorf("KnownHash: got %q, want nothing of the hash in it", known)
			}
		})
	}
}

// Only as many are computed at once as there are workers, and the others are refused when
// the queue is full, whatever the kind of the hash.
func TestImportedHashesTakeAWorker(t *testing.T) {
	p := newPool(t, password.PoolConfig{Params: cheap, Workers: 1, Queue: 1})
	release := password.Occupy(p, 1)
	ctx := t.Context()
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, _, err := p.Verify(ctx, imported["Werkzeug's scrypt"].hash, horse)
			done <- err
		}()
	}
	if err := <-done; !errors.Is(err, password.ErrBusy) {
		t.Errorf("the second in a queue of one: got %v, want ErrBusy", err)
	}
	release()
	if err := <-done; err != nil {
		t.Errorf("the first, when the worker is free: got %v, want none", err)
	}
}

// What is parsed may be computed: its costs are bounded, and it is never printed in an error.
func FuzzKnownHash(f *testing.F) {
	f.Add(goodPHC)
	for _, tt := range imported {
		f.Add(tt.hash)
	}
	f.Add("$2b$31$abcdefghijklmnopqrstuuD3mHdCr44zlIZ.VZCaYRpfQhXMYnEo.")
	f.Add("scrypt:4294967295:8:1$salt$00")
	f.Add("$scrypt$ln=63,r=1,p=1$AA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("pbkdf2:sha256:4000001$salt$00")
	f.Fuzz(func(t *testing.T, hash string) {
		memory, steps, err := password.Cost(hash)
		if known := password.KnownHash(hash); (known == nil) != (err == nil) {
			t.Fatalf("KnownHash(%q): got %v, want %v", hash, known, err)
		}
		if err != nil {
			if !errors.Is(err, password.ErrMalformedHash) {
				t.Fatalf("KnownHash(%q): got %v, want ErrMalformedHash", hash, err)
			}
			return
		}
		if memory > 256<<20 || steps > 4_000_000 || steps == 0 {
			t.Fatalf("KnownHash(%q): got %d bytes and %d steps, want at most 256 MiB and 4,000,000", hash, memory, steps)
		}
	})
}

func ExampleKnownHash() {
	fmt.Println(password.KnownHash("$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"))
	fmt.Println(password.KnownHash("$2b$31$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"))
	fmt.Println(password.KnownHash("pbkdf2:sha256:9000000$salt$00"))
	// Output:
	// <nil>
	// malformed password hash: the cost of bcrypt must be 4 to 14, not 31
	// malformed password hash: the rounds of PBKDF2 must be 1 to 4000000
}
