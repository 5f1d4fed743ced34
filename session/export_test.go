package session

// NewMemoryOf returns a store that holds at most limit sessions.
func NewMemoryOf(limit int) *Memory { return newMemory(limit) }
