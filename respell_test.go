package durward_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/durwardtest"
)

// C04: one token has one spelling, so that what is said of its text is said of the token.
func TestC04ATokenHasOneSpelling(t *testing.T) {
	m := materialOf(t, durward.ES256)
	v := newVerifier(t, config(m.key))
	token := m.forge(t, m.header(), payload())
	warm(t, v, token)
	parts := strings.Split(token, ".")
	for i := range parts {
		last := parts[i][len(parts[i])-1:]
		for _, other := range []string{"=", "==", "\n", "\r\n", " ", "\t", "A", "%3D", ".", "\x00", "\u200b"} {
			for _, spelling := range []string{parts[i] + other, other + parts[i], parts[i][:5] + other + parts[i][5:]} {
				respelt := append([]string{}, parts...)
				respelt[i] = spelling
				if spelling != parts[i] {
					refused(t, v, strings.Join(respelt, "."), durward.ErrToken)
				}
			}
		}
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for _, sibling := range alphabet {
			if string(sibling) != last {
				respelt := append([]string{}, parts...)
				respelt[i] = parts[i][:len(parts[i])-1] + string(sibling)
				refused(t, v, strings.Join(respelt, "."), durward.ErrToken)
			}
		}
	}
	// White space in JSON is the issuer's choice, and signed: put there by another it is another message.
	respelt := encode(string(decode(t, parts[0]))+" ") + "." + parts[1] + "." + parts[2]
	refused(t, v, respelt, durward.ErrTokenSignature)
	respelt = parts[0] + "." + encode(" "+string(decode(t, parts[1]))) + "." + parts[2]
	refused(t, v, respelt, durward.ErrTokenSignature)
}

// C14: a nonce that is used twice gives the private key away.
func TestC14NoNonceOfECDSAIsUsedTwice(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := durward.NewSigningKey(durward.ES256, private)
	if err != nil {
		t.Fatal(err)
	}
	at := now
	signer, err := durward.NewSigner(durward.SignerConfig{
		Issuer: issuerURL, Audience: audience, Key: key, Clock: func() time.Time { return at },
	})
	if err != nil {
		t.Fatal(err)
	}
	seen, inputs := map[string]bool{}, map[string]bool{}
	for i := range 2000 {
		claims := durward.Claims{Subject: "ada", ID: "the same"}
		if i%2 == 1 {
			claims.ID = fmt.Sprint(i)
		}
		token, _, err := signer.Sign(t.Context(), claims)
		if err != nil {
			t.Fatal(err)
		}
		dot := strings.LastIndexByte(token, '.')
		inputs[token[:dot]] = true
		r := string(decode(t, token[dot+1:])[:32])
		if seen[r] {
			t.Fatalf("C14: signature %d has an r that was there before", i)
		}
		seen[r] = true
	}
	if len(inputs) != 1001 {
		t.Errorf("got %d different messages, want 1001: one a thousand times and a thousand others", len(inputs))
	}
}

// E05: with the key its tokens go, cached or not, at the next request of every verifier.
func TestE05TokensEndWithACompromisedKey(t *testing.T) {
	issuer := durwardtest.New(t)
	token := issuer.TokenFor("ada")
	verifiers := []*durward.Verifier{newVerifier(t, issuer.Config()), newVerifier(t, issuer.Config()), newVerifier(t, issuer.Config())}
	warm(t, verifiers[0], token)
	accepted(t, verifiers[1], token)
	issuer.Rotate()
	issuer.RetireOld()
	for _, v := range verifiers {
		refused(t, v, token, durward.ErrTokenKey)
		accepted(t, v, issuer.TokenFor("ada"))
	}
}

// E04: while keys come and go, no token is refused that a verifier could know, whichever key it is of.
func TestE04RotationRefusesNobody(t *testing.T) {
	issuer := durwardtest.New(t)
	verifiers := []*durward.Verifier{newVerifier(t, issuer.Config()), newVerifier(t, issuer.Config()), newVerifier(t, issuer.Config())}
	previous := issuer.TokenFor("ada")
	for round := range 100 {
		issuer.Rotate()
		next := issuer.TokenFor(fmt.Sprint("user-", round))
		for _, v := range verifiers {
			accepted(t, v, previous)
			accepted(t, v, next)
		}
		issuer.RetireOld()
		for _, v := range verifiers {
			refused(t, v, previous, durward.ErrTokenKey)
			accepted(t, v, next)
		}
		previous = next
		issuer.Clock.Advance(time.Second)
	}
}

// E10: the clocks of two programs may differ by the leeway, and not by more.
func TestE10ClocksMayDifferByTheLeeway(t *testing.T) {
	m := materialOf(t, durward.HS256)
	c := config(m.key)
	c.Leeway = time.Minute
	v := newVerifier(t, c)
	for _, skew := range []struct {
		issuer time.Duration // how far its clock is ahead
		life   time.Duration
		want   error
	}{
		{59 * time.Second, 15 * time.Minute, nil},
		{61 * time.Second, 15 * time.Minute, durward.ErrTokenNotYetValid},
		{90 * time.Second, 15 * time.Minute, durward.ErrTokenNotYetValid},
		{-90 * time.Second, 31 * time.Second, nil},
		{-90 * time.Second, 29 * time.Second, durward.ErrTokenExpired},
	} {
		at := now.Add(skew.issuer).Unix()
		token := m.forge(t, m.header(), payload(fmt.Sprintf("iat:%d", min(at, now.Unix())), fmt.Sprintf("nbf:%d", at), fmt.Sprintf("exp:%d", at+int64(skew.life/time.Second))))
		if skew.want == nil {
			accepted(t, v, token)
		} else {
			refused(t, v, token, skew.want)
		}
	}
}
