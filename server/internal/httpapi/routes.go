package httpapi

// table is the contract: every route, who may use it, and what answers.
func (a *api) table() []*route {
	routes := []*route{
		{pattern: "GET /{$}", access: accessAll, quick: true, serve: a.front()},
		{pattern: "POST /register", access: accessAll, serve: a.register},
		{pattern: "POST /login", access: accessAll, serve: a.login},
		{pattern: "POST /refresh", access: accessAll, serve: a.refresh},
		{pattern: "POST /logout", access: accessOwn, serve: a.logout},
		{pattern: "POST /logout/all", access: accessUser, serve: a.logoutAll},
		{pattern: "POST /logout/others", access: accessUser, serve: a.logoutOthers},
		{pattern: "POST /token", access: accessClient, serve: oauth(a.token)},
		{pattern: "POST /introspect", access: accessClient, serve: oauth(a.introspect)},
		{pattern: "POST /revoke", access: accessClient, serve: oauth(a.revoke)},

		{pattern: "GET /me", access: accessUser, serve: a.showMe},
		{pattern: "PATCH /me", access: accessUser, serve: a.changeMe},
		{pattern: "DELETE /me", access: accessUser, fresh: true, serve: a.deleteMe},
		{pattern: "POST /me/reauthenticate", access: accessUser, serve: a.reauthenticate},
		{pattern: "PUT /me/password", access: accessUser, serve: a.changePassword},
		{pattern: "GET /me/sessions", access: accessUser, serve: a.listSessions},
		{pattern: "DELETE /me/sessions/{id}", access: accessUser, serve: a.endSession},

		{pattern: "GET /protected", access: accessUser, quick: true, serve: a.protected},
		{pattern: "GET /admin", access: accessAdmin, quick: true, serve: a.admin},
		{pattern: "GET /verify", access: accessToken, quick: true, serve: a.verify},

		{pattern: "GET /admin/users", access: accessAdmin, serve: a.listUsers},
		{pattern: "POST /admin/users", access: accessAdmin, serve: a.createUser},
		{pattern: "GET /admin/users/{id}", access: accessAdmin, serve: a.showUser},
		{pattern: "DELETE /admin/users/{id}", access: accessAdmin, serve: a.deleteUser},
		{pattern: "PUT /admin/users/{id}/roles", access: accessAdmin, serve: a.setRoles},
		{pattern: "PUT /admin/users/{id}/scopes", access: accessAdmin, serve: a.setScopes},
		{pattern: "POST /admin/users/{id}/disable", access: accessAdmin, serve: a.disableUser},
		{pattern: "POST /admin/users/{id}/enable", access: accessAdmin, serve: a.enableUser},
		{pattern: "POST /admin/users/{id}/revoke", access: accessAdmin, serve: a.revokeUser},
		{pattern: "GET /admin/clients", access: accessAdmin, serve: a.listClients},
		{pattern: "POST /admin/clients", access: accessAdmin, serve: a.createClient},
		{pattern: "POST /admin/clients/{id}/secret", access: accessAdmin, serve: a.renewClientSecret},
		{pattern: "DELETE /admin/clients/{id}", access: accessAdmin, serve: a.revokeClient},

		{pattern: "GET /admin/sessions", access: accessAdmin, serve: a.listAllSessions},
		{pattern: "DELETE /admin/sessions/{id}", access: accessAdmin, serve: a.endAnySession},
		{pattern: "GET /admin/keys", access: accessAdmin, quick: true, serve: a.listKeys},
		{pattern: "POST /admin/keys/rotate", access: accessAdmin, serve: a.rotateKeys},
		{pattern: "DELETE /admin/keys/{kid}", access: accessAdmin, serve: a.revokeKey},

		{pattern: "GET /revocations", access: accessVerifier, quick: true, serve: a.showRevocations},

		{pattern: "GET /.well-known/jwks.json", access: accessAll, quick: true, serve: a.showKeySet()},
		{pattern: "GET /.well-known/oauth-authorization-server", access: accessAll, quick: true, serve: a.metadata()},
		{pattern: "GET /healthz", access: accessAll, quick: true, serve: a.healthy},
		{pattern: "GET /readyz", access: accessAll, serve: a.ready},
		{pattern: "GET /openapi.json", access: accessAll, quick: true, serve: a.openAPI()},
	}
	if a.StatusLists != nil {
		routes = append(routes, &route{pattern: "GET /statuslist/{n}", access: accessAll, serve: a.showStatusList})
	}
	if a.MetricsOnMain {
		routes = append(routes, &route{pattern: "GET /metrics", access: accessAll, serve: a.metrics()})
	}
	return routes
}
