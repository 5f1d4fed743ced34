package lawtest_test

const (
	rootModule     = "github.com/durward-auth/durward"
	serverModule   = rootModule + "/server"
	benchModule    = rootModule + "/bench"
	fastkeysModule = rootModule + "/fastkeys"
	jweModule      = rootModule + "/jwe"
	mldsaModule    = rootModule + "/mldsa"
)

// theLaw is what docs/decisions/0011-the-law-of-imports.md describes.
var theLaw = law{
	root:   rootModule,
	server: serverModule,
	bench:  benchModule,
	addons: []string{fastkeysModule, jweModule, mldsaModule},

	// A package of the server imports only packages of layers below its own;
	// all of them may import the root module.
	layers: []layer{
		{name: "cmd", packages: []string{
			serverModule + "/blackbox",
			serverModule + "/cmd/durward",
		}},
		{name: "server", packages: []string{
			serverModule,
		}},
		{name: "edge", packages: []string{
			serverModule + "/internal/console",
			serverModule + "/internal/httpapi",
			serverModule + "/internal/store",
		}},
		{name: "domain", packages: []string{
			serverModule + "/internal/account",
			serverModule + "/internal/feed",
			serverModule + "/internal/keyring",
		}},
		{name: "leaf", packages: []string{
			serverModule + "/internal/archive",
			serverModule + "/internal/audit",
			serverModule + "/internal/config",
			serverModule + "/internal/limit",
			serverModule + "/internal/password",
			serverModule + "/internal/pgtest",
			serverModule + "/internal/username",
		}},
		{name: "ground", packages: []string{
			serverModule + "/internal/durable",
		}},
	},

	// The packages that read hostile bytes import nothing of the root module
	// but these.
	within: map[string][]string{
		rootModule + "/internal/strictjson": {},
		rootModule + "/internal/jws":        {rootModule + "/internal/strictjson"},
		rootModule + "/internal/jwk":        {rootModule + "/internal/jws", rootModule + "/internal/strictjson"},
	},

	// Direct imports that a package never has: requests stop at httpapi and
	// console, transactions at store.
	forbidden: map[string][]string{
		rootModule + "/internal/strictjson": {"net/http"},
		rootModule + "/internal/jws":        {"net/http"},
		rootModule + "/internal/jwk":        {"net/http"},

		serverModule + "/internal/account":  {"net/http", "database/sql"},
		serverModule + "/internal/feed":     {"net/http", "database/sql"},
		serverModule + "/internal/keyring":  {"net/http", "database/sql"},
		serverModule + "/internal/archive":  {"net/http", "database/sql"},
		serverModule + "/internal/audit":    {"net/http", "database/sql"},
		serverModule + "/internal/password": {"net/http", "database/sql"},
		serverModule + "/internal/limit":    {"net/http", "database/sql"},
		serverModule + "/internal/username": {"net/http", "database/sql"},
		serverModule + "/internal/httpapi":  {"database/sql"},
		serverModule + "/internal/console":  {"database/sql"},
		serverModule + "/internal/store":    {"net/http"},
	},

	// Packages that only test files may import.
	testOnly: []string{
		rootModule + "/durwardtest",
		rootModule + "/internal/vectors",
		serverModule + "/internal/pgtest",
		serverModule + "/internal/store/storetest",
	},
}

// theHouse is the sizes and names that every module keeps.
var theHouse = house{
	maxLines: 500,
	maxDepth: 3,
	names:    []string{"util", "utils", "common", "helpers", "models", "types"},
}
