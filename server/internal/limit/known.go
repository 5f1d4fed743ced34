package limit

import (
	"container/list"
	"time"
)

const knownFor = 30 * 24 * time.Hour

// knownPairs remembers which accounts were signed in to from which addresses.
type knownPairs struct {
	max   int
	byKey map[string]*list.Element
	queue *list.List // of knownPair, the oldest sign-in in front
}

type knownPair struct {
	key   string
	until time.Time
}

func newKnownPairs(maxPairs int) knownPairs {
	return knownPairs{max: maxPairs, byKey: make(map[string]*list.Element), queue: list.New()}
}

func (k *knownPairs) has(key string, now time.Time) bool {
	e, ok := k.byKey[key]
	return ok && e.Value.(knownPair).until.After(now)
}

func (k *knownPairs) add(key string, now time.Time) {
	if e, ok := k.byKey[key]; ok {
		k.drop(e)
	}
	k.byKey[key] = k.queue.PushBack(knownPair{key: key, until: now.Add(knownFor)})
	if k.queue.Len() > k.max {
		k.drop(k.queue.Front())
	}
}

// sweep drops the pairs that are no longer known.
func (k *knownPairs) sweep(now time.Time) {
	for e := k.queue.Front(); e != nil && !e.Value.(knownPair).until.After(now); e = k.queue.Front() {
		k.drop(e)
	}
}

func (k *knownPairs) drop(e *list.Element) {
	delete(k.byKey, e.Value.(knownPair).key)
	k.queue.Remove(e)
}
