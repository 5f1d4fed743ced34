module github.com/durward-auth/durward/bench

go 1.26

require github.com/durward-auth/durward v0.0.0

replace github.com/durward-auth/durward => ../
