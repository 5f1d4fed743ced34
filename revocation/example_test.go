package revocation_test

import (
	"fmt"
	"time"

	"github.com/durward-auth/durward/revocation"
)

// A user logs out, then an administrator takes back every token of another
// user that is older than the third version of the account.
func ExampleSet() {
	set := revocation.NewSet(time.Now)
	accessTTL, leeway := 15*time.Minute, time.Minute
	expires := time.Now().Add(accessTTL + leeway)

	set.Add(revocation.Entry{Kind: revocation.Session, ID: "9cR7mFq1xTzV0bL4kHnW2A", ExpiresAt: expires})
	set.Add(revocation.Entry{Kind: revocation.Subject, ID: "bob", Below: 3, ExpiresAt: expires})

	fmt.Println(set.Revoked("token-1", "9cR7mFq1xTzV0bL4kHnW2A", "key-1", "alice", 1))
	fmt.Println(set.Revoked("token-2", "Zk3uQ0aYd8sJ5wPe1iRtXg", "key-1", "alice", 1))
	fmt.Println(set.Revoked("token-3", "Lm7vB2nC6xHs9gDf4kTyUw", "key-1", "bob", 2))
	fmt.Println(set.Revoked("token-4", "Gt5rE8wQ1yUi3oPa7sDfZc", "key-1", "bob", 3))
	// Output:
	// sid true
	// none false
	// sub true
	// none false
}
