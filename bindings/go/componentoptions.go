package wasmcell

import (
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// ComponentOption says how to load a component.
type ComponentOption func(*load)

type load struct {
	name         string
	sandbox      *Sandbox
	linker       *Linker
	blockingOnly bool
	unlinked     bool
	limits       ComponentLimits
	timeout      time.Duration
	fuel         uint64
	reuse        *Reuse
}

// WithName names the component in log records.
func WithName(name string) ComponentOption { return func(l *load) { l.name = name } }

// WithSandbox grants the component what the sandbox does. It is copied: the sandbox may be closed
// afterwards. Without one, nothing is granted.
func WithSandbox(sandbox *Sandbox) ComponentOption { return func(l *load) { l.sandbox = sandbox } }

// WithLinker provides the component with what the linker defines. It is copied: the linker may be
// changed or closed afterwards.
func WithLinker(linker *Linker) ComponentOption { return func(l *load) { l.linker = linker } }

// WithBlockingOnly makes every call of the component run on the thread that makes it, whatever
// [WithMaxBlockingCalls] and [OnWorkers] say: a goroutine in a call takes a thread, as one in a
// system call does. If the component imports nothing of WASI, a call then takes about two thirds of
// the time, and one of a host function half. See runtime_component_options_t in wasmcell.h.
func WithBlockingOnly() ComponentOption { return func(l *load) { l.blockingOnly = true } }

// ComponentLimits is what one component may take, where that is less than its runtime allows: each
// is as the setting of the same name for the whole runtime, which errors name as well. 0 stands for
// the runtime's own, which a larger number cannot exceed. See runtime_component_limits_t in
// wasmcell.h.
type ComponentLimits struct {
	LinearMemory   uint64 // bytes; see [WithMaxLinearMemory]
	InstanceMemory uint64 // bytes; see [WithMaxInstanceMemory]
	TableElements  uint64 // see [WithMaxTableElements]
	HostcallMemory uint64 // bytes; see [WithMaxHostcallMemory]
	Resources      uint64 // see [WithMaxResources]
	RandomSize     uint64 // bytes; see [WithMaxRandomSize]
	Descriptors    uint64 // see [WithMaxDescriptors]
	Buffers        uint64 // bytes; see [WithMaxBuffers]
	Lookups        uint64 // see [WithMaxLookups]
	// Instances that may be alive at once: so that one component cannot take all of
	// [WithMaxComponents]. Calls that find none free are [ErrInstanceLimit] in the end.
	Instances     uint32
	ExecutionTime time.Duration // see [WithMaxExecutionTime]
	Fuel          uint64        // see [WithFuel]
	Stack         uint64        // bytes, from 16,384, 16 sizes at a time; see [WithMaxStack]
}

// WithLimits lets the component take less than its runtime allows.
func WithLimits(limits ComponentLimits) ComponentOption {
	return func(l *load) { l.limits = limits }
}

// WithDefaultTimeout limits calls of the component that have neither a [Timeout] nor a context with
// a deadline.
func WithDefaultTimeout(limit time.Duration) ComponentOption {
	return func(l *load) { l.timeout = limit }
}

// WithDefaultFuel sets the fuel of calls of the component that have no [Fuel] of their own. In a
// runtime without fuel it is [ErrInvalidArgument].
func WithDefaultFuel(units uint64) ComponentOption { return func(l *load) { l.fuel = units } }

// Reuse is how long instances of a component are used again. 0 stands for the default of each; see
// runtime_component_reuse_t in wasmcell.h.
type Reuse struct {
	MaxInstances uint64        // that may wait for calls
	MaxCalls     uint64        // that each may have
	MaxIdle      time.Duration // that each may wait for a call
	MaxGrowth    uint64        // bytes that its memories and tables may have grown since its start
}

// WithReuse lets calls of the component's functions use an instance that an earlier call ended well
// in, instead of a fresh one for each.
//
// WARNING: what one call leaves in the guest's memory, the next call finds, whoever makes it: a
// secret that was not wiped, a cache that was poisoned. Ask for it only where all who call the
// component may know of each other.
func WithReuse(reuse Reuse) ComponentOption { return func(l *load) { l.reuse = &reuse } }

// WithoutLinking loads a component only to look at it: nothing has to provide its imports, and
// calls of it are [ErrLink]. [Component.Link] makes components of it that can be called.
func WithoutLinking() ComponentOption { return func(l *load) { l.unlinked = true } }

// raw is what the options are in C. Times of less than a millisecond are one.
func (l *load) raw() *capi.LoadOptions {
	least := func(time time.Duration) uint64 {
		if time <= 0 {
			return 0
		}
		return max(1, milliseconds(time))
	}
	less := &l.limits
	options := &capi.LoadOptions{Name: l.name, BlockingOnly: l.blockingOnly, Unlinked: l.unlinked,
		DefaultTimeoutMS: least(l.timeout), DefaultFuel: l.fuel,
		Limits: capi.Limits{LinearMemory: less.LinearMemory, InstanceMemory: less.InstanceMemory,
			TableElements: less.TableElements, HostcallMemory: less.HostcallMemory,
			Resources: less.Resources, RandomSize: less.RandomSize,
			Descriptors: less.Descriptors, Buffers: less.Buffers, Lookups: less.Lookups,
			Instances: uint64(less.Instances), ExecutionTimeMS: least(less.ExecutionTime),
			Fuel: less.Fuel, Stack: less.Stack}}
	if l.reuse != nil {
		options.Reuse = &capi.Reuse{Instances: l.reuse.MaxInstances, Calls: l.reuse.MaxCalls,
			IdleMS: least(l.reuse.MaxIdle), Growth: l.reuse.MaxGrowth}
	}
	if l.sandbox != nil {
		options.Sandbox = l.sandbox.c
	}
	if l.linker != nil {
		options.Linker = l.linker.c
	}
	return options
}
