package wasmcell

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Runtime is a place where components are compiled and run: the engine, the pool of instances, and
// the threads that keep time. Any number of goroutines may use it at once.
type Runtime struct {
	c     *capi.Runtime
	calls *callCount
}

// callCount counts the calls of one runtime that block a thread, and knows of its end.
type callCount struct {
	blocking atomic.Int64
	max      int64
	answers  atomic.Int64    // host functions in goroutines of their own
	ending   context.Context // done when the runtime is shut down
	end      context.CancelFunc
}

// NewRuntime builds a runtime. Close it when you need it no more; what was made from it goes on.
//
// # Errors
//
// [ErrInvalidArgument] names the first unusable setting. [ErrPool] if
// [WithForcePoolingAllocator] was given and no pool fits. [ErrIO] if the cache directory or a
// thread cannot be made.
func NewRuntime(options ...RuntimeOption) (*Runtime, error) {
	s := settings{builder: capi.NewBuilder(), maxBlocking: int64(2 * runtime.GOMAXPROCS(0))}
	defer s.builder.Free()
	s.builder.TrustSignalMasks(true)
	for _, option := range options {
		option(&s)
	}
	c, failure := s.builder.Build()
	if failure != nil {
		return nil, newError(failure)
	}
	ending, end := context.WithCancel(background)
	return &Runtime{c, &callCount{max: s.maxBlocking, ending: ending, end: end}}, nil
}

// Close releases the runtime. Components that were loaded in it go on; once they are closed too,
// no thread of the library remains. It may be called again, at any time and from any goroutine,
// also while the runtime is in use. It returns nil.
func (r *Runtime) Close() error {
	r.c.Close()
	return nil
}

// shutdownSlice is how long Shutdown waits between two looks at its context, at most.
const shutdownSlice = 50 * time.Millisecond

// Shutdown ends all that the runtime does. From its first moment new calls and loads are
// [ErrShutdown], calls in flight end with [ErrCancelled], and so do the contexts of host functions.
// It waits until every host function and callback has returned and every thread of the library has
// ended. Once it returned nil, the runtime calls nothing any more, whatever is closed later. What
// was made from it has to be closed as ever.
//
// Any goroutine may call it, any number of times. There is no way back.
//
// # Errors
//
// When ctx is done before, an error that is ctx.Err() and [ErrTimeout], and says what still runs;
// it goes on ending, and Shutdown can be called again. [ErrBusy] within a host function or other
// callback that the library waits for. [ErrClosed] after Close.
func (r *Runtime) Shutdown(ctx context.Context) error {
	if !r.c.Acquire() {
		return ErrClosed
	}
	defer r.c.Release()
	for slice := time.Millisecond; ; slice = min(2*slice, shutdownSlice) {
		over := ctx.Err()
		if over != nil {
			slice = 0
		}
		err := errorOf(r.c.Shutdown(uint64(slice.Milliseconds())))
		if err == nil && r.calls.answers.Load() > 0 {
			err = &Error{Code: ErrTimeout, Message: "host functions are still running"}
			time.Sleep(slice)
		}
		if !errors.Is(err, ErrTimeout) {
			return err
		}
		r.calls.end()
		if over != nil {
			return fmt.Errorf("%w: %w", over, err)
		}
	}
}

// Allocator says where a runtime takes the memory of its instances from.
type Allocator uint32

const (
	// AllocatorPooling is a pool whose slots are large enough to leave bounds checks out of the
	// guest's code: the fastest.
	AllocatorPooling Allocator = 1
	// AllocatorPoolingShrunk is a pool whose slots are only as large as the limits need.
	AllocatorPoolingShrunk Allocator = 2
	// AllocatorOnDemand does without a pool: memory is mapped for each instance when it is made.
	AllocatorOnDemand Allocator = 3
)

// String is the allocator's name.
func (a Allocator) String() string {
	switch a {
	case AllocatorPooling:
		return "pooling"
	case AllocatorPoolingShrunk:
		return "pooling-shrunk"
	case AllocatorOnDemand:
		return "on-demand"
	}
	return "unknown"
}

// Info is what a runtime got of what was asked for, and why.
type Info struct {
	Allocator         Allocator
	MaxComponents     uint64 // instances that may be alive at once
	TotalMemories     uint64 // linear memories in the pool; 0 without one
	MemoryReservation uint64 // bytes of address space for each, without guard pages
	AddressSpace      uint64 // bytes of address space that the pool reserves; reserved is not used
	Reason            string // why Allocator is not AllocatorPooling; empty if it is
}

// Info tells what the runtime got of what was asked for, and why.
func (r *Runtime) Info() (Info, error) {
	if !r.c.Acquire() {
		return Info{}, ErrClosed
	}
	defer r.c.Release()
	info, failure := r.c.Info()
	return Info{
		Allocator: Allocator(info.Allocator), MaxComponents: info.MaxComponents,
		TotalMemories: info.TotalMemories, MemoryReservation: info.MemoryReservation,
		AddressSpace: info.AddressSpace, Reason: info.Reason,
	}, errorOf(failure)
}

// Stats is what a runtime is doing and has done. Once no call is in flight, Started is the sum of
// Finished, Trapped, TimedOut, Cancelled and Failed.
type Stats struct {
	Started       uint64 // calls that began; making an instance counts as one
	Finished      uint64 // calls that gave results
	Trapped       uint64 // also by using up their stack or fuel
	TimedOut      uint64
	Cancelled     uint64
	Failed        uint64 // in any other way
	Instances     uint64 // alive
	InstancesPeak uint64 // most alive at once
	Memory        uint64 // bytes of linear memories and tables alive
	MemoryPeak    uint64 // most such bytes at once
	Denied        uint64 // growths of memories and tables that a limit denied
	PoolSlots     uint64 // of the pool in use; 0 without one
	Ticks         uint64 // of the thread that looks at the clock, which rests while nothing runs

	Descriptors       uint64 // that guests hold, and those of granted directories
	DescriptorsPeak   uint64 // most at once
	DescriptorsDenied uint64 // how often a limit denied one
	Buffers           uint64 // bytes that streams have read ahead or not yet written
	BuffersPeak       uint64 // most at once
	Lookups           uint64 // of names, without an answer
	LookupsDenied     uint64 // how often a limit denied one
	FileOperations    uint64 // of guests, that run or wait for a thread
	DiskDenied        uint64 // how often a directory's limit denied a guest to add to it

	InstanceState     uint64 // bytes of instances besides memories and tables, at most
	InstanceStatePeak uint64 // most at once

	HostFunctions uint64 // that calls on the runtime's threads run, or that wait for a thread

	Resting uint64 // instances that wait for another call; see WithReuse
	Reused  uint64 // calls that found one

	Pools uint64 // that were made; see WithMaxPools

	LoadsWaiting   uint64 // for one of WithMaxCompileThreads
	LoadsRunning   uint64 // at work, those included that nobody waits for
	LoadsAbandoned uint64 // at work, and cancelled or late
	LoadsRefused   uint64 // by a limit
}

// Stats tells what the runtime is doing and has done. It takes no lock that a call takes.
func (r *Runtime) Stats() (Stats, error) {
	if !r.c.Acquire() {
		return Stats{}, ErrClosed
	}
	defer r.c.Release()
	stats, failure := r.c.Stats()
	return Stats(stats), errorOf(failure)
}

// SkipsFeatureGatedInstance tells whether the runtime leaves an interface, such as
// wrpc:rpc/transport@0.1.0, to the host because it belongs to an experimental feature that is on.
// A closed runtime skips none.
func (r *Runtime) SkipsFeatureGatedInstance(name string) bool {
	if !r.c.Acquire() {
		return false
	}
	defer r.c.Release()
	return r.c.Skips(name)
}
