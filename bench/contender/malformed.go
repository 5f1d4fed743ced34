package contender

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/durward-auth/durward"
)

// malformedSize is the longest malformed token, in bytes.
const malformedSize = 16 << 10

// Malformed returns, for each kind of malformed token, how durward and golang-jwt refuse it. Both are told to
// accept tokens of 16 KiB, so that the length alone refuses none. The fixture is of HS256.
func Malformed(f *Fixture) (map[string][]Contender, error) {
	config, err := f.config(-1)
	if err != nil {
		return nil, err
	}
	config.MaxTokenSize = malformedSize
	verifier, err := durward.NewVerifier(config)
	if err != nil {
		return nil, err
	}
	parse := golangJWTParse(f)
	kinds := map[string][]Contender{}
	for name, token := range malformed(f) {
		kinds[name] = []Contender{
			{GolangJWT, func() error { return mustRefuse(parse(token)) }},
			{Ours, func() error {
				_, err := verifier.Verify(context.Background(), token)
				return mustRefuse(err)
			}},
		}
		for _, c := range kinds[name] {
			if err := c.Do(); err != nil {
				return nil, errors.Join(errors.New(name+" by "+c.Name), err)
			}
		}
	}
	return kinds, nil
}

func mustRefuse(err error) error {
	if err == nil {
		return errors.New("contender: a malformed token passed")
	}
	return nil
}

func malformed(f *Fixture) map[string]string {
	parts := strings.Split(f.Token, ".")
	fill := func(s string) string { return s + strings.Repeat("A", malformedSize-len(s)-(malformedSize-len(s))%4) }
	// A header of 3 KiB is the longest that durward reads; what is left is payload.
	const room = 3 << 10
	header := func(json string) string {
		encoded := encode(json)
		return encoded + "." + strings.Repeat("A", (malformedSize-len(encoded)-48)&^3) + "." + strings.Repeat("A", 43)
	}
	members := `{"alg":"HS256","typ":"at+jwt","kid":"` + keyID + `"`
	many := members
	for i := 0; len(many) < room-16; i++ {
		many += fmt.Sprintf(`,"%d":1`, i)
	}
	return map[string]string{
		"dots":                                strings.Repeat(".", malformedSize),
		"one long part":                       strings.Repeat("A", malformedSize),
		"a long payload, wrong signature":     parts[0] + "." + strings.Repeat("A", malformedSize/4*3) + "." + parts[2],
		"a long signature":                    fill(parts[0] + "." + parts[1] + "."),
		"a wrong byte at the end":             parts[0] + "." + strings.Repeat("A", malformedSize-512) + ".AAA=",
		"a header of 3 KiB, a deep array":     header(members + `,"x":` + strings.Repeat("[", room-len(members)-5)),
		"a header of 3 KiB, many members":     header(many + "}"),
		"a header of 3 KiB, one name twice":   header(many + `,"0":1}`),
		"a header of 3 KiB, one long string":  header(members + `,"x":"` + strings.Repeat("x", room-len(members)-8) + `"}`),
		"a header of 3 KiB, escapes":          header(members + `,"x":"` + strings.Repeat(`\u0041`, (room-len(members)-8)/6) + `"}`),
		"a header of 12 KiB":                  encode(members+`,"x":"`+strings.Repeat("x", malformedSize*3/4-128)+`"}`) + ".e30.AAAA",
		"a header that is no base64url":       fill("!"),
		"an unknown key id of 250 characters": header(`{"alg":"HS256","typ":"at+jwt","kid":"` + strings.Repeat("k", 250) + `"}`),
	}
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// Kinds returns the names of the kinds in order.
func Kinds(kinds map[string][]Contender) []string { return slices.Sorted(maps.Keys(kinds)) }
