package capi

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// handle owns one object of the library. Uses of it are counted, so that closing it while calls
// are in flight is safe: the last one releases the object.
type handle struct {
	ptr     unsafe.Pointer
	free    func(unsafe.Pointer)
	cleanup runtime.Cleanup
	// Twice the number of uses, plus 1 when closed.
	state atomic.Int64
}

const closedBit, oneUse = 1, 2

// net is what a cleanup needs, which must not refer to the object that it is for.
type net struct {
	ptr  unsafe.Pointer
	free func(unsafe.Pointer)
	kind string
}

// own lets h, a part of owner, own ptr, and puts a safety net below it.
func own[T any](owner *T, h *handle, kind string, ptr unsafe.Pointer, free func(unsafe.Pointer)) {
	h.ptr, h.free = ptr, free
	h.cleanup = runtime.AddCleanup(owner, func(n net) {
		leaks.add(n.kind)
		n.free(n.ptr)
	}, net{ptr, free, kind})
}

// Acquire begins a use of the object; false if it is closed.
func (h *handle) Acquire() bool {
	for {
		state := h.state.Load()
		if state&closedBit != 0 {
			return false
		}
		if h.state.CompareAndSwap(state, state+oneUse) {
			return true
		}
	}
}

// Release ends a use of the object.
func (h *handle) Release() {
	if h.state.Add(-oneUse) == closedBit {
		h.release()
	}
}

// Close lets go of the object, now or when its last use ends. Again, it does nothing, and tells
// so by false.
func (h *handle) Close() bool {
	for {
		state := h.state.Load()
		if state&closedBit != 0 {
			return false
		}
		if h.state.CompareAndSwap(state, state|closedBit) {
			if state == 0 {
				h.release()
			}
			return true
		}
	}
}

// Closed tells whether Close was called.
func (h *handle) Closed() bool { return h.state.Load()&closedBit != 0 }

func (h *handle) release() {
	h.cleanup.Stop()
	maybeGC()
	h.free(h.ptr)
	h.ptr = nil
}

func (h *handle) address() uintptr { return uintptr(h.ptr) }

// leaks counts, by kind, the objects that nobody closed.
var leaks = leakCount{counts: map[string]int{}}

type leakCount struct {
	lock   sync.Mutex
	counts map[string]int
}

func (l *leakCount) add(kind string) {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.counts[kind]++
}

// Leaks tells how many objects of each kind only a cleanup released so far.
func Leaks() map[string]int {
	leaks.lock.Lock()
	defer leaks.lock.Unlock()
	counts := make(map[string]int, len(leaks.counts))
	for kind, count := range leaks.counts {
		counts[kind] = count
	}
	return counts
}
