package dds_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails when a test leaves a goroutine of ours behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := strays(); left != "" && code == 0 {
		fmt.Fprintf(os.Stderr, "goroutines left by the tests:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// strays returns the stacks of goroutines of this module that do not end
// within a second.
func strays() string {
	var left string
	for range 100 {
		buf := make([]byte, 4<<20)
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		left = ""
		for _, s := range stacks[1:] { // the first is this one
			if strings.Contains(s, "github.com/secdds/dds") {
				left += s + "\n\n"
			}
		}
		if left == "" {
			return ""
		}
		time.Sleep(10 * time.Millisecond) // goroutines that are about to end
	}
	return left
}
