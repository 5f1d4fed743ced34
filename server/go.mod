module github.com/durward-auth/durward/server

go 1.26

require (
	github.com/durward-auth/durward v0.0.0
	golang.org/x/crypto v0.58.0
	golang.org/x/net v0.62.0
	golang.org/x/text v0.43.0
)

replace github.com/durward-auth/durward => ../
