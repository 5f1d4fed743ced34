package store

import "strings"

// keyed is a table and the columns of its primary key.
type keyed struct {
	name string
	key  []string
}

// dataTables are those that hold data, each after those that it refers to. A backup and a move take all of them; a test
// compares the list with the migrations.
func dataTables() []keyed {
	return []keyed{
		{"users", []string{"id"}},
		{"sessions", []string{"id"}},
		{"revocations", []string{"kind", "id"}},
		{"status_marks", []string{"status_index"}},
		{"signing_keys", []string{"kid"}},
		{"vault", []string{"name"}},
		{"clients", []string{"id"}},
		{"sign_in_failures", []string{"counter"}},
		{"audit", []string{"id"}},
		{"turns", []string{"name"}},
		{"epochs", []string{"name"}},
		{"settings", []string{"name"}},
	}
}

// bookkeeping are the tables of the migrations themselves.
func bookkeeping() []string { return []string{"goose_db_version", "migrator"} }

// order is the key as ORDER BY has it.
func (k keyed) order() string { return strings.Join(k.key, ", ") }

// where leaves out the row that says what becomes of this very database.
func (k keyed) where() string {
	if k.name == "settings" {
		return " WHERE name <> '" + stateName + "'"
	}
	return ""
}
