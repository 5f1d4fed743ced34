// Package sessiontest proves sessions, over any store, with random histories against a model and with concurrent ones against linearizability.
package sessiontest
