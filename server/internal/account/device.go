package account

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDevice bounds the name of a device, in bytes.
const maxDevice = 128

// checkDevice holds for the name that a client gives to itself: UTF-8 of at most 128 bytes that shows as it is.
func checkDevice(name string) error {
	hidden := func(r rune) bool { return !unicode.IsGraphic(r) }
	if len(name) > maxDevice || !utf8.ValidString(name) || strings.ContainsFunc(name, hidden) {
		return &InputError{"invalid_request", "The device must be a name of at most 128 bytes without control characters."}
	}
	return nil
}

// browsers and systems are what stands in a User-Agent (RFC 9110 §10.1.5) and what people call it. The
// first that is found counts: many a browser also names those that it wants to pass for.
var (
	browsers = [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
		{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"},
		{"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"},
		{"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// DeviceName is what a person recognises a session by: the name that the client gave at the login, or one
// made of its User-Agent, such as "Firefox on Linux" or "curl". It is a hint; a client may write what it likes.
func (s Session) DeviceName() string {
	if strings.TrimSpace(s.Device) != "" {
		return s.Device
	}
	browser, system := firstOf(browsers, s.UserAgent), firstOf(systems, s.UserAgent)
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser != "":
		return browser
	}
	product, _, _ := strings.Cut(s.UserAgent, "/")
	product = strings.TrimSpace(product)
	switch {
	case product == "" || product == "Mozilla":
		return strings.TrimSuffix("Unknown device on "+system, " on ")
	case len(product) > 32:
		return strings.ToValidUTF8(product[:32], "") + "…"
	}
	return product
}

func firstOf(names [][2]string, text string) string {
	for _, name := range names {
		if strings.Contains(text, name[0]) {
			return name[1]
		}
	}
	return ""
}
