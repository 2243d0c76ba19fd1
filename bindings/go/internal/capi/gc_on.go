//go:build wasmcell_gc

package capi

import (
	"runtime"
	"sync/atomic"
)

var turns atomic.Uint32

// maybeGC collects garbage at every eighth crossing, so that what nothing but C refers to is gone
// by the time that C looks at it.
func maybeGC() {
	if turns.Add(1)%8 == 0 {
		runtime.GC()
	}
}
