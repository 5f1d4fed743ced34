package contender

import (
	"encoding/base64"
	"strings"

	"github.com/durward-auth/durward"
	"github.com/durward-auth/durward/fastkeys"
)

// FastKeys returns the checks with prepared keys beside those without, the bare primitive first.
func FastKeys(f *Fixture) ([]Contender, error) {
	return made(f,
		maker{Primitive, primitiveCheck},
		maker{"fastkeys, bare", fastkeysPrimitive},
		maker{Ours, func(f *Fixture) (func() error, error) { return durwardCheck(f, -1) }},
		maker{"durward with fastkeys", fastkeysCheck},
		maker{"preparing the key, once", fastkeysSpeed},
	)
}

func fastkeysPrimitive(f *Fixture) (func() error, error) {
	verify, err := fastkeys.Verifier(f.key.Public())
	if err != nil {
		return nil, err
	}
	dot := strings.LastIndexByte(f.Token, '.')
	message := []byte(f.Token[:dot])
	signature, err := base64.RawURLEncoding.DecodeString(f.Token[dot+1:])
	return func() error {
		if !verify(message, signature) {
			return errRefused
		}
		return nil
	}, err
}

func fastkeysSpeed(f *Fixture) (func() error, error) {
	return func() error {
		_, err := fastkeys.Speed(f.key.Public())
		return err
	}, nil
}

func fastkeysCheck(f *Fixture) (func() error, error) {
	fast, err := fastkeys.Speed(f.key.Public())
	if err != nil {
		return nil, err
	}
	return checkWith(durward.Config{Issuer: issuer, Audience: audience, Keys: fast, CacheBytes: -1}, f)
}
