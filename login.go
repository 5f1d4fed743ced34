package durward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/durward-auth/durward/internal/strictjson"
)

// An Identity is who logged in: what goes into the token.
type Identity struct {
	Subject  string   // the user's id
	Username string   // optional
	Roles    []string // optional
	Scopes   []string // optional
	// Private, if set, is a struct or a map whose members become private claims; see [Signer.Sign].
	Private any
}

// LoginConfig makes a login handler. Signer and Authenticate are required.
type LoginConfig struct {
	Signer *Signer
	// Authenticate returns the identity for a user name and a password, or ErrInvalidCredentials for an
	// unknown user, a wrong password and a disabled account alike, and in the same time. Any other
	// error is answered with 503.
	Authenticate func(ctx context.Context, username, password string) (Identity, error)
	// Respond, if set, writes the answer instead of the default
	// {"access_token","token_type","expires_in"} (RFC 6749 §5.1).
	Respond func(w http.ResponseWriter, r *http.Request, token string, expiresAt time.Time)
	// OnRefuse, if set, writes the answer to a refused login instead of [WriteRefusal].
	OnRefuse func(http.ResponseWriter, *http.Request, *Refusal)
}

const (
	maxLoginBytes    = 64 << 10
	maxPasswordBytes = 1024
)

// LoginHandler answers POST {"username","password"} with an access token. Bodies over 64 KiB,
// passwords over 1024 bytes, unknown or repeated members and other content types are refused.
//
// It does not count failed attempts: put a rate limit in front, or use the Durward server, which does.
func LoginHandler(c LoginConfig) (http.Handler, error) {
	if c.Signer == nil || c.Authenticate == nil {
		return nil, errors.New("durward: a login handler needs a Signer and an Authenticate callback")
	}
	if c.OnRefuse == nil {
		c.OnRefuse = WriteRefusal
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, expiresAt, refusal := c.login(w, r)
		switch {
		case refusal != nil:
			c.OnRefuse(w, r, refusal)
		case c.Respond != nil:
			w.Header().Set("Cache-Control", "no-store")
			c.Respond(w, r, token, expiresAt)
		default:
			c.respond(w, token, expiresAt)
		}
	}), nil
}

func (c *LoginConfig) login(w http.ResponseWriter, r *http.Request) (string, time.Time, *Refusal) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return "", time.Time{}, &Refusal{Status: http.StatusMethodNotAllowed, Code: "method_not_allowed", Detail: "Log in with POST."}
	}
	var in struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	if refusal := readJSON(w, r, &in); refusal != nil {
		return "", time.Time{}, refusal
	}
	if in.Username == "" || in.Password == "" || len(in.Password) > maxPasswordBytes {
		return "", time.Time{}, badRequest("Give a username and a password of at most 1024 bytes.", nil)
	}
	identity, err := c.Authenticate(r.Context(), in.Username, in.Password)
	switch {
	case errors.Is(err, ErrInvalidCredentials):
		return "", time.Time{}, &Refusal{
			Status: http.StatusUnauthorized, Code: "invalid_credentials",
			Detail: "The user name or the password is wrong.", Challenge: "Bearer", Err: err,
		}
	case err != nil:
		return "", time.Time{}, loginUnavailable(err)
	}
	var private []any
	if identity.Private != nil {
		private = append(private, identity.Private)
	}
	token, expiresAt, err := c.Signer.Sign(r.Context(), Claims{
		Subject: identity.Subject, Username: identity.Username,
		Roles: identity.Roles, Scopes: identity.Scopes,
		AuthTime: c.Signer.config.Clock(),
	}, private...)
	if errors.Is(err, ErrUnavailable) {
		return "", time.Time{}, loginUnavailable(err)
	}
	if err != nil { // an identity that cannot be in a token: the program's fault
		return "", time.Time{}, &Refusal{
			Status: http.StatusInternalServerError, Code: "internal_error",
			Detail: "Something went wrong on the server.", Err: err,
		}
	}
	return token, expiresAt, nil
}

func loginUnavailable(err error) *Refusal {
	return &Refusal{
		Status: http.StatusServiceUnavailable, Code: codeUnavailable,
		Detail: "Logging in is not possible now. Try again soon.", Err: err,
	}
}

func (c *LoginConfig) respond(w http.ResponseWriter, token string, expiresAt time.Time) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	seconds := int64(expiresAt.Sub(c.Signer.config.Clock()).Round(time.Second) / time.Second)
	_, _ = fmt.Fprintf(w, "{\"access_token\":%q,\"token_type\":\"Bearer\",\"expires_in\":%s}\n", token, strconv.FormatInt(seconds, 10))
}

func badRequest(detail string, err error) *Refusal {
	return &Refusal{Status: http.StatusBadRequest, Code: codeRequest, Detail: detail, Err: err}
}

// readJSON reads one strict JSON object into the struct that into points to.
func readJSON(w http.ResponseWriter, r *http.Request, into any) *Refusal {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &Refusal{
			Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type",
			Detail: "Send the body as Content-Type: application/json.", Err: err,
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxLoginBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return &Refusal{
			Status: http.StatusRequestEntityTooLarge, Code: "body_too_large",
			Detail: "The body may have at most 64 KiB.", Err: err,
		}
	}
	if err != nil {
		return badRequest("The body could not be read.", err)
	}
	err = strictjson.Decode(string(body), strictjson.Limits{}, into)
	if unknown, ok := errors.AsType[*strictjson.UnknownMemberError](err); ok {
		name, _ := json.Marshal(unknown.Name)
		return badRequest("The member "+string(name)+" is not known here.", err)
	}
	if err != nil {
		return badRequest("The body must be one JSON object with the members of this route.", err)
	}
	return nil
}
