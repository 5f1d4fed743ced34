module github.com/durward-auth/durward/bench

go 1.26

replace github.com/durward-auth/durward => ../
