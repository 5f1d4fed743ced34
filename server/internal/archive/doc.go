// Package archive reads and writes the file of a backup: every table of a database, and a manifest that tells what must be in it.
package archive
