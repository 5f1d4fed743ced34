package username_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/durward-auth/durward/server/internal/username"
)

func TestEmailIsCanonical(t *testing.T) {
	label := strings.Repeat("d", 61)
	longest := strings.Repeat("l", 64) + "@" + strings.Join([]string{label, label, label, "ex"}, ".")
	tests := map[string]struct{ in, want string }{
		"an address":                        {"a@example.org", "a@example.org"},
		"the domain in lower case":          {"A.b@EXAMPLE.Org", "A.b@example.org"},
		"a tag":                             {"a+news@example.org", "a+news@example.org"},
		"an apostrophe":                     {"o'neil@example.org", "o'neil@example.org"},
		"a domain in another script":        {"a@b\u00fccher.example", "a@xn--bcher-kva.example"},
		"the same in capitals":              {"a@B\u00dcCHER.example", "a@xn--bcher-kva.example"},
		"the same in ASCII":                 {"a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"},
		"a sharp s is no ss":                {"a@stra\u00dfe.example", "a@xn--strae-oqa.example"},
		"an ideographic full stop is a dot": {"a@example\u3002org", "a@example.org"},
		"the longest address":               {longest, longest},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := username.Email(tt.in); err != nil || got != tt.want {
				t.Errorf("Email(%+q): got %q, %v, want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestEmailRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":                       "",
		"no @":                          "example.org",
		"two @":                         "a@good.example@evil.example",
		"two @ with a comment":          "a@evil.example(@good.example)",
		"no local part":                 "@example.org",
		"no domain":                     "a@",
		"a header after a line break":   "a@example.org\r\nBcc: b@example.org",
		"a line break before":           "\na@example.org",
		"a space around":                " a@example.org",
		"a tab":                         "a\t@example.org",
		"NUL":                           "a\x00@example.org",
		"a quoted local part":           `"a b"@example.org`,
		"a quoted @":                    `"a@b"@example.org`,
		"a display name":                "A<a@example.org>",
		"a comment":                     "a(b)@example.org",
		"a list":                        "a@example.org,b@example.org",
		"a dot at the end of the local": "a.@example.org",
		"a dot at the start":            ".a@example.org",
		"two dots":                      "a..b@example.org",
		"a local part that is no ASCII": "ä@example.org",
		"a dot at the end":              "a@example.org.",
		"an empty label":                "a@example..org",
		"a domain without a dot":        "a@localhost",
		"an IPv4 address":               "a@192.0.2.1",
		"an IPv4 literal":               "a@[192.0.2.1]",
		"an IPv6 literal":               "a@[IPv6:2001:db8::1]",
		"an underscore":                 "a@ex_ample.org",
		"a hyphen first":                "a@-example.org",
		"a slash":                       "a@example.org/x",
		"punycode of ASCII":             "a@xn--example-.org",
		"punycode that is none":         "a@xn--\u00fc.example",
		"a zero-width joiner":           "a@exa\u200dmple.org",
		"invalid UTF-8":                 "a@ex\xffample.org",
		"a local part of 65":            strings.Repeat("a", 65) + "@example.org",
		"a label of 64":                 "a@" + strings.Repeat("a", 64) + ".org",
		"255 bytes":                     "abcd@" + strings.Repeat("d.", 123) + "info",
		"a megabyte":                    strings.Repeat("a", 1<<20) + "@example.org",
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := username.Email(in)
			var invalid *username.InvalidError
			if !errors.As(err, &invalid) || invalid.Reason == "" || got != "" {
				t.Errorf("Email(%.80q): got %q, %v, want only an InvalidError with a reason", in, got, err)
			}
		})
	}
}

func FuzzEmail(f *testing.F) {
	for _, seed := range []string{"a@example.org", "a@b\u00fccher.example", "a@XN--BCHER-KVA.example", "a@b@c", "a@\u3002.x", "a@xn--a.b", "a@\u1e9e.de", "a@\u0130.tr"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := username.Email(in)
		if err != nil {
			return
		}
		if again, err := username.Email(got); err != nil || again != got {
			t.Fatalf("Email(%+q) of %+q: got %+q, %v, want itself", got, in, again, err)
		}
		if len(got) > 254 || !isASCII(got) || strings.Count(got, "@") != 1 || strings.ContainsAny(got, "\r\n \t\x00<>\",;()[]") {
			t.Fatalf("Email(%+q): got %+q, want a plain address", in, got)
		}
	})
}
