package contender

import "fmt"

// Names of the contenders that the goals are about.
const (
	Primitive = "standard library, bare"
	Ours      = "durward"
	OursHit   = "durward, cache hit"
	GolangJWT = "golang-jwt v5"
)

type maker struct {
	name string
	make func(*Fixture) (func() error, error)
}

// Checkers returns whatever checks the fixture's token and decodes its claims, the bare primitive first.
func Checkers(f *Fixture) ([]Contender, error) {
	return made(f,
		maker{Primitive, primitiveCheck},
		maker{Ours, func(f *Fixture) (func() error, error) { return durwardCheck(f, -1) }},
		maker{OursHit, func(f *Fixture) (func() error, error) { return durwardCheck(f, 0) }},
		maker{OursHit + ", revocations", durwardRevocation},
		maker{GolangJWT, golangJWTCheck},
		maker{"go-jose v4", goJoseCheck},
		maker{"jwx v3", jwxCheck},
		maker{"cristalhq v5", cristalCheck},
		maker{"kataras", katarasCheck},
		maker{"gbrlsnchs v3", gbrlsnchsCheck},
		maker{"pascaldekloe", pascaldekloeCheck},
	)
}

// Signers returns whatever makes a token of the fixture's claims, the bare primitive first.
func Signers(f *Fixture) ([]Contender, error) {
	return made(f,
		maker{Primitive, primitiveSign},
		maker{Ours, durwardSign},
		maker{GolangJWT, golangJWTSign},
		maker{"go-jose v4", goJoseSign},
		maker{"jwx v3", jwxSign},
		maker{"cristalhq v5", cristalSign},
		maker{"kataras", katarasSign},
		maker{"gbrlsnchs v3", gbrlsnchsSign},
		maker{"pascaldekloe", pascaldekloeSign},
	)
}

func made(f *Fixture, makers ...maker) ([]Contender, error) {
	contenders := make([]Contender, 0, len(makers))
	for _, m := range makers {
		do, err := m.make(f)
		if err == nil {
			err = do()
		}
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", m.name, f.Algorithm, err)
		}
		contenders = append(contenders, Contender{m.name, do})
	}
	return contenders, nil
}
