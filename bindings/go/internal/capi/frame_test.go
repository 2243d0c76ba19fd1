package capi

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// TestFramesKeepOlderChunks lets a frame point to values of a chunk that is no longer its
// newest, as a long list of records does.
func TestFramesKeepOlderChunks(t *testing.T) {
	f := new(Frame)
	var gone atomic.Bool
	var v Value
	func() {
		values := f.Values(chunkWords)
		runtime.AddCleanup(&values[0], func(int) { gone.Store(true) }, 0)
		f.Values(chunkWords)
		f.Point(&v, values)
	}()
	for range 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	if gone.Load() {
		t.Error("the values are gone before the frame was reset")
	}
	f.Reset()
	for start := time.Now(); !gone.Load(); runtime.GC() {
		if time.Since(start) > 10*time.Second {
			t.Fatal("the values stay after the frame was reset")
		}
	}
}
