package hasher

import "os"

// polled returns the file itself: pipes of Windows are not polled.
func polled(f *os.File) *os.File { return f }
