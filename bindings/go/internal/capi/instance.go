package capi

/*
#include "shim.h"

#cgo noescape runtime_instance_is_poisoned
#cgo nocallback runtime_instance_is_poisoned
#cgo noescape runtime_cancel_new
#cgo nocallback runtime_cancel_new
#cgo noescape runtime_cancel_free
#cgo nocallback runtime_cancel_free
#cgo noescape runtime_output_new
#cgo nocallback runtime_output_new
#cgo noescape runtime_output_free
#cgo nocallback runtime_output_free
#cgo noescape runtime_output_stdout
#cgo nocallback runtime_output_stdout
#cgo noescape runtime_output_stdout_len
#cgo nocallback runtime_output_stdout_len
#cgo noescape runtime_output_stderr
#cgo nocallback runtime_output_stderr
#cgo noescape runtime_output_stderr_len
#cgo nocallback runtime_output_stderr_len
#cgo noescape runtime_output_is_truncated
#cgo nocallback runtime_output_is_truncated
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Instance owns a runtime_instance_t.
type Instance struct{ handle }

func newInstance(ptr unsafe.Pointer) *Instance {
	instance := &Instance{}
	own(instance, &instance.handle, "instance", ptr, freeInstance)
	return instance
}

func freeInstance(ptr unsafe.Pointer) { C.runtime_instance_free((*C.runtime_instance_t)(ptr)) }

// IsPoisoned tells whether a call failed in the instance, which the caller has acquired.
func (i *Instance) IsPoisoned() bool {
	return bool(C.runtime_instance_is_poisoned((*C.runtime_instance_t)(i.ptr)))
}

// Cancel owns a runtime_cancel_t until Free.
type Cancel struct{ ptr *C.runtime_cancel_t }

// NewCancel makes a token.
func NewCancel() (*Cancel, *Failure) {
	var out *C.runtime_cancel_t
	if err := C.runtime_cancel_new(&out); err != nil {
		return nil, takeError(err)
	}
	c := &Cancel{out}
	// Tokens are kept for later calls, in places that the collector may empty.
	runtime.AddCleanup(c, freeCancel, out)
	return c, nil
}

func freeCancel(ptr *C.runtime_cancel_t) { C.runtime_cancel_free(ptr) }

// Trigger cancels the calls that have the token.
func (c *Cancel) Trigger() {
	C.runtime_cancel_trigger(c.ptr)
	runtime.KeepAlive(c)
}

// Output owns a runtime_output_t until Free.
type Output struct{ ptr *C.runtime_output_t }

// NewOutput makes an output.
func NewOutput(limit uint64) (*Output, *Failure) {
	var out *C.runtime_output_t
	if err := C.runtime_output_new(C.uint64_t(limit), &out); err != nil {
		return nil, takeError(err)
	}
	return &Output{out}, nil
}

// Take copies what was printed, and releases the output.
func (o *Output) Take() (stdout, stderr []byte, truncated bool) {
	stdout = copyBytes(C.runtime_output_stdout(o.ptr), C.runtime_output_stdout_len(o.ptr))
	stderr = copyBytes(C.runtime_output_stderr(o.ptr), C.runtime_output_stderr_len(o.ptr))
	truncated = bool(C.runtime_output_is_truncated(o.ptr))
	C.runtime_output_free(o.ptr)
	return stdout, stderr, truncated
}

func copyBytes(data *C.char, count C.size_t) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(data)), int(count))...)
}
