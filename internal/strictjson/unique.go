package strictjson

import (
	"hash/maphash"
	"math/bits"
)

// fewNames is the size up to which the names of an object are compared one by
// one, and then only those whose signatures meet.
const fewNames = 16

// signature maps a name to one of 64 bits.
func signature(name string) uint64 {
	if name == "" {
		return 1
	}
	h := uint(len(name))*7 + uint(name[0])*5 + uint(name[len(name)/2])*3 + uint(name[len(name)-1])
	return 1 << (h & 63)
}

func contains(names []string, name string) bool {
	for _, other := range names {
		if other == name {
			return true
		}
	}
	return false
}

func containsMember(members []Member, name string) bool {
	for i := range members {
		if members[i].Name == name {
			return true
		}
	}
	return false
}

func repeated(names []string) bool {
	return anyRepeated(len(names), func(i int) string { return names[i] })
}

func repeatedMember(members []Member) bool {
	return anyRepeated(len(members), func(i int) string { return members[i].Name })
}

// seed makes the places of names in the table unknown to who chooses the
// names, so that nobody can make them all meet.
var seed = maphash.MakeSeed()

// anyRepeated reports whether two of n names are equal. The table is on the
// stack for as many names as DefaultLimits allow.
func anyRepeated(n int, name func(int) string) bool {
	var small [2048]uint32
	table := small[:]
	if 2*n > len(table) {
		table = make([]uint32, 1<<bits.Len(uint(2*n)))
	}
	mask := uint64(len(table) - 1)
	for i := range n {
		candidate := name(i)
		slot := maphash.String(seed, candidate) & mask
		for ; table[slot] != 0; slot = (slot + 1) & mask {
			if name(int(table[slot]-1)) == candidate {
				return true
			}
		}
		table[slot] = uint32(i + 1)
	}
	return false
}
