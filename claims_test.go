package durward_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/durward-auth/durward"
)

func TestClaims(t *testing.T) {
	m := materialOf(t, durward.HS256)
	v := newVerifier(t, config(m.key))
	at := func(claim string, seconds int64) string { return fmt.Sprintf("%s:%d", claim, now.Unix()+seconds) }
	many := func(n int) string { return `["` + audience + `"` + strings.Repeat(`,"x"`, n-1) + `]` }

	for name, c := range map[string]struct {
		members []string
		want    error
	}{
		"the plain payload": {nil, nil},

		"D01 exp missing":                   {[]string{"exp:"}, durward.ErrTokenClaims},
		"D02 exp as a string":               {[]string{`exp:"1800000900"`}, durward.ErrTokenClaims},
		"D02 exp true":                      {[]string{"exp:true"}, durward.ErrTokenClaims},
		"D02 exp null":                      {[]string{"exp:null"}, durward.ErrTokenClaims},
		"D02 exp an array":                  {[]string{"exp:[]"}, durward.ErrTokenClaims},
		"D02 exp an object":                 {[]string{"exp:{}"}, durward.ErrTokenClaims},
		"D02 exp an empty string":           {[]string{`exp:""`}, durward.ErrTokenClaims},
		"D02 exp -1":                        {[]string{"exp:-1"}, durward.ErrTokenClaims},
		"D02 exp 0":                         {[]string{"exp:0"}, durward.ErrTokenClaims},
		"D03 exp with a fraction":           {[]string{"exp:1800000000.9", at("iat", -1)}, durward.ErrTokenExpired},
		"D03 exp with a fraction, later":    {[]string{"exp:1800000001.5"}, nil},
		"D03 exp with an exponent":          {[]string{"exp:18e8"}, durward.ErrTokenClaims},
		"D03 exp with both":                 {[]string{"exp:1.8000009E9"}, durward.ErrTokenClaims},
		"D04 exp 1e400":                     {[]string{"exp:1e400"}, durward.ErrTokenMalformed},
		"D04 exp NaN":                       {[]string{"exp:NaN"}, durward.ErrTokenMalformed},
		"D04 exp Infinity":                  {[]string{"exp:Infinity"}, durward.ErrTokenMalformed},
		"D04 exp of 2^63-1":                 {[]string{"exp:9223372036854775807"}, durward.ErrTokenClaims},
		"D04 exp of 2^63":                   {[]string{"exp:9223372036854775808"}, durward.ErrTokenClaims},
		"D04 exp of 2^64+900":               {[]string{"exp:18446744073709552516"}, durward.ErrTokenClaims},
		"D04 exp in the year 10000":         {[]string{"exp:253402300800"}, durward.ErrTokenClaims},
		"D04 exp in the year 9999":          {[]string{"exp:253402300799"}, durward.ErrTokenLifetime},
		"D04 exp of 400 digits":             {[]string{"exp:" + strings.Repeat("1", 400)}, durward.ErrTokenMalformed},
		"D05 exp is now":                    {[]string{at("exp", 0), at("iat", -1)}, durward.ErrTokenExpired},
		"D05 exp is a second on":            {[]string{at("exp", 1)}, nil},
		"D06 nbf is now":                    {[]string{at("nbf", 0)}, nil},
		"D06 nbf is a second on":            {[]string{at("nbf", 1)}, durward.ErrTokenNotYetValid},
		"D06 nbf with a fraction":           {[]string{"nbf:1800000000.1"}, durward.ErrTokenNotYetValid},
		"D06 nbf as a string":               {[]string{`nbf:"1"`}, durward.ErrTokenClaims},
		"D06 iat an hour on":                {[]string{at("iat", 3600), at("exp", 7200)}, durward.ErrTokenClaims},
		"D06 iat a minute on":               {[]string{at("iat", 60)}, nil},
		"D06 iat over a minute on":          {[]string{at("iat", 61)}, durward.ErrTokenClaims},
		"D06 iat at exp":                    {[]string{at("iat", 900)}, durward.ErrTokenClaims},
		"D06 iat as a string":               {[]string{`iat:"1"`}, durward.ErrTokenClaims},
		"D06 no iat":                        {[]string{"iat:"}, nil},
		"D07 a lifetime of 24 hours":        {[]string{at("exp", 3600), at("iat", 3600-86400)}, nil},
		"D07 a lifetime of a second more":   {[]string{at("exp", 3600), at("iat", 3600-86401)}, durward.ErrTokenLifetime},
		"D07 a lifetime of ten years":       {[]string{at("exp", 315360000)}, durward.ErrTokenLifetime},
		"D07 no iat and 24 hours left":      {[]string{"iat:", at("exp", 86400)}, nil},
		"D07 no iat and more left":          {[]string{"iat:", at("exp", 86401)}, durward.ErrTokenLifetime},
		"D09 aud in an array":               {[]string{`aud:["test"]`}, nil},
		"D09 aud among others":              {[]string{`aud:["x","test"]`}, nil},
		"D09 aud of 256":                    {[]string{"aud:" + many(256)}, nil},
		"A19 D09 aud of 257":                {[]string{"aud:" + many(257)}, durward.ErrTokenClaims},
		"D09 aud an empty array":            {[]string{"aud:[]"}, durward.ErrTokenAudience},
		"D09 aud an empty string":           {[]string{`aud:""`}, durward.ErrTokenAudience},
		"D09 aud null":                      {[]string{"aud:null"}, durward.ErrTokenClaims},
		"D09 aud a number":                  {[]string{"aud:1"}, durward.ErrTokenClaims},
		"D09 aud with a number":             {[]string{`aud:["test",1]`}, durward.ErrTokenClaims},
		"D09 aud nested":                    {[]string{`aud:[["test"]]`}, durward.ErrTokenClaims},
		"D09 aud an object":                 {[]string{`aud:{"test":true}`}, durward.ErrTokenClaims},
		"D09 aud with a comma":              {[]string{`aud:"test,other"`}, durward.ErrTokenAudience},
		"D09 aud in capitals":               {[]string{`aud:"TEST"`}, durward.ErrTokenAudience},
		"D09 aud with a slash":              {[]string{`aud:"test/"`}, durward.ErrTokenAudience},
		"D10 aud missing":                   {[]string{"aud:"}, durward.ErrTokenAudience},
		"D11 iss missing":                   {[]string{"iss:"}, durward.ErrTokenIssuer},
		"D11 iss an array":                  {[]string{`iss:["https://issuer.test"]`}, durward.ErrTokenClaims},
		"D11 iss with more behind":          {[]string{`iss:"https://issuer.test.evil"`}, durward.ErrTokenIssuer},
		"B20 D11 iss with a slash":          {[]string{`iss:"https://issuer.test/"`}, durward.ErrTokenIssuer},
		"B20 iss in capitals":               {[]string{`iss:"https://ISSUER.test"`}, durward.ErrTokenIssuer},
		"B20 iss with a port":               {[]string{`iss:"https://issuer.test:443"`}, durward.ErrTokenIssuer},
		"B20 iss with a Unicode dot":        {[]string{"iss:\"https://issuer\u3002test\""}, durward.ErrTokenIssuer},
		"B20 iss unknown":                   {[]string{`iss:"https://evil.test"`}, durward.ErrTokenIssuer},
		"D12 sub empty":                     {[]string{`sub:""`}, durward.ErrTokenClaims},
		"D12 sub a number":                  {[]string{"sub:123"}, durward.ErrTokenClaims},
		"D12 sub null":                      {[]string{"sub:null"}, durward.ErrTokenClaims},
		"D12 sub an object":                 {[]string{"sub:{}"}, durward.ErrTokenClaims},
		"D12 sub of 255 bytes":              {[]string{`sub:"` + strings.Repeat("s", 255) + `"`}, nil},
		"D12 sub of 256 bytes":              {[]string{`sub:"` + strings.Repeat("s", 256) + `"`}, durward.ErrTokenClaims},
		"D18 scope an array":                {[]string{`scope:["read"]`}, durward.ErrTokenClaims},
		"D18 scope with a tab":              {[]string{`scope:"read\twrite"`}, durward.ErrTokenClaims},
		"D18 scope with a newline":          {[]string{`scope:"admin\nuser"`}, durward.ErrTokenClaims},
		"D18 scope with a hard space":       {[]string{"scope:\"read\u00a0write\""}, durward.ErrTokenClaims},
		"D18 scope with a space in front":   {[]string{`scope:" read"`}, durward.ErrTokenClaims},
		"D18 scope with a space behind":     {[]string{`scope:"read "`}, durward.ErrTokenClaims},
		"D18 scope with two spaces":         {[]string{`scope:"read  write"`}, durward.ErrTokenClaims},
		"D18 scope with a quote":            {[]string{`scope:"re\"ad"`}, durward.ErrTokenClaims},
		"D18 scope empty":                   {[]string{`scope:""`}, nil},
		"A19 D18 scope of 257":              {[]string{`scope:"r` + strings.Repeat(" r", 256) + `"`}, durward.ErrTokenClaims},
		"D19 roles a string":                {[]string{`roles:"admin"`}, durward.ErrTokenClaims},
		"D19 roles an object":               {[]string{`roles:{"admin":true}`}, durward.ErrTokenClaims},
		"D19 roles nested":                  {[]string{`roles:[["admin"]]`}, durward.ErrTokenClaims},
		"D19 roles with null":               {[]string{"roles:[null]"}, durward.ErrTokenClaims},
		"A19 D19 roles of 257":              {[]string{"roles:" + many(257)}, durward.ErrTokenClaims},
		"D22 a token bound to a key":        {[]string{`cnf:{"jkt":"x"}`}, durward.ErrTokenBound},
		"D22 a token bound to nothing":      {[]string{"cnf:null"}, durward.ErrTokenBound},
		"jti a number":                      {[]string{"jti:1"}, durward.ErrTokenClaims},
		"sid a number":                      {[]string{"sid:1"}, durward.ErrTokenClaims},
		"client_id an array":                {[]string{"client_id:[]"}, durward.ErrTokenClaims},
		"D24 auth_time a string":            {[]string{`auth_time:"1"`}, durward.ErrTokenClaims},
		"amr a string":                      {[]string{`amr:"pwd"`}, durward.ErrTokenClaims},
		"amr with a number":                 {[]string{`amr:["pwd",1]`}, durward.ErrTokenClaims},
		"amr null":                          {[]string{"amr:null"}, durward.ErrTokenClaims},
		"amr of 257":                        {[]string{"amr:" + many(257)}, durward.ErrTokenClaims},
		"a status list entry":               {[]string{`status:{"status_list":{"idx":0,"uri":"https://issuer.test/1"}}`}, nil},
		"a status learnt in another way":    {[]string{`status:{"other_list":{"id":"x"}}`}, nil},
		"status a string":                   {[]string{`status:"active"`}, durward.ErrTokenClaims},
		"status null":                       {[]string{"status:null"}, durward.ErrTokenClaims},
		"status an array":                   {[]string{"status:[]"}, durward.ErrTokenClaims},
		"status that says nothing":          {[]string{"status:{}"}, durward.ErrTokenClaims},
		"status_list null":                  {[]string{`status:{"status_list":null}`}, durward.ErrTokenClaims},
		"status_list empty":                 {[]string{`status:{"status_list":{}}`}, durward.ErrTokenClaims},
		"status without idx":                {[]string{`status:{"status_list":{"uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status without uri":                {[]string{`status:{"status_list":{"idx":1}}`}, durward.ErrTokenClaims},
		"status with an empty uri":          {[]string{`status:{"status_list":{"idx":1,"uri":""}}`}, durward.ErrTokenClaims},
		"status with a uri of 2049 bytes":   {[]string{`status:{"status_list":{"idx":1,"uri":"` + strings.Repeat("u", 2049) + `"}}`}, durward.ErrTokenClaims},
		"status with uri a number":          {[]string{`status:{"status_list":{"idx":1,"uri":1}}`}, durward.ErrTokenClaims},
		"status with idx -1":                {[]string{`status:{"status_list":{"idx":-1,"uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status with idx -0":                {[]string{`status:{"status_list":{"idx":-0,"uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status with idx 1.0":               {[]string{`status:{"status_list":{"idx":1.0,"uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status with idx 1e0":               {[]string{`status:{"status_list":{"idx":1e0,"uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status with idx a string":          {[]string{`status:{"status_list":{"idx":"1","uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status with idx of 2^63":           {[]string{`status:{"status_list":{"idx":9223372036854775808,"uri":"https://issuer.test/1"}}`}, durward.ErrTokenClaims},
		"status with idx twice":             {[]string{`status:{"status_list":{"idx":1,"idx":2,"uri":"https://issuer.test/1"}}`}, durward.ErrTokenMalformed},
		"another issuer's kind of ver":      {[]string{`ver:"2.0"`}, nil},
		"another issuer's kind of username": {[]string{"username:1"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			token := m.forge(t, m.header(), payload(c.members...))
			if c.want == nil {
				accepted(t, v, token)
			} else {
				refused(t, v, token, c.want)
			}
		})
	}
}

func TestClaimsAreReadInFull(t *testing.T) {
	m := materialOf(t, durward.HS256)
	claims := accepted(t, newVerifier(t, config(m.key)), m.forge(t, m.header(), payload(
		`aud:["x","test"]`, "nbf:1799999999", `client_id:"app"`, `sid:"session-1"`, "ver:7", "auth_time:1799999000.7", `amr:["pwd","otp"]`,
		`username:"Ada \ud83d\ude00"`, `roles:["admin","\u0061uditor"]`, `scope:"read write"`, `plan:{"name":"gold","Name":"x"}`,
	)))
	private, err := durward.DecodeClaims[struct {
		Plan struct {
			Name string `json:"name"`
		} `json:"plan"`
		Expires int64 `json:"exp"`
	}](claims)
	if err != nil || private.Plan.Name != "gold" || private.Expires != now.Unix()+900 {
		t.Errorf("decoded: got %+v, %v, want the plan gold and the expiry", private, err)
	}
	got := fmt.Sprintf("%q %q %q %d %d %d %q %q %q %d %d %q %q %q %q %q", claims.Issuer, claims.Subject, claims.Audience,
		claims.ExpiresAt.Unix(), claims.NotBefore.Unix(), claims.IssuedAt.Unix(), claims.ID, claims.ClientID, claims.SessionID,
		claims.Version, claims.AuthTime.Unix(), claims.AMR, claims.Username, claims.Roles, claims.Scopes, claims.KeyID)
	want := fmt.Sprintf(`"https://issuer.test" "ada" ["x" "test"] 1800000900 1799999999 1800000000 "token-1" "app" "session-1" 7 1799999000 ["pwd" "otp"] "Ada 😀" ["admin" "auditor"] ["read" "write"] %q`, m.key.ID())
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	status := accepted(t, newVerifier(t, config(m.key)), m.forge(t, m.header(),
		payload(`status:{"x":1,"status_list":{"uri":"https:\/\/issuer.test/\u0031","more":{},"idx":412}}`))).Status
	if want := (durward.StatusReference{URI: "https://issuer.test/1", Index: 412}); status != want {
		t.Errorf("status: got %+v, want %+v", status, want)
	}
	// The lists share memory: growing one must not write into the next.
	_ = append(claims.Audience, "intruder")
	_ = append(claims.Roles, "intruder")
	if !reflect.DeepEqual(claims.Roles, []string{"admin", "auditor"}) || !reflect.DeepEqual(claims.Scopes, []string{"read", "write"}) {
		t.Errorf("got roles %q and scopes %q after appending to their neighbours", claims.Roles, claims.Scopes)
	}
	if _, err := durward.DecodeClaims[struct{ Plan int }](claims); err != nil {
		t.Errorf("decode into a field of another name: got %v, want it ignored", err)
	}
	if got, err := durward.DecodeClaims[struct {
		Plan int `json:"plan"`
	}](claims); err == nil || got.Plan != 0 {
		t.Errorf("decode an object into a number: got %+v, %v, want an error and nothing", got, err)
	}
}

func TestRolesAndScopesAreComparedExactly(t *testing.T) {
	claims := durward.Claims{Roles: []string{"superadmin-not", "Auditor", ""}, Scopes: []string{"reader", "READ", "read:*"}}
	for _, role := range []string{"admin", "superadmin", "auditor", "Auditor "} {
		if claims.HasRole(role) {
			t.Errorf("D19 role %q: got true, want false", role)
		}
	}
	for _, scope := range []string{"read", "Read", "read:x", "read:"} {
		if claims.HasScope(scope) {
			t.Errorf("D18 scope %q: got true, want false", scope)
		}
	}
	if !claims.HasRole("Auditor") || !claims.HasScope("read:*") {
		t.Error("the exact names: got false, want true")
	}
}

func TestTypes(t *testing.T) {
	m := materialOf(t, durward.HS256)
	strict := newVerifier(t, config(m.key))
	both := config(m.key)
	both.Types = []string{"at+jwt", "JWT"}
	lenient := newVerifier(t, both)
	only := config(m.key)
	only.Types = []string{durward.InsecureNoType}
	untyped := newVerifier(t, only)
	for typ, c := range map[string]struct{ strict, lenient error }{
		`,"typ":"at+jwt"`:             {nil, nil},
		`,"typ":"AT+JWT"`:             {nil, nil},
		`,"typ":"application/at+jwt"`: {nil, nil},
		`,"typ":"Application/AT+jwt"`: {nil, nil},
		`,"typ":"JWT"`:                {durward.ErrTokenType, nil}, // D14
		`,"typ":"jwt"`:                {durward.ErrTokenType, nil},
		`,"typ":"rt+jwt"`:             {durward.ErrTokenType, durward.ErrTokenType}, // D13
		`,"typ":"dpop+jwt"`:           {durward.ErrTokenType, durward.ErrTokenType},
		`,"typ":"at+jwt "`:            {durward.ErrTokenType, durward.ErrTokenType},
		`,"typ":"text/at+jwt"`:        {durward.ErrTokenType, durward.ErrTokenType},
		`,"typ":""`:                   {durward.ErrTokenType, durward.ErrTokenType},
		`,"typ":"(no typ)"`:           {durward.ErrTokenType, durward.ErrTokenType},
		``:                            {durward.ErrTokenType, durward.ErrTokenType},
	} {
		token := m.forge(t, fmt.Sprintf(`{"alg":"HS256","kid":%q%s}`, m.key.ID(), typ), payload())
		none := error(durward.ErrTokenType)
		if typ == "" {
			none = nil
		}
		for v, want := range map[*durward.Verifier]error{strict: c.strict, lenient: c.lenient, untyped: none} {
			t.Run("D15 "+typ, func(t *testing.T) {
				if want == nil {
					accepted(t, v, token)
				} else {
					refused(t, v, token, want)
				}
			})
		}
	}
}

func TestLeewayAndLifetime(t *testing.T) {
	m := materialOf(t, durward.HS256)
	c := config(m.key)
	c.Leeway, c.MaxLifetime = 10*time.Second, time.Hour
	v := newVerifier(t, c)
	for name, test := range map[string]struct {
		exp, nbf, iat int64
		want          error
	}{
		"D05 expired within the leeway":      {-9, -100, -100, nil},
		"D05 expired by the leeway":          {-10, -100, -100, durward.ErrTokenExpired},
		"D06 not valid yet, by the leeway":   {900, 10, 0, nil},
		"D06 not valid yet, by more":         {900, 11, 0, durward.ErrTokenNotYetValid},
		"D07 as long as allowed":             {1800, -1, -1800, nil},
		"D07 a second longer":                {1801, -1, -1800, durward.ErrTokenLifetime},
		"iat is ahead by the tolerance":      {900, 0, 60, nil},
		"iat is ahead by more":               {900, 0, 61, durward.ErrTokenClaims},
		"D06 nbf is after the expiry":        {900, 901, 0, durward.ErrTokenNotYetValid},
		"expired and not valid yet at once":  {-20, 20, -100, durward.ErrTokenExpired},
		"issued after it expired, in leeway": {-5, -100, -4, durward.ErrTokenClaims},
	} {
		t.Run(name, func(t *testing.T) {
			token := m.forge(t, m.header(), payload(
				fmt.Sprintf("exp:%d", now.Unix()+test.exp), fmt.Sprintf("nbf:%d", now.Unix()+test.nbf), fmt.Sprintf("iat:%d", now.Unix()+test.iat)))
			if test.want == nil {
				accepted(t, v, token)
			} else {
				refused(t, v, token, test.want)
			}
		})
	}
}
