package capi

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"runtime/cgo"
	"unsafe"
)

// Outcome is what a call on the workers came to.
type Outcome struct {
	// The values, owned, or the instance.
	values       C.uintptr_t
	results, err C.uintptr_t
	results_len  int
	fuelUsed     uint64
	taken        bool
}

// Started is called on a thread of the library when a call on the workers has ended.
type Started chan Outcome

// start starts a call by begin, with done for its outcome, which has room for one.
func (f *Frame) start(to *Target, options *Options, done Started,
	begin func(handle C.uintptr_t) *C.runtime_error_t) *Failure {
	f.set(to, options)
	handle := cgo.NewHandle(done)
	maybeGC()
	err := begin(C.uintptr_t(handle))
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	if err != nil {
		handle.Delete()
		return takeError(err)
	}
	return nil
}

// Start starts a call on the workers.
func (f *Frame) Start(to *Target, values []Value, options *Options, done Started) *Failure {
	return f.start(to, options, done, func(handle C.uintptr_t) *C.runtime_error_t {
		f.call.args_len = C.size_t(len(values))
		return C.wasmcell_go_start(&f.call, args(values), handle)
	})
}

// StartText starts a call with text in and out.
func (f *Frame) StartText(to *Target, text string, options *Options, done Started) *Failure {
	return f.start(to, options, done, func(handle C.uintptr_t) *C.runtime_error_t {
		return C.wasmcell_go_start_text(&f.call, chars(text), C.size_t(len(text)), handle)
	})
}

// StartRun starts a command.
func (f *Frame) StartRun(to *Target, options *Options, done Started) *Failure {
	return f.start(to, options, done, func(handle C.uintptr_t) *C.runtime_error_t {
		return C.wasmcell_go_start_run(&f.call, handle)
	})
}

// StartInstantiate starts making an instance.
func (f *Frame) StartInstantiate(to *Target, options *Options, done Started) *Failure {
	return f.start(to, options, done, func(handle C.uintptr_t) *C.runtime_error_t {
		return C.wasmcell_go_start_instantiate(&f.call, handle)
	})
}

// StartDropResource starts to drop a resource of a guest.
func (f *Frame) StartDropResource(to *Target, resource uint64, options *Options,
	done Started) *Failure {
	return f.start(to, options, done, func(handle C.uintptr_t) *C.runtime_error_t {
		return C.wasmcell_go_start_drop_resource(&f.call, C.uint64_t(resource), handle)
	})
}

// report keeps what the call used, and gives its error.
func (f *Frame) report(outcome *Outcome) *Failure {
	f.call.fuel_used = C.uint64_t(outcome.fuelUsed)
	f.call.resources_taken = C.bool(outcome.taken)
	if outcome.err != 0 {
		return takeError(errorAt(outcome.err))
	}
	return nil
}

// Take makes an outcome that of the frame's call.
func (f *Frame) Take(outcome Outcome) *Failure {
	if failure := f.report(&outcome); failure != nil {
		return failure
	}
	f.Results.Len = outcome.results_len
	f.Results.values = (*C.runtime_values_t)(pointerAt(&outcome.values))
	f.Results.First = (*Value)(pointerAt(&outcome.results))
	return nil
}

// TakeText is Take for a call by StartText.
func (f *Frame) TakeText(outcome Outcome) (string, *Failure) {
	if failure := f.Take(outcome); failure != nil {
		return "", failure
	}
	first := f.Results.First
	return string(unsafe.Slice((*byte)(f.Results.Pointer(first)), int(first.W1))), nil
}

// TakeStatus is Take for a command.
func (f *Frame) TakeStatus(outcome Outcome) (int, *Failure) {
	if failure := f.Take(outcome); failure != nil {
		return 0, failure
	}
	return int(int32(f.Results.First.W0)), nil
}

// TakeInstance is Take for an instance.
func (f *Frame) TakeInstance(outcome Outcome) (*Instance, *Failure) {
	if failure := f.report(&outcome); failure != nil {
		return nil, failure
	}
	return newInstance(pointerAt(&outcome.values)), nil
}
