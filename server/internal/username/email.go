package username

import (
	"strings"

	"golang.org/x/net/idna"
)

const (
	maxEmail = 254 // RFC 5321 section 4.5.3.1.3, without the angle brackets
	maxLocal = 64  // RFC 5321 section 4.5.3.1.1
)

// Email returns the canonical form of an e-mail address: the part before the @ as it is, which
// only its own host may interpret (RFC 5321 section 2.4), the domain in lower case and in
// ASCII (RFC 5891). The error is an *InvalidError.
//
// The part before the @ is a dot-atom of ASCII (RFC 5322 section 3.2.3); quoted ones, comments,
// display names and addresses in brackets are refused, and so is a domain without a dot.
func Email(s string) (canonical string, err error) {
	if len(s) > 2*maxEmail {
		return "", refuse("The e-mail address is too long: use at most 254 characters.")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return "", refuse("The e-mail address has a space, a line break or a control character: remove it.")
		}
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || strings.Contains(domain, "@") {
		return "", refuse("The e-mail address needs exactly one @, as in name@example.org.")
	}
	if !dotAtom(local) {
		return "", refuse("The part of the e-mail address before the @ may have letters a to z, digits, single dots inside and !#$%&'*+-/=?^_`{|}~.")
	}
	ascii, ok := asciiDomain(domain)
	if !ok {
		return "", refuse("The part of the e-mail address after the @ is not a domain such as example.org.")
	}
	canonical = local + "@" + ascii
	if len(local) > maxLocal || len(canonical) > maxEmail {
		return "", refuse("The e-mail address is too long: use at most 254 characters, 64 of them before the @.")
	}
	return canonical, nil
}

func dotAtom(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if c := atom[i]; !isAlphanumeric(c) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", rune(c)) {
				return false
			}
		}
	}
	return true
}

// domains is the profile for looking names up, with the rules for registering them that keep
// out what no mail host is called.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.Transitional(false))

// asciiDomain returns the domain in lower-case ASCII, with at least one dot and a top level that is
// no number, so that an IPv4 address is none.
func asciiDomain(domain string) (string, bool) {
	ascii, err := domains.ToASCII(domain)
	if err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 1 || strings.Trim(ascii[dot+1:], "0123456789") == "" {
		return "", false
	}
	// The form of the mapped name is looked up next time: it must stand for itself.
	if again, err := domains.ToASCII(ascii); err != nil || again != ascii {
		return "", false
	}
	return ascii, true
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}
