// Package durwardtest owns an issuer of tokens for tests: its keys, its clock, good tokens and bad ones.
//
// A program that guards its routes with durward is tested by giving it the issuer's configuration instead
// of its own:
//
//	func TestOnlyAdministratorsComeIn(t *testing.T) {
//		issuer := durwardtest.New(t)
//		handler := routes(issuer.Config())
//
//		w := httptest.NewRecorder()
//		handler.ServeHTTP(w, issuer.Request("GET", "/admin", issuer.TokenFor("ada", "admin")))
//		if w.Code != http.StatusOK {
//			t.Errorf("got %d, want 200", w.Code)
//		}
//	}
//
// Nothing here waits or talks to a network.
package durwardtest
