// Command gencommon writes the set of common passwords that package password embeds, from
// the list src/passwords.json of the npm package @zxcvbn-ts/language-common:
//
//	npm pack @zxcvbn-ts/language-common@4.1.3 && tar xzf zxcvbn-ts-language-common-4.1.3.tgz
//	go run ./internal/password/gencommon package/src/passwords.json internal/password/common.bin
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/durward-auth/durward/server/internal/password/wordset"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: gencommon passwords.json common.bin")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "gencommon:", err)
		os.Exit(1)
	}
}

func generate(list, out string) error {
	text, err := os.ReadFile(list)
	if err != nil {
		return fmt.Errorf("read the list: %w", err)
	}
	var words []string
	if err := json.Unmarshal(text, &words); err != nil {
		return fmt.Errorf("decode the list: %w", err)
	}
	encoded, err := wordset.Encode(words)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, encoded, 0o644); err != nil {
		return fmt.Errorf("write the set: %w", err)
	}
	fmt.Printf("%d words, %d bytes\n", len(words), len(encoded))
	return nil
}
