package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/durward-auth/durward/session"
)

// key is the 32 bytes 0, 1, … 31: a test vector's, never a server's.
func key() []byte {
	key := make([]byte, session.MinKeyLen)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

func newCodec(t testing.TB) *session.Codec {
	t.Helper()
	codec, err := session.NewCodec(key())
	if err != nil {
		t.Fatalf("NewCodec: %v", err)
	}
	return codec
}

// The tokens were computed by another HMAC implementation from the format's
// description: a change of the format would log every user out.
func TestTokenFormatIsFixed(t *testing.T) {
	codec := newCodec(t)
	if got, want := codec.Token("AAAAAAAAAAAAAAAAAAAAAA", 0), "drt_AAAAAAAAAAAAAAAAAAAAAA.0.45Te9oQOGQQ3HTu6iVmn2_uEtW-XwrH6wClIzUMCFJY"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := codec.Bind("app-1").Token("s", math.MaxInt64), "drt_s.9223372036854775807.a-Ag5ZWFHeBxyS4wD2mT2uiYOPIv5f9LLcnmT2HqWtE"; got != want {
		t.Errorf("bound: got %s, want %s", got, want)
	}
}

func TestTokenRoundTrip(t *testing.T) {
	shape := regexp.MustCompile(`^drt_[A-Za-z0-9_-]{1,64}\.[0-9]{1,19}\.[A-Za-z0-9_-]{43}$`)
	codec := newCodec(t)
	for _, id := range []string{"a", "-", "_", "drt_", session.NewID(), strings.Repeat("Z", 64)} {
		for _, generation := range []int64{0, 1, 9, 10, 1 << 40, math.MaxInt64} {
			token := codec.Token(id, generation)
			if !shape.MatchString(token) || len(token) > session.MaxTokenLen {
				t.Errorf("token of %s, %d: got %s, want %s in at most %d bytes", id, generation, token, shape, session.MaxTokenLen)
			}
			gotID, gotGeneration, err := codec.Parse(token)
			if gotID != id || gotGeneration != generation || err != nil {
				t.Errorf("Parse: got %s, %d, %v; want %s, %d", gotID, gotGeneration, err, id, generation)
			}
		}
	}
}

func TestTokenIsEmptyForWhatItCannotCarry(t *testing.T) {
	codec := newCodec(t)
	for _, id := range []string{"", "a.b", "a b", "ä", "a\x00", "a=", strings.Repeat("Z", 65)} {
		if got := codec.Token(id, 0); got != "" {
			t.Errorf("id %q: got %s, want no token", id, got)
		}
	}
	if got := codec.Token("a", -1); got != "" {
		t.Errorf("generation -1: got %s, want no token", got)
	}
}

// F09: each change of one byte to any other, each missing byte, each byte more.
func TestParseRefusesEveryChangeOfOneCharacter(t *testing.T) {
	codec := newCodec(t)
	token := codec.Token("Ab_-9zQ", 41)
	refused := func(changed string) {
		t.Helper()
		if changed == token {
			return
		}
		id, generation, err := codec.Parse(changed)
		if !errors.Is(err, session.ErrInvalid) || id != "" || generation != 0 {
			t.Errorf("%q: got %q, %d, %v; want ErrInvalid alone", changed, id, generation, err)
		}
	}
	for i := range len(token) + 1 {
		refused(token[:i])
		refused(token[i:])
		for b := range 256 {
			refused(token[:i] + string([]byte{byte(b)}) + token[i:])
			if i < len(token) {
				refused(token[:i] + string([]byte{byte(b)}) + token[i+1:])
			}
		}
		if i < len(token) {
			refused(token[:i] + token[i+1:])
		}
		if i+1 < len(token) {
			refused(token[:i] + token[i+1:i+2] + token[i:i+1] + token[i+2:])
		}
	}
}

func TestParseRefuses(t *testing.T) {
	codec := newCodec(t)
	token := codec.Token("a", 7)
	other, err := session.NewCodec(append(key(), 0xff))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	tests := map[string]string{
		"nothing":                              "",
		"the prefix alone":                     "drt_",
		"another prefix":                       "dat_" + token[4:],
		"the prefix twice":                     "drt_" + token,
		"upper case":                           strings.ToUpper(token),
		"lower case":                           strings.ToLower(token),
		"padding":                              token + "=",
		"a line break":                         token + "\n",
		"white space before":                   " " + token,
		"a generation with a leading zero":     parts[0] + ".07." + parts[2],
		"a generation with a plus":             parts[0] + ".+7." + parts[2],
		"a generation with an underscore":      parts[0] + ".0_7." + parts[2],
		"a negative generation":                parts[0] + ".-7." + parts[2],
		"a generation past 63 bits":            parts[0] + ".9223372036854775815." + parts[2],
		"the tag of another generation":        parts[0] + ".8." + parts[2],
		"the tag of another session":           "drt_b.7." + parts[2],
		"a fourth part":                        token + ".x",
		"a token of another key":               other.Token("a", 7),
		"a token of a bound codec":             codec.Bind("app").Token("a", 7),
		"a megabyte":                           token + strings.Repeat("A", 1<<20),
		"the longest length, all wrong":        strings.Repeat("A", session.MaxTokenLen),
		"an id of 65 characters":               "drt_" + strings.Repeat("a", 65) + ".7." + parts[2],
		"an access token of three parts":       "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
		"a session id that ends in a dot":      "drt_a..7." + parts[2],
		"a session id with a byte of no ASCII": "drt_\xff.7." + parts[2],
	}
	for name, token := range tests {
		t.Run(name, func(t *testing.T) {
			id, generation, err := codec.Parse(token)
			if !errors.Is(err, session.ErrInvalid) || !errors.Is(err, session.ErrRefused) || id != "" || generation != 0 {
				t.Errorf("got %q, %d, %v; want ErrInvalid alone", id, generation, err)
			}
		})
	}
}

// F12, F04: a token of one client or DPoP key is nothing to another.
func TestABoundTokenIsItsPartysAlone(t *testing.T) {
	codec := newCodec(t)
	parties := []string{"", "app-1", "app-2", "app-1\x00", "app-", strings.Repeat("x", 300)}
	for _, maker := range parties {
		token := codec.Bind(maker).Token("s", 3)
		for _, reader := range parties {
			_, _, err := codec.Bind("another").Bind(reader).Parse(token)
			if got, want := err == nil, maker == reader; got != want {
				t.Errorf("made by %q, read by %q: got accepted %v, want %v", maker, reader, got, want)
			}
		}
	}
}

// Every way to cut the same characters into party, session and generation is
// another token.
func TestTokensOfDifferentInputsDiffer(t *testing.T) {
	codec := newCodec(t)
	const characters = "11111"
	tags := map[string]string{}
	for i := range len(characters) {
		for j := i + 1; j < len(characters); j++ {
			party, id, number := characters[:i], characters[i:j], characters[j:]
			var generation int64
			fmt.Sscan(number, &generation)
			token := codec.Bind(party).Token(id, generation)
			tag := token[strings.LastIndexByte(token, '.'):]
			input := fmt.Sprint(party, "|", id, "|", number)
			if other, ok := tags[tag]; ok {
				t.Errorf("%s and %s have one tag", other, input)
			}
			tags[tag] = input
		}
	}
}

func TestNewCodecWantsALongKeyAndCopiesIt(t *testing.T) {
	for _, n := range []int{0, 1, 16, 31} {
		codec, err := session.NewCodec(make([]byte, n))
		if err == nil || codec != nil {
			t.Errorf("a key of %d bytes: got %v, want an error", n, codec)
		}
	}
	mine := key()
	codec, err := session.NewCodec(mine)
	if err != nil {
		t.Fatal(err)
	}
	before := codec.Token("a", 1)
	clear(mine)
	if got := codec.Token("a", 1); got != before {
		t.Errorf("after the caller cleared the key: got %s, want %s", got, before)
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		id := session.NewID()
		if !session.ValidID(id) || len(id) != 22 || seen[id] {
			t.Fatalf("got %q (seen before: %v), want 22 new characters", id, seen[id])
		}
		seen[id] = true
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	secretKey := []byte("correct horse battery staple, and then some")
	codec, err := session.NewCodec(secretKey)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := session.NewManager(session.Config{Store: session.NewMemory(), Codec: codec})
	if err != nil {
		t.Fatal(err)
	}
	grant, err := manager.Open(t.Context(), session.Login{UserID: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	token := grant.Token
	tag := token.Reveal()[strings.LastIndexByte(token.Reveal(), '.')+1:]
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "codec", codec, "value", *codec, "token", token, "grant", grant)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "codec", codec, "token", token, "grant", grant)
	outputs := []string{log.String(), codec.String(), token.String(), token.GoString()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T%v"} {
		for _, v := range []any{codec, *codec, token, grant, session.Config{Codec: codec}, &session.Config{Codec: codec}} {
			outputs = append(outputs, fmt.Sprintf(verb, v))
		}
	}
	for _, v := range []any{codec, *codec, token, grant, map[session.RefreshToken]int{token: 1}} {
		encoded, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("Marshal: %v", err)
		}
		outputs = append(outputs, string(encoded))
	}
	for _, secret := range []string{tag, string(secretKey), fmt.Sprint(secretKey), fmt.Sprintf("%x", secretKey), fmt.Sprintf("%#v", secretKey)} {
		for _, output := range outputs {
			if strings.Contains(output, secret) {
				t.Errorf("%q holds the secret %q", output, secret)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	codec := newCodec(f)
	for _, seed := range []string{
		codec.Token("a", 0), codec.Token(session.NewID(), math.MaxInt64), codec.Token("a", 0) + "=",
		"drt_", "drt_..", "drt_a.0.", "drt_a.00." + strings.Repeat("A", 43), "", "drt_a.-1.x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, generation, err := codec.Parse(token)
		if err != nil {
			if !errors.Is(err, session.ErrInvalid) || id != "" || generation != 0 {
				t.Fatalf("%q: got %q, %d, %v; want ErrInvalid alone", token, id, generation, err)
			}
			return
		}
		if made := codec.Token(id, generation); made != token {
			t.Fatalf("two spellings of one token: %q and %q", token, made)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	codec := newCodec(b)
	token := codec.Token(session.NewID(), 12)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := codec.Parse(token); err != nil {
			b.Fatal(err)
		}
	}
}
