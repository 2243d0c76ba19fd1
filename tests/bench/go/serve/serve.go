// Package serve is what the benchmarks' programs in Go have in common: they read "work iterations"
// line by line and answer each with nanoseconds. See ../../README.md.
package serve

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// Bytes is how much goes there and back in "bytes1048576".
const Bytes = 1 << 20

// A heap as a program has that does something besides: with next to nothing in it, the collector
// would run after every fourth MiB.
var heap = make([]byte, 64<<20)

// Works maps names to functions that do the work n times.
type Works map[string]func(n int) error

// Serve answers until there are no more lines.
func Serve(works Works) {
	defer runtime.KeepAlive(heap)
	var name string
	var n int
	for {
		if _, err := fmt.Scanf("%s %d\n", &name, &n); err != nil {
			return
		}
		work, known := works[name]
		if !known {
			fmt.Println("-")
			continue
		}
		begin := time.Now()
		err := work(n)
		took := time.Since(begin)
		Check(err)
		fmt.Println(took.Nanoseconds())
	}
}

// Check ends the program if something went wrong.
func Check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Argument is the path in the command line.
func Argument() string {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: PROGRAM GUEST")
		os.Exit(2)
	}
	return os.Args[1]
}
