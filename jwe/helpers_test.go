package jwe_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/jwe"
)

const (
	issuer   = "https://issuer.test"
	audience = "orders"
)

func now() time.Time { return time.Unix(1_800_000_000, 0) }

type algorithms struct {
	alg jwe.KeyAlgorithm
	enc jwe.ContentAlgorithm
}

func (a algorithms) String() string { return string(a.alg) + " " + string(a.enc) }

// pairs are all that is supported.
var pairs = func() []algorithms {
	var all []algorithms
	for _, alg := range []jwe.KeyAlgorithm{jwe.Direct, jwe.ECDHES, jwe.ECDHESA256KW, jwe.RSAOAEP256} {
		for _, enc := range []jwe.ContentAlgorithm{jwe.A256GCM, jwe.A128CBCHS256} {
			all = append(all, algorithms{alg, enc})
		}
	}
	return all
}()

// keys are one for each pair, the same for every test.
var keys = sync.OnceValue(func() map[algorithms]*jwe.DecryptionKey {
	made := map[algorithms]*jwe.DecryptionKey{}
	for _, p := range pairs {
		key, err := jwe.GenerateKey(p.alg, p.enc)
		if err != nil {
			panic(err)
		}
		made[p] = key
	}
	return made
})

var signingKey = sync.OnceValue(func() *durward.SigningKey {
	key, err := durward.GenerateKey(durward.ES256)
	if err != nil {
		panic(err)
	}
	return key
})

// material is the key in the form of the standard library.
func material(t testing.TB, key *jwe.DecryptionKey) any {
	t.Helper()
	text, err := key.MarshalPrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return parsed.Key
}

func public(key any) any {
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		return &key.PublicKey
	case *rsa.PrivateKey:
		return &key.PublicKey
	default:
		return key
	}
}

func decrypter(t testing.TB, keys ...*jwe.DecryptionKey) *jwe.Decrypter {
	t.Helper()
	d, err := jwe.NewDecrypter(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func encrypt(t testing.TB, key *jwe.DecryptionKey, token string) string {
	t.Helper()
	e, err := jwe.NewEncrypter(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	encrypted, err := e.Encrypt(token)
	if err != nil {
		t.Fatal(err)
	}
	return encrypted
}

// sign makes a signed token.
func sign(t testing.TB) string {
	t.Helper()
	signer, err := durward.NewSigner(durward.SignerConfig{Issuer: issuer, Audience: audience, Key: signingKey(), Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := signer.Sign(t.Context(), durward.Claims{Subject: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forgery is a token made with go-jose alone, with whatever header.
type forgery struct {
	alg     jose.KeyAlgorithm
	enc     jose.ContentEncryption
	key     any
	id      string
	zip     jose.CompressionAlgorithm
	header  map[jose.HeaderKey]any
	content string
}

func (f forgery) make(t testing.TB) string {
	t.Helper()
	options := &jose.EncrypterOptions{Compression: f.zip, ExtraHeaders: map[jose.HeaderKey]any{"cty": "JWT"}}
	for name, value := range f.header {
		if options.ExtraHeaders[name] = value; value == nil {
			delete(options.ExtraHeaders, name)
		}
	}
	encrypter, err := jose.NewEncrypter(f.enc, jose.Recipient{Algorithm: f.alg, Key: f.key, KeyID: f.id, PBES2Count: 1000}, options)
	if err != nil {
		t.Fatal(err)
	}
	object, err := encrypter.Encrypt([]byte(f.content))
	if err != nil {
		t.Fatal(err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// forge is what a sender with the public key can make.
func forge(t testing.TB, key *jwe.DecryptionKey, content string) forgery {
	t.Helper()
	return forgery{
		alg: jose.KeyAlgorithm(key.KeyAlgorithm()), enc: jose.ContentEncryption(key.ContentAlgorithm()),
		key: public(material(t, key)), id: key.ID(), content: content,
	}
}

// refused fails the test unless the token is refused as one that is not encrypted as agreed.
func refused(t testing.TB, d *jwe.Decrypter, token, name string) {
	t.Helper()
	inner, err := d.Decrypt(token)
	if !errors.Is(err, durward.ErrTokenEncryption) || !errors.Is(err, durward.ErrToken) || inner != "" {
		t.Errorf("%s: got %q and error %v, want %v alone", name, inner, err, durward.ErrTokenEncryption)
	}
}

func accepted(t testing.TB, d *jwe.Decrypter, token, want, name string) {
	t.Helper()
	inner, err := d.Decrypt(token)
	if err != nil || inner != want {
		t.Errorf("%s: got %q and error %v, want %q", name, inner, err, want)
	}
}

func encode(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func decode(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// withHeader returns the token with another header, as text.
func withHeader(token, header string) string {
	return encode([]byte(header)) + token[strings.IndexByte(token, '.'):]
}

// headerOf returns the members of the token's header.
func headerOf(t testing.TB, token string) map[string]any {
	t.Helper()
	members := map[string]any{}
	if err := json.Unmarshal(decode(t, token[:strings.IndexByte(token, '.')]), &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
