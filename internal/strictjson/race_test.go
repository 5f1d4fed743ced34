//go:build race

package strictjson_test

// raced: the race detector makes every access several times as dear.
const raced = true
