package main

import (
	"fmt"
	"io"
	"strings"
)

// welcome says where the server is, and on new data what to do first.
func welcome(out io.Writer, url string, c *commands, first bool) {
	fmt.Fprintf(out, "Durward %s is listening on %s\n", version(), url)
	if !first {
		return
	}
	data := shellQuote(c.Data)
	if c.database != "" {
		data += " --db " + shellQuote(c.database.String())
	}
	fmt.Fprint(out, strings.NewReplacer("{url}", url, "{data}", shellQuote(c.Data), "{where}", data).Replace(`
New data in {data}. Keep its master.key in a backup of its own: without it the signing keys are lost.

Try it:

  curl -s {url}/register -H 'Content-Type: application/json' \
    -d '{"username":"ada","password":"correct horse battery"}'

  curl -s {url}/login -H 'Content-Type: application/json' \
    -d '{"username":"ada","password":"correct horse battery"}'

  curl -s {url}/protected -H 'Authorization: Bearer ACCESS_TOKEN'

Make the first administrator (it asks for a password), in another terminal
(in a clone, with go run ./server/cmd/durward in the place of durward):

  durward user add grace --role admin --data {where}

`))
}

// shellQuote makes a path safe to paste.
func shellQuote(path string) string {
	if path != "" && strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
