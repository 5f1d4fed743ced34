module github.com/durward-auth/durward

go 1.26
