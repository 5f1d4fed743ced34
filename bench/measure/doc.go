// Package measure compares the costs of functions in one process on a shared machine: in small batches whose
// order is shuffled anew in every round, by the time that the process had on a processor, as medians.
package measure
