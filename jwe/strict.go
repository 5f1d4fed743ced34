package jwe

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	strict "github.com/go-jose/go-jose/v4/json"
)

var errObject = errors.New("not a strict JSON object")

// object is a JSON object whose names are compared exactly.
type object map[string]json.RawMessage

// parseObject refuses invalid UTF-8 and duplicate names; go-jose's fork of encoding/json sees to the latter.
func parseObject(data []byte) (object, error) {
	var o object
	if !utf8.Valid(data) || strict.Unmarshal(data, &o) != nil || o == nil {
		return nil, errObject
	}
	for name := range o {
		if strings.ContainsRune(name, utf8.RuneError) {
			return nil, errObject
		}
	}
	return o, nil
}

// text returns a member that must be a non-empty string if it is there.
func (o object) text(name string) (value string, present bool, err error) {
	raw, present := o[name]
	if !present {
		return "", false, nil
	}
	var text *string
	// U+FFFD stands for a surrogate without its other half.
	if err := strict.Unmarshal(raw, &text); err != nil || text == nil || *text == "" || strings.ContainsRune(*text, utf8.RuneError) {
		return "", true, fmt.Errorf("%s is not a string, or an empty one", name)
	}
	return *text, true, nil
}

// bytes returns a member that must be octets in base64url if it is there.
func (o object) bytes(name string) (value []byte, present bool, err error) {
	text, present, err := o.text(name)
	if err != nil || !present {
		return nil, present, err
	}
	value, ok := decode(text)
	if !ok {
		return nil, true, fmt.Errorf("%s is not canonical base64url", name)
	}
	return value, true, nil
}

// decode reads canonical base64url without padding: octets have one spelling (RFC 7515 §2).
func decode(text string) ([]byte, bool) {
	// The package base64 passes over line breaks.
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	value, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return value, err == nil
}
