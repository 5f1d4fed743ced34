package sessiontest

import "testing"

func TestMemoryFollowsTheModel(t *testing.T) { histories(t, scaled(20_000, 200), newMemory(t)) }

func TestMemoryIsLinearizable(t *testing.T) { linearizable(t, scaled(1000, 5), newMemory(t)) }
