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

// Target is what a call is made of: a function in a fresh instance, a function in an instance, or
// a component. The caller has acquired all of it.
type Target struct {
	Component *Component
	Instance  *Instance
	Function  *Function
}

// Options is a runtime_call_options_t.
type Options struct {
	TimeoutMS, Fuel uint64
	Cancel          *Cancel
	Output          *Output
	// What host functions get, by [HostFunction]; 0 for nothing.
	Context cgo.Handle
}

// set fills in what a call is to be.
func (f *Frame) set(to *Target, options *Options) {
	f.call = C.wasmcell_go_call_t{
		timeout_ms: C.uint64_t(options.TimeoutMS),
		fuel:       C.uint64_t(options.Fuel),
		context:    C.uintptr_t(options.Context),
		buffer_len: bufferWords * 8,
	}
	if to.Component != nil {
		f.call.component = C.uintptr_t(to.Component.address())
	}
	if to.Instance != nil {
		f.call.instance = C.uintptr_t(to.Instance.address())
	}
	if to.Function != nil {
		f.call.function = C.uintptr_t(to.Function.address())
	}
	if options.Cancel != nil {
		f.call.cancel = C.uintptr_t(uintptr(unsafe.Pointer(options.Cancel.ptr)))
	}
	if options.Output != nil {
		f.call.output = C.uintptr_t(uintptr(unsafe.Pointer(options.Output.ptr)))
	}
}

// ResourcesTaken tells whether the guest of the last call took what it was to own.
func (f *Frame) ResourcesTaken() bool { return bool(f.call.resources_taken) }

// FuelUsed is what the last call of the frame used.
func (f *Frame) FuelUsed() uint64 { return uint64(f.call.fuel_used) }

func args(values []Value) *C.runtime_value_t {
	return (*C.runtime_value_t)(unsafe.Pointer(unsafe.SliceData(values)))
}

// Call calls on this thread. The results are in the frame.
func (f *Frame) Call(to *Target, values []Value, options *Options) *Failure {
	f.set(to, options)
	f.call.args_len = C.size_t(len(values))
	maybeGC()
	C.wasmcell_go_call(&f.call, args(values), (*C.char)(unsafe.Pointer(&f.buffer)))
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	if f.call.error != 0 {
		return takeError(errorAt(f.call.error))
	}
	f.Results.Len = int(f.call.results_len)
	switch {
	case f.Results.Len == 0:
	case f.call.values == 0:
		f.Results.base = unsafe.Pointer(&f.buffer)
		f.Results.First = (*Value)(f.Results.base)
	default:
		f.Results.values = (*C.runtime_values_t)(pointerAt(&f.call.values))
		f.Results.First = (*Value)(pointerAt(&f.call.results))
	}
	return nil
}

// CallText calls with text in and out.
func (f *Frame) CallText(to *Target, text string, options *Options) (string, *Failure) {
	f.set(to, options)
	var out *C.runtime_bytes_t
	maybeGC()
	err := C.wasmcell_go_call_text(&f.call, chars(text), C.size_t(len(text)), &out)
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	return takeText(out), takeError(err)
}

// Run runs a command.
func (f *Frame) Run(to *Target, options *Options) (int, *Failure) {
	f.set(to, options)
	var status C.int32_t
	maybeGC()
	err := C.wasmcell_go_run(&f.call, &status)
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	return int(status), takeError(err)
}

// Instantiate makes an instance.
func (f *Frame) Instantiate(to *Target, options *Options) (*Instance, *Failure) {
	f.set(to, options)
	var out *C.runtime_instance_t
	maybeGC()
	err := C.wasmcell_go_instantiate(&f.call, &out)
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	if err != nil {
		return nil, takeError(err)
	}
	return newInstance(unsafe.Pointer(out)), nil
}

// DropResource drops a resource of a guest.
func (f *Frame) DropResource(to *Target, resource uint64, options *Options) *Failure {
	f.set(to, options)
	maybeGC()
	err := C.wasmcell_go_drop_resource(&f.call, C.uint64_t(resource))
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	return takeError(err)
}
