package durward_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

// FuzzCache plays sequences of requests, of time that passes and of keys that go and come to a verifier with a
// tiny cache, and compares every answer with that of a verifier that has none. Each byte is a step: what to do, and
// with which token.
func FuzzCache(f *testing.F) {
	const tokens = 32
	m := materialOf(f, durward.HS256)
	other := newMaterial(f, durward.HS256)
	var all [tokens]string
	for i := range all {
		from := m
		if i%4 == 3 {
			from = other
		}
		all[i] = from.forge(f, from.header(), payload(fmt.Sprintf(`jti:"%d"`, i), fmt.Sprintf("exp:%d", now.Unix()+int64(10*(i+1)))))
	}
	f.Add([]byte{0, 0, 0, 1, 1, 1, 65, 0, 1})
	f.Add([]byte{3, 3, 3, 128, 3, 128, 3, 3, 7, 129, 7})
	f.Add([]byte{31, 30, 29, 28, 27, 26, 31, 30, 29, 28, 27, 26, 90, 31, 30, 29, 192, 31})
	f.Fuzz(func(t *testing.T, steps []byte) {
		if len(steps) > 500 {
			return
		}
		at, keys, revoked := now, keySetOf(t, m, other), map[string]bool{}
		source := &swapped{keys}
		build := func(size int) *durward.Verifier {
			c := config(source)
			c.CacheBytes, c.Clock = size, func() time.Time { return at }
			c.Revocation = revocationOf(revoked)
			return newVerifier(t, c)
		}
		cached, plain := build(4<<10), build(-1)
		for n, step := range steps {
			which := int(step) % tokens
			switch step >> 6 {
			case 1:
				at = at.Add(time.Duration(step&63-20) * time.Second)
			case 2:
				source.KeySource = keySetOf(t, m)
				if which%2 == 1 {
					source.KeySource = keys
				}
			case 3:
				revoked[fmt.Sprint(which)] = !revoked[fmt.Sprint(which)]
			default:
				token := all[which]
				if step&32 != 0 {
					token = token[:len(token)-2] + "AA"
				}
				got, err := cached.Verify(t.Context(), token)
				want, wantErr := plain.Verify(t.Context(), token)
				if !errors.Is(err, wantErr) || !errors.Is(wantErr, err) || !reflect.DeepEqual(got, want) {
					t.Fatalf("step %d, token %d: got %+v and %v, want %+v and %v", n, which, got, err, want, wantErr)
				}
			}
		}
	})
}
