module github.com/durward-auth/durward/fastkeys

go 1.26.0

require (
	filippo.io/bigmod v0.1.0
	filippo.io/edwards25519 v1.2.0
	filippo.io/nistec v0.0.4
	github.com/durward-auth/durward v0.0.0
)

require golang.org/x/sys v0.36.0 // indirect

replace github.com/durward-auth/durward => ../
