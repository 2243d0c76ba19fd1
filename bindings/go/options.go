package wasmcell

import (
	"context"
	"log/slog"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// RuntimeOption is a setting of [NewRuntime]. A later one overrides an earlier one, unless it says
// that it adds to it. NewRuntime reports an unusable value by the name of the setting in C.
type RuntimeOption func(*settings)

// settings is what is known before the runtime is built.
type settings struct {
	builder     *capi.Builder
	maxBlocking int64
}

func number(setting capi.Number, value uint64) RuntimeOption {
	return func(s *settings) { s.builder.Set(setting, value) }
}

// milliseconds rounds up, so that a short time does not become none.
func milliseconds(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64((d + time.Millisecond - 1) / time.Millisecond)
}

// WithMaxComponents sets how many instances may be alive at once; each call of a function makes
// one, which counts once for each of its linear memories. When all are taken a call waits for
// [WithInstanceWait], then fails with [ErrInstanceLimit]. It bounds the mappings of the process
// that guests take, too: seven for each at most, and Linux gives a process 65530. Default 10000;
// from 1 to 1000000.
func WithMaxComponents(count uint64) RuntimeOption { return number(capi.MaxComponents, count) }

// WithMaxCoreInstancesPerComponent sets how many core instances may make up one component.
// Default 30; from 1 to 10000.
func WithMaxCoreInstancesPerComponent(count uint64) RuntimeOption {
	return number(capi.MaxCoreInstancesPerComponent, count)
}

// WithMaxMemoriesPerComponent sets how many linear memories one component may have. Default 30;
// from 1 to 10000.
func WithMaxMemoriesPerComponent(count uint64) RuntimeOption {
	return number(capi.MaxMemoriesPerComponent, count)
}

// WithMaxTablesPerComponent sets how many tables one component may have. Default 20; from 1 to
// 10000.
func WithMaxTablesPerComponent(count uint64) RuntimeOption {
	return number(capi.MaxTablesPerComponent, count)
}

// WithMaxTableElements sets how many elements each table may have. Default 15000; from 1 to
// 10000000.
func WithMaxTableElements(count uint64) RuntimeOption {
	return number(capi.MaxTableElements, count)
}

// WithMaxComponentSize sets how large a component's binary may be; a larger one is
// [ErrComponentTooLarge]. Default 50 MiB; from 1 byte to 4 GiB.
func WithMaxComponentSize(bytes uint64) RuntimeOption {
	return number(capi.MaxComponentSize, bytes)
}

// WithMaxTextSize sets how large a component may be that is given as WebAssembly text; a larger one
// is [ErrComponentTooLarge]. Default 1 MiB; from 0, which takes no text, to 4 GiB.
func WithMaxTextSize(bytes uint64) RuntimeOption { return number(capi.MaxTextSize, bytes) }

// WithMaxCompileCost sets what compiling a component may cost beyond what ordinary code of its size
// does, in units: each is about a microsecond of one processor, and 200 bytes of memory meanwhile.
// What costs more is [ErrResourceLimit]. Default 500000; from 0 to 10^15.
func WithMaxCompileCost(units uint64) RuntimeOption { return number(capi.MaxCompileCost, units) }

// WithMaxCompileThreads sets how many threads compile at once, for all loads together. They exist
// only while something is loaded. Default 0, which is one for each processor; at most 1024.
func WithMaxCompileThreads(count uint64) RuntimeOption {
	return number(capi.MaxCompileThreads, count)
}

// WithMaxPools sets how many pools instances may come from: the first, which has room for all of
// them, and one for each processor once calls are made on several at once, which takes memory and
// address space of its own. Default 65, which is the first and one for each processor; from 1,
// which is the first alone, to 65. See runtime_builder_max_pools in wasmcell.h.
func WithMaxPools(count uint64) RuntimeOption { return number(capi.MaxPools, count) }

// WithMaxLinearMemory sets how large each linear memory may grow. Default 256 MiB; from 64 KiB to
// 4 GiB, rounded down to whole pages of 64 KiB.
func WithMaxLinearMemory(bytes uint64) RuntimeOption {
	return number(capi.MaxLinearMemory, bytes)
}

// WithMaxInstanceMemory sets how much memory all linear memories and tables of one instance may
// take together. Default 512 MiB; from 64 KiB to 128 TiB.
func WithMaxInstanceMemory(bytes uint64) RuntimeOption {
	return number(capi.MaxInstanceMemory, bytes)
}

// WithMaxStack sets how much stack a guest may use. Default 512 KiB; from 16 KiB to 64 MiB.
func WithMaxStack(bytes uint64) RuntimeOption { return number(capi.MaxStack, bytes) }

// WithMaxCallDepth sets how many calls may be within each other on one thread: a guest calls a host
// function, which calls a guest. A goroutine that the host function starts is on another thread.
// Default 128; from 1, which allows none within another, to 10000.
func WithMaxCallDepth(count uint64) RuntimeOption { return number(capi.MaxCallDepth, count) }

// WithMaxHostcallMemory sets how much of the host's memory one transfer from a guest may take: the
// arguments of one host function, or the result of one call. Default 128 MiB; from 1 byte to 4
// GiB.
func WithMaxHostcallMemory(bytes uint64) RuntimeOption {
	return number(capi.MaxHostcallMemory, bytes)
}

// WithMaxResources sets how many handles to resources one instance may hold at once. Default
// 10000; from 1 to 10000000.
func WithMaxResources(count uint64) RuntimeOption { return number(capi.MaxResources, count) }

// WithMaxRandomSize sets how many random bytes a guest may ask for at a time. Default 64 MiB; from
// 1 byte to 1 GiB.
func WithMaxRandomSize(bytes uint64) RuntimeOption { return number(capi.MaxRandomSize, bytes) }

// WithMaxNamesSize sets how many bytes the names of all that a component imports and exports may
// have together, each with its interface's. A component that has more is [ErrResourceLimit] when it
// is loaded. Default 4 MiB; from 1 KiB to 1 GiB.
func WithMaxNamesSize(bytes uint64) RuntimeOption { return number(capi.MaxNamesSize, bytes) }

// WithMaxDescriptors sets how many descriptors of the process one instance may hold at once: files,
// directories, streams of directory entries, sockets and accepted connections. A guest that wants
// more is refused; if it gives up by a trap, the call ends with [ErrDescriptorLimit]. Default 64;
// from 1 to 1000000.
func WithMaxDescriptors(count uint64) RuntimeOption { return number(capi.MaxDescriptors, count) }

// WithMaxTotalDescriptors sets how many descriptors all instances and granted directories may hold
// together. Default half of what the process may open; from 1 to 1000000.
func WithMaxTotalDescriptors(count uint64) RuntimeOption {
	return number(capi.MaxTotalDescriptors, count)
}

// WithMaxBuffers sets how much the streams of one instance may have read ahead or not yet written;
// a stream without room fails. Default 4 MiB; from 128 KiB to 1 GiB.
func WithMaxBuffers(bytes uint64) RuntimeOption { return number(capi.MaxBuffers, bytes) }

// WithMaxTotalBuffers sets how much the streams of all instances may have read ahead or not yet
// written. Default 256 MiB; from 1 MiB to 128 TiB.
func WithMaxTotalBuffers(bytes uint64) RuntimeOption { return number(capi.MaxTotalBuffers, bytes) }

// WithMaxFileOperations sets how many file operations of one instance may run at once; others wait
// their turn. Default 8; from 1 to 1024.
func WithMaxFileOperations(count uint64) RuntimeOption {
	return number(capi.MaxFileOperations, count)
}

// WithFileThreads sets how many threads there may be for file operations of guests; no component
// has more than half of them. Default 32; from 1 to 1024.
func WithFileThreads(count uint64) RuntimeOption { return number(capi.FileThreads, count) }

// WithHostThreads sets how many threads there may be for functions of the host that calls on the
// runtime's threads run; no component has more than half of them. Those that find none wait, and
// their calls' time runs on. Default 64; from 1 to 1024.
func WithHostThreads(count uint64) RuntimeOption { return number(capi.HostThreads, count) }

// WithMaxLookups sets how many name look-ups of one instance may be unanswered at once. A guest
// that wants more is refused; if it gives up by a trap, the call ends with [ErrLookupLimit].
// Default 16; from 1 to 1024.
func WithMaxLookups(count uint64) RuntimeOption { return number(capi.MaxLookups, count) }

// WithLookupThreads sets how many threads there may be that wait for the system's resolver; no
// component has more than half of them. Default 16; from 1 to 1024.
func WithLookupThreads(count uint64) RuntimeOption { return number(capi.LookupThreads, count) }

// WithMaxEnvironment sets how large the arguments, the environment and the configuration of a
// sandbox may be together. Default 1 MiB; from 1 byte to 1 GiB.
func WithMaxEnvironment(bytes uint64) RuntimeOption { return number(capi.MaxEnvironment, bytes) }

// WithMaxInstanceState sets how much one instance may have besides memories and tables: globals,
// references to functions and the like. 8 MiB by default; from 4 KiB to 1 GiB.
func WithMaxInstanceState(bytes uint64) RuntimeOption {
	return number(capi.MaxInstanceState, bytes)
}

// WithMaxTotalInstanceState sets how much all instances may have of that together. 4 GiB by
// default; at least 1 MiB.
func WithMaxTotalInstanceState(bytes uint64) RuntimeOption {
	return number(capi.MaxTotalInstanceState, bytes)
}

// WithFuel sets how much fuel each call gets, and makes guests count it, about one unit an
// instruction. A call that uses it up ends with [ErrFuel]. Default none, and nothing is counted.
func WithFuel(units uint64) RuntimeOption { return number(capi.Fuel, units) }

// WithMaxExecutionTime sets how long one call may take, by the clock on the wall, whether the
// guest computes or waits; then it ends with [ErrTimeout]. A context can shorten it. Default ten
// minutes; from 1 ms to a year, rounded up to whole ticks of [WithEpochTick].
func WithMaxExecutionTime(limit time.Duration) RuntimeOption {
	return number(capi.MaxExecutionTime, milliseconds(limit))
}

// WithEpochTick sets how precise time limits are. Default 10 ms; from 1 ms to 10 s.
func WithEpochTick(tick time.Duration) RuntimeOption {
	return number(capi.EpochTick, milliseconds(tick))
}

// WithInstanceWait sets how long a call waits for a free instance, when as many are alive as
// [WithMaxComponents] allows. Default 1 s; from 0, which does not wait, to a year.
func WithInstanceWait(wait time.Duration) RuntimeOption {
	return number(capi.InstanceWait, milliseconds(wait))
}

// WithPoolKeepResident sets how much of each pooled memory and table stays resident between two
// instances. Default 10 KiB; from 0 to 1 GiB.
func WithPoolKeepResident(bytes uint64) RuntimeOption {
	return number(capi.PoolKeepResident, bytes)
}

// WithForcePoolingAllocator makes [NewRuntime] fail with [ErrPool] rather than run without the
// pool. Default off.
func WithForcePoolingAllocator() RuntimeOption {
	return func(s *settings) { s.builder.ForcePoolingAllocator() }
}

// WithForceOnDemandAllocator makes the runtime run without the pool, also where there is room for
// one. Default off.
func WithForceOnDemandAllocator() RuntimeOption {
	return func(s *settings) { s.builder.ForceOnDemandAllocator() }
}

// WithWorkerThreads sets how many threads the runtime keeps for timers, sockets and calls that do
// not run on the thread that makes them; see [WithMaxBlockingCalls]. Default 0, which is one for
// each processor; at most 1024.
func WithWorkerThreads(count uint64) RuntimeOption { return number(capi.WorkerThreads, count) }

// WithMaxBlockingCalls sets how many calls may run on threads of their callers at once. Further
// ones run on the runtime's workers, where a guest that waits takes no thread, and their goroutines
// wait as for a channel. Default 2*GOMAXPROCS; 0 sends every call there.
//
// This is a setting of this package, not of the library.
func WithMaxBlockingCalls(count int) RuntimeOption {
	return func(s *settings) { s.maxBlocking = int64(count) }
}

// WithLogger sends the runtime's log records to a logger, with their origin, such as
// wasmcell::pool, as the attribute "target". Which levels it gets is what the logger has enabled
// now; traces of the library have [LevelTrace]. The logger may be called from any goroutine and
// thread. Guests choose parts of the messages. Default: records go nowhere.
func WithLogger(logger *slog.Logger) RuntimeOption {
	return func(s *settings) {
		if level := lowestLevel(logger); level > 0 {
			s.builder.Log(level, func(level int32, target, message string) {
				logger.LogAttrs(context.Background(), slogLevels[level-1], message,
					slog.String("target", target))
			})
		}
	}
}

// WithSignalHandlers sets whether traps are told by signals of the system. Default true: handlers
// for SIGSEGV, SIGILL and SIGFPE come on top of Go's own, which go on getting what no guest has
// raised, such as a nil pointer's, so that it panics as ever. They are right for a Go program, as
// nothing in Go installs others later; [os/signal.Notify] for one of the three does not either.
// Libraries in C may: see [RestoreSignalHandlers]. With false there are no handlers, and guests are
// slower; docs/in-servers.md says by how much.
func WithSignalHandlers(enable bool) RuntimeOption {
	return func(s *settings) { s.builder.SignalHandlers(enable) }
}

// WithPoolScan lets the pool find the pages that guests wrote to, instead of giving back all that
// they might have: instances of most components then take about half the time. It needs Linux 6.7
// or later; [NewRuntime] gives [ErrUnsupported] where the system lacks it. Programs that start
// others by os/exec may use it; see runtime_builder_pool_scan in wasmcell.h.
func WithPoolScan(enable bool) RuntimeOption {
	return func(s *settings) { s.builder.PoolScan(enable) }
}

// WithTrustSignalMasks sets whether calls take it for granted that their thread lets the signals of
// traps through. Default true, unlike in C: Go lets them through on every thread that runs its
// code, for a nil pointer of its own would end the process as well. With false each call looks,
// which takes a system call; it is for programs with a C library that blocks SIGSEGV, SIGBUS,
// SIGILL or SIGFPE and comes back to Go so.
func WithTrustSignalMasks(trust bool) RuntimeOption {
	return func(s *settings) { s.builder.TrustSignalMasks(trust) }
}

// WithRequireSignature sets whether components must be signed by one of the keys of
// [WithTrustedKey]. Default false.
func WithRequireSignature(require bool) RuntimeOption {
	return func(s *settings) { s.builder.RequireSignature(require) }
}

// WithTrustedKey adds a public key whose signatures count, in PEM, DER or OpenSSH form.
func WithTrustedKey(key []byte) RuntimeOption {
	return func(s *settings) { s.builder.TrustedKey(key) }
}

// WithBacktraceDetails sets whether a trap's frames have source files and lines, from the guest's
// own debug information; turn it on for guests you trust. Default false.
func WithBacktraceDetails(enable bool) RuntimeOption {
	return func(s *settings) { s.builder.BacktraceDetails(enable) }
}

// WithExperimentalFeatures adds experimental features. Default none.
func WithExperimentalFeatures(features Features) RuntimeOption {
	return number(capi.ExperimentalFeatures, uint64(features))
}

// WithProposals adds proposals of WebAssembly that guests may use. Default none.
func WithProposals(proposals Proposals) RuntimeOption {
	return number(capi.Proposals, uint64(proposals))
}

// WithExperimentalFeatureNames adds experimental features by name, as [ParseFeatures] reads them.
func WithExperimentalFeatureNames(names string) RuntimeOption {
	return func(s *settings) { s.builder.FeatureNames(names) }
}

// WithCacheDirectory sets the directory where compiled code is kept from one process to the next.
// What lies in it is run as machine code: it must belong to you, and nobody else may be able to
// write there. It is made if it is missing. Default none.
func WithCacheDirectory(path string) RuntimeOption {
	return func(s *settings) { s.builder.CacheDirectory(path) }
}

// WithCacheMemory sets how much compiled code stays in memory although no component uses it.
// Default 64 MiB; from 0, which keeps none, to 128 TiB.
func WithCacheMemory(bytes uint64) RuntimeOption { return number(capi.CacheMemory, bytes) }
