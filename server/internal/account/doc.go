// Package account owns the rules of users and their sessions: register, log in, refresh,
// log out, change a password, roles, disable. It knows neither HTTP nor SQL.
package account
