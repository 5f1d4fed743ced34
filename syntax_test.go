package durward_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/durward-auth/durward"
)

// sibling returns text with its last character replaced by one whose upper bits are the same.
func sibling(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, text[len(text)-1])
	return text[:len(text)-1] + alphabet[last^1:last^1+1]
}

func TestSyntaxOfTokens(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v := newVerifier(t, config(m.key))
	good := m.forge(t, m.header(), payload())
	accepted(t, v, good)
	parts := strings.Split(good, ".")
	h, p, s := parts[0], parts[1], parts[2]

	// A payload whose encoding has unused bits, for the spellings that differ in them.
	loose := payload("x:1")
	for len(loose)%3 == 0 {
		loose = payload("x:1" + strings.Repeat("0", len(loose)%3+1))
	}
	utf16Payload := func() string {
		var b strings.Builder
		for _, unit := range utf16.Encode([]rune(payload())) {
			b.WriteByte(byte(unit))
			b.WriteByte(byte(unit >> 8))
		}
		return b.String()
	}

	for name, token := range map[string]string{
		"A01 nothing":                            "",
		"A01 one part":                           "a",
		"A01 two parts":                          h + "." + p,
		"A01 four parts":                         good + ".d",
		"A01 three empty parts":                  "..",
		"A01 no header":                          "." + p + "." + s,
		"A01 no payload":                         h + ".." + s,
		"A01 a dot at the end":                   good + ".",
		"A01 A27 five parts":                     h + ".." + p + "." + s + ".AAAA",
		"A02 a million dots":                     strings.Repeat(".", 1_000_000),
		"A03 8193 bytes":                         strings.Repeat("a", 8193),
		"A03 a mebibyte":                         strings.Repeat("a", 1<<20),
		"A04 padding on the header":              h + "=." + p + "." + s,
		"A04 padding on the payload":             h + "." + p + "==." + s,
		"A04 padding on the signature":           good + "=",
		"A05 a plus":                             h + "." + p + ".+" + s[1:],
		"A05 a slash":                            h + "." + p + "./" + s[1:],
		"A06 unused bits of the signature":       sibling(good),
		"A06 unused bits of a signed payload":    m.forgeEncoded(t, h, sibling(encode(loose))),
		"A07 a newline in the signature":         h + "." + p + "." + s[:4] + "\n" + s[4:],
		"A07 a return in the payload":            h + "." + p[:4] + "\r" + p[4:] + "." + s,
		"A07 a signed newline in the payload":    m.forgeEncoded(t, h, p[:4]+"\n"+p[4:]),
		"A07 a newline at the end":               good + "\n",
		"A08 a space in front":                   " " + good,
		"A08 a space at the end":                 good + " ",
		"A08 a tab":                              "\t" + good,
		"A08 a NUL":                              good + "\x00",
		"A08 a zero width space":                 "\u200b" + good,
		"A08 a byte order mark":                  "\ufeff" + good,
		"A08 a question mark":                    h + "." + p + ".?" + s[1:],
		"A09 a signed part of impossible length": m.forgeEncoded(t, h, "AAAAA"),
		"A10 flattened JSON":                     fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, p, h, s),
		"A10 general JSON":                       fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, p, h, s),
		"A25 C12 no signature":                   h + "." + p + ".",
	} {
		t.Run(name, func(t *testing.T) { refused(t, v, token, durward.ErrTokenMalformed) })
	}

	for name, payload := range map[string]string{
		"A12 null":                       "null",
		"A12 an array":                   "[]",
		"A12 a string":                   `"x"`,
		"A12 a number":                   "1",
		"A12 spaces":                     "  ",
		"A12 no JSON":                    "{iss}",
		"A12 two objects":                payload() + "{}",
		"A12 trailing garbage":           payload() + "x",
		"A12 a trailing comma":           strings.TrimSuffix(payload(), "}") + ",}",
		"A14 sub twice":                  strings.TrimSuffix(payload(), "}") + `,"sub":"admin"}`,
		"A14 exp twice":                  strings.TrimSuffix(payload(), "}") + `,"exp":1}`,
		"A14 sub twice, once escaped":    strings.TrimSuffix(payload(), "}") + `,"\u0073ub":"admin"}`,
		"A14 twice inside another claim": payload(`x:{"a":1,"a":2}`),
		"A16 an invalid byte":            payload("x:\"\xff\""),
		"A16 an overlong form":           payload("x:\"\xc0\x80\""),
		"A16 a lone surrogate":           payload(`x:"\ud800"`),
		"A17 UTF-16":                     utf16Payload(),
		"A17 a byte order mark":          "\ufeff" + payload(),
		"A18 a depth of 33":              payload("x:" + strings.Repeat("[", 33) + strings.Repeat("]", 33)),
		"A18 a depth of 2000":            payload("x:" + strings.Repeat("[", 2000) + strings.Repeat("]", 2000)),
		"a number of no float64":         payload("x:[1e400]"),
		"a whole number of no float":     payload("x:1" + strings.Repeat("0", 309)),
		"A19 two thousand members":       payload("x:[" + strings.Repeat("1,", 2000) + "1]"),
	} {
		t.Run(name, func(t *testing.T) { refused(t, v, m.forge(t, m.header(), payload), durward.ErrTokenMalformed) })
	}
}

func TestSyntaxOfHeaders(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v := newVerifier(t, config(m.key))
	open := strings.TrimSuffix(m.header(), "}")
	for name, header := range map[string]string{
		"A11 null":                            "null",
		"A11 an array":                        "[]",
		"A11 a string":                        `"x"`,
		"A11 a number":                        "1",
		"A11 true":                            "true",
		"A11 an empty object":                 "{}",
		"A11 spaces":                          "  ",
		"A13 alg twice":                       open + `,"alg":"none"}`,
		"A13 alg twice, once escaped":         open + `,"\u0061lg":"none"}`,
		"A13 kid twice":                       open + `,"kid":"x"}`,
		"A13 typ twice":                       open + `,"typ":"at+jwt"}`,
		"A13 crit twice":                      open + `,"crit":["x"],"crit":["x"]}`,
		"A16 an invalid byte":                 open + ",\"x\":\"\xff\"}",
		"A23 b64 false with crit":             open + `,"b64":false,"crit":["b64"]}`,
		"A23 b64 false without crit":          open + `,"b64":false}`,
		"A23 b64 true with crit":              open + `,"b64":true,"crit":["b64"]}`,
		"A24 crit with exp":                   open + `,"crit":["exp"]}`,
		"A24 crit with an absent name":        open + `,"crit":["x"]}`,
		"A24 an empty crit":                   open + `,"crit":[]}`,
		"A24 crit as a string":                open + `,"crit":"exp"}`,
		"A24 crit with a number":              open + `,"crit":[1]}`,
		"A24 crit with a registered name":     open + `,"crit":["alg"]}`,
		"A24 crit with a name that is there":  open + `,"x":1,"crit":["x"]}`,
		"A26 a nested token":                  open + `,"cty":"JWT"}`,
		"A27 enc of a JWE":                    open + `,"enc":"A256GCM"}`,
		"B02 no alg":                          `{"typ":"at+jwt"}`,
		"B02 an empty alg":                    `{"alg":"","typ":"at+jwt"}`,
		"B02 null as alg":                     `{"alg":null,"typ":"at+jwt"}`,
		"B02 an array as alg":                 `{"alg":["HS256"],"typ":"at+jwt"}`,
		"B02 an object as alg":                `{"alg":{"x":1},"typ":"at+jwt"}`,
		"B02 a number as alg":                 `{"alg":256,"typ":"at+jwt"}`,
		"B11 null as kid":                     `{"alg":"HS256","typ":"at+jwt","kid":null}`,
		"B11 a number as kid":                 `{"alg":"HS256","typ":"at+jwt","kid":1}`,
		"B11 an array as kid":                 `{"alg":"HS256","typ":"at+jwt","kid":[]}`,
		"B11 an object as kid":                `{"alg":"HS256","typ":"at+jwt","kid":{}}`,
		"B11 an empty kid":                    `{"alg":"HS256","typ":"at+jwt","kid":""}`,
		"B11 a kid of 256 bytes":              `{"alg":"HS256","typ":"at+jwt","kid":"` + strings.Repeat("k", 256) + `"}`,
		"D15 null as typ":                     `{"alg":"HS256","typ":null}`,
		"D15 an array as typ":                 `{"alg":"HS256","typ":["at+jwt"]}`,
		"a header longer than four kibibytes": open + `,"x":"` + strings.Repeat("x", 4096) + `"}`,
	} {
		t.Run(name, func(t *testing.T) { refused(t, v, m.forge(t, header, payload()), durward.ErrTokenHeader) })
	}
	t.Run("A11 an empty header", func(t *testing.T) {
		refused(t, v, m.forgeEncoded(t, "", encode(payload())), durward.ErrTokenMalformed)
	})
}

func TestNamesOfClaimsAreMatchedExactly(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v := newVerifier(t, config(m.key))

	// A15: the folded names are unknown ones, so neither a second sub nor a sub at all.
	claims := accepted(t, v, m.forge(t, m.header(), payload(`Sub:"admin"`, `SUB:"admin"`, "\u017fub:\"admin\"", `Roles:["admin"]`)))
	if claims.Subject != "ada" || claims.Roles != nil {
		t.Errorf("got subject %q and roles %q, want ada and none", claims.Subject, claims.Roles)
	}
	into, err := durward.DecodeClaims[struct {
		Sub   string   `json:"sub"`
		Roles []string `json:"roles"`
	}](claims)
	if err != nil || into.Sub != "ada" || into.Roles != nil {
		t.Errorf("decoded: got %+v, %v, want sub ada and no roles", into, err)
	}
	refused(t, v, m.forge(t, m.header(), payload("exp:", fmt.Sprintf("Exp:%d", now.Unix()+900))), durward.ErrTokenClaims)
	refused(t, v, m.forge(t, `{"ALG":"none","typ":"at+jwt"}`, payload()), durward.ErrTokenHeader)
}

func TestOddButHarmlessClaimsPassUnchanged(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v := newVerifier(t, config(m.key))

	for name, c := range map[string]struct{ member, claim, want string }{
		"A20 a name of 5 KB":         {strings.Repeat("n", 5000) + `:"v"`, strings.Repeat("n", 5000), "v"},
		"A21 a NUL":                  {`x:"admin\u0000x"`, "x", "admin\x00x"},
		"A21 a newline":              {`x:"a\nb"`, "x", "a\nb"},
		"A22 the name __proto__":     {`__proto__:"v"`, "__proto__", "v"},
		"A22 the name constructor":   {`constructor:"v"`, "constructor", "v"},
		"A22 the empty name":         {`:"v"`, "", "v"},
		"D20 a role of another name": {`is_admin:"true"`, "is_admin", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := accepted(t, v, m.forge(t, m.header(), payload(c.member)))
			all, err := durward.DecodeClaims[map[string]any](claims)
			if err != nil || all[c.claim] != c.want {
				t.Errorf("got %q, %v, want %q", all[c.claim], err, c.want)
			}
			if claims.Roles != nil || claims.Subject != "ada" {
				t.Errorf("got subject %q and roles %q, want ada and none", claims.Subject, claims.Roles)
			}
		})
	}

	t.Run("A20 hundreds of members of one prefix", func(t *testing.T) {
		names := map[string]int{}
		for i := range 300 {
			names[fmt.Sprintf("prefix%03d", i)] = i
		}
		text, err := json.Marshal(names)
		if err != nil {
			t.Fatal(err)
		}
		accepted(t, v, m.forge(t, m.header(), payload("x:"+string(text))))
	})
	t.Run("A21 a NUL does not end the subject", func(t *testing.T) {
		claims := accepted(t, v, m.forge(t, m.header(), payload(`sub:"admin\u0000x"`)))
		if claims.Subject != "admin\x00x" {
			t.Errorf("got %q, want the whole of it", claims.Subject)
		}
	})
}

func TestTheSizeOfTokensIsBoundedExactly(t *testing.T) {
	m := materialOf(t, durward.HS256)
	token := m.forge(t, m.header(), payload())
	for _, c := range []struct {
		size int
		want error
	}{{len(token), nil}, {len(token) - 1, durward.ErrTokenMalformed}} {
		limited := config(m.key)
		limited.MaxTokenSize = c.size
		v := newVerifier(t, limited)
		if c.want == nil {
			accepted(t, v, token)
		} else {
			refused(t, v, token, c.want)
		}
	}
}

func TestHostileTextIsRefusedWithoutAllocating(t *testing.T) {
	v := newVerifier(t, config(materialOf(t, durward.HS256).key))
	for name, token := range map[string]string{
		"A02 a million dots":             strings.Repeat(".", 1_000_000),
		"A02 as many dots as fit":        strings.Repeat(".", 8<<10),
		"A03 a mebibyte":                 strings.Repeat("a", 1<<20),
		"A03 as many characters as fit":  strings.Repeat("a", 8<<10),
		"two parts that fill the limits": strings.Repeat("a", 4<<10) + "." + strings.Repeat("a", 4<<10-1),
	} {
		if got := testing.AllocsPerRun(10, func() {
			if _, err := v.Verify(t.Context(), token); err == nil {
				t.Error("got nil, want an error")
			}
		}); got > 0 && !raceEnabled {
			t.Errorf("%s: got %v allocations, want 0", name, got)
		}
	}
}
