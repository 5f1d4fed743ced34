package jws

import "strings"

// Split cuts a compact JWS into its parts without decoding them. signingInput
// is the text that the signature covers; every result is a slice of token.
//
// A token of more than maxSize bytes is ErrTooLarge before anything else is
// looked at, so that a maxSize of zero refuses all. Three non-empty parts of
// the base64url alphabet are required, else ErrParts or ErrAlphabet; the search
// ends at a fourth part or at the first wrong byte. It allocates nothing.
func Split(token string, maxSize int) (signingInput, header, payload, signature string, err error) {
	if len(token) > maxSize {
		return "", "", "", "", ErrTooLarge
	}
	first := alphabetic(token, 0)
	if first == 0 || first == len(token) || token[first] != '.' {
		return "", "", "", "", refusal(token, first)
	}
	second := alphabetic(token, first+1)
	if second == first+1 || second == len(token) || token[second] != '.' {
		return "", "", "", "", refusal(token, second)
	}
	end := alphabetic(token, second+1)
	if end == second+1 || end != len(token) {
		return "", "", "", "", refusal(token, end)
	}
	return token[:second], token[:first], token[first+1 : second], token[second+1:], nil
}

// Cut is Split without a look at the alphabet, for a caller who decodes every part at once, and with false for every
// refusal: the reason is Split's.
func Cut(token string, maxSize int) (signingInput, header, payload, signature string, ok bool) {
	first := strings.IndexByte(token, '.')
	if len(token) > maxSize || first <= 0 {
		return "", "", "", "", false
	}
	second := strings.IndexByte(token[first+1:], '.')
	if second <= 0 {
		return "", "", "", "", false
	}
	second += first + 1
	if second+1 == len(token) {
		return "", "", "", "", false
	}
	return token[:second], token[:first], token[first+1 : second], token[second+1:], true
}

// refusal names the reason why reading a part cannot end at i.
func refusal(token string, i int) error {
	if i < len(token) && token[i] != '.' {
		return ErrAlphabet
	}
	return ErrParts
}

// alphabetic returns the first place from i on that holds no byte of the
// base64url alphabet.
func alphabetic(s string, i int) int {
	for i+8 <= len(s) {
		b := s[i : i+8]
		if values[b[0]]|values[b[1]]|values[b[2]]|values[b[3]]|
			values[b[4]]|values[b[5]]|values[b[6]]|values[b[7]] == invalid {
			break
		}
		i += 8
	}
	for i < len(s) && values[s[i]] != invalid {
		i++
	}
	return i
}
