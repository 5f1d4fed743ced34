// Package strictjson reads JSON (RFC 8259) in exactly one way, or not at all.
//
// It refuses what parsers disagree about, because a token that two parsers
// read differently is a way in: duplicate names (compared after unescaping),
// invalid UTF-8, lone surrogates, numbers that no float64 holds, a byte order
// mark, trailing bytes, and documents that are too deep or have too many members. Names match exactly.
package strictjson
