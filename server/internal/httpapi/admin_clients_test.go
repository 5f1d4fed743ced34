package httpapi_test

import (
	"strings"
	"testing"
)

func TestAnAdministratorRunsTheClients(t *testing.T) {
	d := open(t)
	d.user("root", "admin")
	root := as(d.login("root").Access)
	var made struct {
		ID, Name, Secret string
		Scopes           []string
		Created          string  `json:"created_at"`
		Revoked          *string `json:"revoked_at"`
	}
	d.want(d.do("POST", "/admin/clients", `{"name":"billing","scopes":["write","read","read"]}`, root), 201, "").decode(t, &made)
	if made.Name != "billing" || strings.Join(made.Scopes, " ") != "read write" || made.Revoked != nil || made.Created == "" ||
		!strings.HasPrefix(made.ID, "dwc_") || !strings.HasPrefix(made.Secret, "dws_") || len(made.Secret) != 47 {
		t.Errorf("got %+v", made)
	}
	first := machine{secret: made.Secret}
	first.ID = made.ID
	old := d.grantTo(first).Access

	a := d.want(d.do("GET", "/admin/clients", "", root), 200, "")
	if !strings.Contains(a.body, made.ID) || strings.Contains(a.body, "secret") || strings.Contains(a.body, "hash") {
		t.Errorf("got list %s, want the client and no secret", a.body)
	}
	d.want(d.do("POST", "/admin/clients", `{"name":"billing"}`, root), 409, "client_name_taken")
	for _, name := range []string{"", "two words", "\\u0000", "<img onerror>", "\\r\\nX: y", strings.Repeat("x", 65), "ümlaut"} {
		d.want(d.do("POST", "/admin/clients", `{"name":"`+name+`"}`, root), 422, "invalid_client_name")
	}
	d.want(d.do("POST", "/admin/clients", `{"name":"b","scopes":["a b"]}`, root), 400, "invalid_scope")
	d.want(d.do("POST", "/admin/clients", `{"scopes":[]}`, root), 400, "invalid_request")
	d.want(d.do("POST", "/admin/clients", `{"name":"b","secret":"mine"}`, root), 400, "invalid_request")

	var renewed struct{ ID, Secret string }
	d.want(d.do("POST", "/admin/clients/"+made.ID+"/secret", "", root), 200, "").decode(t, &renewed)
	if renewed.Secret == made.Secret || renewed.ID != made.ID {
		t.Errorf("got %+v, want a new secret of the same client", renewed)
	}
	d.wantOAuth(d.post("/token", clientCredentials, first.basic()), 401, "invalid_client")
	d.want(d.do("GET", "/verify", "", as(old)), 401, "token_revoked")
	second := machine{first.Client, renewed.Secret}
	token := d.grantTo(second).Access
	d.want(d.do("GET", "/verify", "", as(token)), 204, "")

	for range 2 {
		d.want(d.do("DELETE", "/admin/clients/"+made.ID, "", root), 204, "")
	}
	d.want(d.do("GET", "/verify", "", as(token)), 401, "token_revoked")
	d.wantOAuth(d.post("/token", clientCredentials, second.basic()), 401, "invalid_client")
	d.want(d.do("POST", "/admin/clients/"+made.ID+"/secret", "", root), 404, "client_not_found")
	for _, id := range []string{"dwc_unknown", "%00", "billing", strings.Repeat("x", 65)} {
		d.want(d.do("DELETE", "/admin/clients/"+id, "", root), 404, "client_not_found")
	}
	if a := d.want(d.do("GET", "/admin/clients", "", root), 200, ""); strings.Contains(a.body, `"revoked_at":null`) {
		t.Errorf("got list %s, want the client shown as revoked", a.body)
	}
}
