package durward

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"hash"
	"sync"

	"github.com/durward-auth/durward/internal/jwk"
)

// maxSignature is the longest signature that is accepted, in bytes: RSA with 8192 bits.
const maxSignature = 1024

// A signFunc appends the signature of the message. It works in the capacity of dst: maxSignature bytes are
// enough, with less it allocates.
type signFunc func(dst, message []byte) ([]byte, error)

// A verifyFunc says whether the signature belongs to the message. It works in the capacity behind the signature:
// maxWork bytes are enough, with less it allocates.
type verifyFunc func(message, signature []byte) bool

// maxWork is the longest DER form of an ECDSA signature and the longest hash, in bytes.
const maxWork = 2*66 + 16 + 64

// newSignFunc expects material that jwk.Check has passed for the algorithm.
func newSignFunc(algorithm Algorithm, m jwk.Material) signFunc {
	h := hashOf(algorithm)
	switch algorithm {
	case HS256, HS384, HS512:
		states := newMACPool(h, m.Secret)
		return func(dst, message []byte) ([]byte, error) {
			state := states.get()
			dst = append(dst, state.of(message)...)
			states.put(state)
			return dst, nil
		}
	case ES256, ES384, ES512:
		size := coordinateSize(algorithm)
		return func(dst, message []byte) ([]byte, error) {
			der, err := m.Private.Sign(rand.Reader, digest(h, message, behind(dst)), h)
			if err != nil {
				return nil, err
			}
			return appendRawECDSA(dst, der, size)
		}
	case EdDSA, Ed25519:
		return func(dst, message []byte) ([]byte, error) {
			signature, err := m.Private.Sign(rand.Reader, message, crypto.Hash(0))
			return append(dst, signature...), err
		}
	default:
		var options crypto.SignerOpts = h
		if algorithm[0] == 'P' {
			options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
		}
		return func(dst, message []byte) ([]byte, error) {
			signature, err := m.Private.Sign(rand.Reader, digest(h, message, behind(dst)), options)
			return append(dst, signature...), err
		}
	}
}

// newVerifyFunc expects material that jwk.Check has passed for the algorithm.
func newVerifyFunc(algorithm Algorithm, m jwk.Material) verifyFunc {
	h := hashOf(algorithm)
	switch algorithm {
	case HS256, HS384, HS512:
		states := newMACPool(h, m.Secret)
		return func(message, signature []byte) bool {
			state := states.get()
			ok := hmac.Equal(state.of(message), signature)
			states.put(state)
			return ok
		}
	case ES256, ES384, ES512:
		public, size := m.Public.(*ecdsa.PublicKey), coordinateSize(algorithm)
		return func(message, signature []byte) bool {
			if len(signature) != 2*size {
				return false
			}
			der := appendDERECDSA(behind(signature), signature)
			return ecdsa.VerifyASN1(public, digest(h, message, behind(der)), der)
		}
	case EdDSA, Ed25519:
		public := m.Public.(ed25519.PublicKey)
		return func(message, signature []byte) bool {
			return len(signature) == ed25519.SignatureSize && ed25519.Verify(public, message, signature)
		}
	case PS256, PS384, PS512:
		public := m.Public.(*rsa.PublicKey)
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
		return func(message, signature []byte) bool {
			return rsa.VerifyPSS(public, h, digest(h, message, behind(signature)), signature, options) == nil
		}
	default:
		public := m.Public.(*rsa.PublicKey)
		return func(message, signature []byte) bool {
			return rsa.VerifyPKCS1v15(public, h, digest(h, message, behind(signature)), signature) == nil
		}
	}
}

// behind returns the empty slice that begins where b ends.
func behind(b []byte) []byte { return b[len(b):] }

func hashOf(algorithm Algorithm) crypto.Hash {
	switch algorithm[len(algorithm)-3:] {
	case "384":
		return crypto.SHA384
	case "512":
		return crypto.SHA512
	default:
		return crypto.SHA256
	}
}

// digest appends the hash of the message without allocating.
func digest(h crypto.Hash, message, dst []byte) []byte {
	switch h {
	case crypto.SHA384:
		sum := sha512.Sum384(message)
		return append(dst, sum[:]...)
	case crypto.SHA512:
		sum := sha512.Sum512(message)
		return append(dst, sum[:]...)
	default:
		sum := sha256.Sum256(message)
		return append(dst, sum[:]...)
	}
}

// usualSignature is how long a signature is, in bytes; for RSA, one with 2048 bits.
func usualSignature(algorithm Algorithm) int {
	switch algorithm {
	case HS256, HS384, HS512:
		return hashOf(algorithm).Size()
	case ES256, ES384, ES512:
		return 2 * coordinateSize(algorithm)
	case EdDSA, Ed25519:
		return ed25519.SignatureSize
	default:
		return 256
	}
}

// coordinateSize is half the length of an ECDSA signature (RFC 7518 §3.4).
func coordinateSize(algorithm Algorithm) int {
	switch algorithm {
	case ES256:
		return 32
	case ES384:
		return 48
	default:
		return 66
	}
}

// macPool keeps keyed HMAC states: setting one up costs as much as a short message.
type macPool struct{ pool sync.Pool }

type macState struct {
	mac hash.Hash
	sum [64]byte
}

func newMACPool(h crypto.Hash, secret []byte) *macPool {
	return &macPool{sync.Pool{New: func() any { return &macState{mac: hmac.New(h.New, secret)} }}}
}

func (p *macPool) get() *macState { return p.pool.Get().(*macState) }

func (p *macPool) put(s *macState) {
	s.mac.Reset()
	p.pool.Put(s)
}

// of returns the MAC of the message, valid until the state is put back.
func (s *macState) of(message []byte) []byte {
	s.mac.Write(message)
	return s.mac.Sum(s.sum[:0])
}

var errSignature = errors.New("the signer returned a malformed ECDSA signature")

// appendRawECDSA turns a DER signature into R || S, each of size bytes (RFC 7518 §3.4).
func appendRawECDSA(dst, der []byte, size int) ([]byte, error) {
	body, ok := derValue(&der, 0x30)
	if !ok || len(der) != 0 {
		return nil, errSignature
	}
	for range 2 {
		number, ok := derValue(&body, 0x02)
		if !ok {
			return nil, errSignature
		}
		for len(number) > 0 && number[0] == 0 {
			number = number[1:]
		}
		if len(number) > size {
			return nil, errSignature
		}
		for range size - len(number) {
			dst = append(dst, 0)
		}
		dst = append(dst, number...)
	}
	return dst, nil
}

// derValue cuts one DER value with a length below 256 off the front of *data.
func derValue(data *[]byte, tag byte) ([]byte, bool) {
	d := *data
	if len(d) < 2 || d[0] != tag {
		return nil, false
	}
	length, start := int(d[1]), 2
	if length == 0x81 && len(d) > 2 {
		length, start = int(d[2]), 3
	} else if length > 0x7f {
		return nil, false
	}
	if len(d) < start+length {
		return nil, false
	}
	*data = d[start+length:]
	return d[start : start+length], true
}

// appendDERECDSA turns R || S into the DER form that crypto/ecdsa checks.
func appendDERECDSA(dst, raw []byte) []byte {
	half := len(raw) / 2
	r, s := trimZeros(raw[:half]), trimZeros(raw[half:])
	length := derIntegerSize(r) + derIntegerSize(s)
	dst = append(dst, 0x30)
	if length > 0x7f {
		dst = append(dst, 0x81)
	}
	dst = append(dst, byte(length))
	return appendDERInteger(appendDERInteger(dst, r), s)
}

func trimZeros(number []byte) []byte {
	for len(number) > 1 && number[0] == 0 {
		number = number[1:]
	}
	return number
}

func derIntegerSize(number []byte) int { return 2 + len(number) + int(number[0]>>7) }

func appendDERInteger(dst, number []byte) []byte {
	dst = append(dst, 0x02, byte(len(number)+int(number[0]>>7)))
	if number[0]>>7 == 1 {
		dst = append(dst, 0)
	}
	return append(dst, number...)
}
