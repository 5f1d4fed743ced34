module github.com/durward-auth/durward/mldsa

go 1.26.0

require (
	filippo.io/mldsa v1.0.0
	github.com/durward-auth/durward v0.0.0
)

replace github.com/durward-auth/durward => ../
