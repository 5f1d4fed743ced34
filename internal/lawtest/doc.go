// Package lawtest holds, in its tests, the law of imports and the sizes that
// every package of the repository keeps; it has no code of its own.
//
// What may import what is data, in law_test.go. A new package of the server
// is added there, beside the packages of its layer.
package lawtest
