package httpapi

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/durward-auth/durward/internal/strictjson"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 64 << 10

// decode reads the body, one strict JSON object, into the struct that into points at.
func (x *exchange) decode(r *http.Request, into any) error {
	body, err := x.body(r)
	if err != nil {
		return err
	}
	if body == "" {
		return invalidRequest("The body is missing: send a JSON object.")
	}
	return parse(body, into)
}

func parse(body string, into any) error {
	err := strictjson.Decode(body, strictjson.Limits{}, into)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*strictjson.UnknownMemberError](err); ok {
		return invalidRequest("The member " + quoted(e.Name) + " is not known here: leave it out.")
	}
	if e, ok := errors.AsType[*strictjson.TypeError](err); ok {
		if e.Name == "" {
			return invalidRequest("The body must be " + e.Want + ".")
		}
		return invalidRequest("The member " + quoted(e.Name) + " must be " + e.Want + ".")
	}
	if e, ok := errors.AsType[*strictjson.Error](err); ok {
		return invalidRequest(fmt.Sprintf("The body is not acceptable JSON: %s at byte %d.", e.Reason, e.Offset))
	}
	return invalidRequest("The body is not what this route takes.")
}

// quoted shows a name that came from outside, shortened.
func quoted(name string) string { return strconv.Quote(cut(name, 64)) }

// body reads a JSON body, which may be empty; then its type does not matter.
func (x *exchange) body(r *http.Request) (string, error) { return x.read(r, isJSON, notJSON) }

// read reads a body of a media type, which may be empty; then its type does not matter.
func (x *exchange) read(r *http.Request, isType func([]string) bool, wrongType func() *problem) (string, error) {
	if r.ContentLength == 0 {
		return "", nil
	}
	if r.ContentLength > maxBody {
		return "", x.tooLarge()
	}
	if len(r.Header["Content-Encoding"]) > 0 {
		return "", &problem{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", detail: "Send the body without Content-Encoding."}
	}
	if !isType(r.Header["Content-Type"]) && r.ContentLength > 0 {
		return "", wrongType()
	}
	body, err := io.ReadAll(http.MaxBytesReader(x.ResponseWriter, r.Body, maxBody))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return "", x.tooLarge()
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", &problem{status: http.StatusRequestTimeout, code: "request_timeout", detail: "The body did not arrive in time."}
	}
	if err != nil {
		return "", invalidRequest("The body could not be read to its end.")
	}
	if len(body) > 0 && !isType(r.Header["Content-Type"]) {
		return "", wrongType()
	}
	return string(body), nil
}

// tooLarge also gives the connection up: the rest of the body is not read.
func (x *exchange) tooLarge() *problem {
	x.Header()["Connection"] = []string{"close"}
	return &problem{status: http.StatusRequestEntityTooLarge, code: "body_too_large", detail: "The body may have at most 64 KiB."}
}

func notJSON() *problem {
	return &problem{status: http.StatusUnsupportedMediaType, code: "unsupported_media_type", detail: "Send the body as Content-Type: application/json."}
}

// isJSON holds for application/json, in UTF-8 (RFC 8259 §8.1).
func isJSON(values []string) bool { return isMediaType(values, "application/json") }

// isMediaType holds for one Content-Type of the kind, with no parameter but a charset of UTF-8.
func isMediaType(values []string, want string) bool {
	if len(values) != 1 {
		return false
	}
	if values[0] == want {
		return true
	}
	kind, parameters, err := mime.ParseMediaType(values[0])
	if err != nil || kind != want {
		return false
	}
	for name, value := range parameters {
		if name != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// required returns a problem that names the first member that is missing.
func required(members ...member) error {
	for _, m := range members {
		if !m.there {
			return invalidRequest("The member " + quoted(m.name) + " is missing.")
		}
	}
	return nil
}

type member struct {
	name  string
	there bool
}

func text(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}
