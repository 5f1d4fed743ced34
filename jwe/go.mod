module github.com/durward-auth/durward/jwe

go 1.26.0

require (
	github.com/durward-auth/durward v0.0.0
	github.com/go-jose/go-jose/v4 v4.1.8
)

replace github.com/durward-auth/durward => ../
