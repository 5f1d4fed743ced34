// Package limit owns the budgets of failed sign-ins, by account and by address, and of registrations.
package limit
