//go:build !race

package strictjson_test

const raced = false
