package jws

import (
	"fmt"

	"github.com/durward-auth/durward/internal/strictjson"
)

// maxKeyID is the longest "kid", in bytes.
const maxKeyID = 255

// maxMembers bounds the members of a header, and the elements of lists inside
// it, among them the certificates of an "x5c".
const maxMembers = 32

// Header is what a token says about itself before it is verified. It selects
// among keys and decides nothing.
type Header struct {
	Algorithm string // "alg", never empty
	KeyID     string // "kid", 1 to 255 bytes, empty if absent
	Type      string // "typ", empty if absent
	HasKeyID  bool   // whether there was a "kid"
	HasType   bool   // whether there was a "typ"
}

// ParseHeader reads a decoded JOSE header (RFC 7515, section 4). The header
// must be a strict JSON object whose names are compared exactly.
//
// No extension is understood, so "crit" in any form is refused, and so are
// "b64" (RFC 7797), "zip" and "enc" (RFC 7516) and a "cty" that announces a
// nested token (RFC 7519, section 5.2): ErrUnsupported. Keys and addresses of
// keys in the header ("jwk", "jku", "x5u", "x5c", "x5t") and unknown members
// are passed over, up to 32 with the elements of lists in them.
func ParseHeader(decoded string) (Header, error) {
	var room [maxMembers]strictjson.Member
	members, err := strictjson.AppendObject(room[:0], decoded, strictjson.Limits{Members: maxMembers})
	if err != nil {
		return Header{}, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	var h Header
	for _, m := range members {
		if err := h.set(m); err != nil {
			return Header{}, err
		}
	}
	if h.Algorithm == "" {
		return Header{}, ErrAlgorithm
	}
	return h, nil
}

func (h *Header) set(m strictjson.Member) error {
	switch m.Name {
	case "alg", "kid", "typ", "cty":
		return h.setText(m)
	case "crit", "b64", "zip", "enc":
		return fmt.Errorf("%w: %s", ErrUnsupported, m.Name)
	}
	return nil
}

func (h *Header) setText(m strictjson.Member) error {
	text, isText := m.Value.Text()
	switch m.Name {
	case "alg":
		if !isText {
			return ErrAlgorithm
		}
		h.Algorithm = text
	case "kid":
		if text == "" || len(text) > maxKeyID { // a value that is no string reads as ""
			return ErrKeyID
		}
		h.KeyID, h.HasKeyID = text, true
	case "typ":
		if !isText {
			return fmt.Errorf("%w: typ is not a string", ErrHeader)
		}
		h.Type, h.HasType = text, true
	case "cty":
		if !isText {
			return fmt.Errorf("%w: cty is not a string", ErrHeader)
		}
		if MatchType(text, "JWT") {
			return fmt.Errorf("%w: nested token", ErrUnsupported)
		}
	}
	return nil
}
