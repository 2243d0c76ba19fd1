package capi

// What C calls. cgo allows no definitions in the preamble of a file with exports.

/*
#include "shim.h"

#cgo noescape runtime_call_remaining_ms
#cgo nocallback runtime_call_remaining_ms
#cgo noescape runtime_call_is_cancelled
#cgo nocallback runtime_call_is_cancelled
#cgo noescape runtime_call_defer
#cgo nocallback runtime_call_defer
*/
import "C"

import (
	"fmt"
	"io"
	"runtime/cgo"
	"runtime/debug"
	"unsafe"
)

// HostCall is a runtime_call_t, for as long as the host function runs.
type HostCall struct{ ptr *C.runtime_call_t }

// RemainingMS is the time that the call has left.
func (c HostCall) RemainingMS() uint64 { return uint64(C.runtime_call_remaining_ms(c.ptr)) }

// ComponentID is the number of the component whose guest calls.
func (c HostCall) ComponentID() uint64 { return uint64(C.runtime_call_component_id(c.ptr)) }

// IsCancelled tells whether the call was cancelled or has run out of time.
func (c HostCall) IsCancelled() bool { return bool(C.runtime_call_is_cancelled(c.ptr)) }

// Reply is a runtime_reply_t: the answer that a host function owes.
type Reply struct{ ptr *C.runtime_reply_t }

// Defer lets the host function answer later.
func (c HostCall) Defer() (*Reply, *Failure) {
	var out *C.runtime_reply_t
	if err := C.runtime_call_defer(c.ptr, &out); err != nil {
		return nil, takeError(err)
	}
	return &Reply{out}, nil
}

// Complete answers, with results or with a message, which is for a failure.
func (r *Reply) Complete(results []Value, failed bool, message string) {
	var err *C.runtime_error_t
	if failed {
		err = newError(message)
	}
	maybeGC()
	C.runtime_reply_complete(r.ptr, args(results), C.size_t(len(results)), err)
}

// Free gives up on the answer.
func (r *Reply) Free() { C.runtime_reply_free(r.ptr) }

//export wasmcellGoHost
func wasmcellGoHost(function, context, call C.uintptr_t, args *C.runtime_value_t,
	argsLen C.size_t, results *C.runtime_value_t, resultsLen C.size_t) (err C.uintptr_t) {
	// Neither a panic nor the end of the goroutine must unwind through the library.
	returned := false
	defer func() {
		if p := recover(); p != nil {
			err = C.uintptr_t(uintptr(unsafe.Pointer(newError(PanicMessage(p)))))
		} else if !returned {
			die("wasmcell: a host function that is not Async called runtime.Goexit")
		}
	}()
	maybeGC()
	run := cgo.Handle(function).Value().(HostFunction)
	var attached any
	if context != 0 {
		attached = cgo.Handle(context).Value()
	}
	failure := run(attached, HostCall{(*C.runtime_call_t)(pointerAt(&call))},
		Results{First: (*Value)(unsafe.Pointer(args)), Len: int(argsLen)},
		unsafe.Slice((*Value)(unsafe.Pointer(results)), int(resultsLen)))
	returned = true
	if failure != nil {
		return C.uintptr_t(uintptr(unsafe.Pointer(newError(failure.Error()))))
	}
	return 0
}

// PanicMessage says what was panicked with, and where. It is called while the panic is recovered.
func PanicMessage(p any) string { return fmt.Sprintf("panic: %v\n\n%s", p, debug.Stack()) }

// quiet keeps a panic from unwinding through the library where no error can be returned, and lets
// the program end as Go programs do.
func quiet() {
	if p := recover(); p != nil {
		die(PanicMessage(p))
	}
}

// die ends the program as a panic does that nobody recovers from.
func die(message string) {
	go panic(message)
	select {}
}

//export wasmcellGoDrop
func wasmcellGoDrop(drop C.uintptr_t, resource C.uint32_t) {
	defer quiet()
	cgo.Handle(drop).Value().(HostDrop)(uint32(resource))
}

//export wasmcellGoCompleted
func wasmcellGoCompleted(handle, values, results C.uintptr_t, resultsLen C.size_t,
	err C.uintptr_t, fuelUsed C.uint64_t, taken C.bool) {
	done := cgo.Handle(handle).Value().(Started)
	cgo.Handle(handle).Delete()
	done <- Outcome{values, results, err, int(resultsLen), uint64(fuelUsed), bool(taken)}
}

//export wasmcellGoRead
func wasmcellGoRead(handle C.uintptr_t, buffer *C.uint8_t, capacity C.size_t,
	lenOut *C.size_t) (err C.uintptr_t) {
	defer func() {
		if p := recover(); p != nil {
			err = C.uintptr_t(uintptr(unsafe.Pointer(newError(PanicMessage(p)))))
		}
	}()
	reader := cgo.Handle(handle).Value().(io.Reader)
	room := unsafe.Slice((*byte)(unsafe.Pointer(buffer)), int(capacity))
	for range maxEmptyReads {
		count, failure := reader.Read(room)
		*lenOut = C.size_t(count)
		if count > 0 || failure == io.EOF {
			return 0
		}
		if failure != nil {
			return C.uintptr_t(uintptr(unsafe.Pointer(newError(failure.Error()))))
		}
	}
	return C.uintptr_t(uintptr(unsafe.Pointer(newError(io.ErrNoProgress.Error()))))
}

// maxEmptyReads is how often a Reader may give nothing at all, as in package bufio.
const maxEmptyReads = 100

//export wasmcellGoWrite
func wasmcellGoWrite(handle C.uintptr_t, bytes *C.uint8_t, count C.size_t) {
	defer quiet()
	writer := cgo.Handle(handle).Value().(io.Writer)
	// The library has no way to tell the guest that nobody reads what it prints.
	_, _ = writer.Write(unsafe.Slice((*byte)(unsafe.Pointer(bytes)), int(count)))
}

//export wasmcellGoLog
func wasmcellGoLog(handle C.uintptr_t, level C.int32_t, target *C.char, targetLen C.size_t,
	message *C.char, messageLen C.size_t) {
	defer quiet()
	cgo.Handle(handle).Value().(Logger)(int32(level),
		string(unsafe.Slice((*byte)(unsafe.Pointer(target)), int(targetLen))),
		string(unsafe.Slice((*byte)(unsafe.Pointer(message)), int(messageLen))))
}

//export wasmcellGoFinalize
func wasmcellGoFinalize(handle C.uintptr_t) { cgo.Handle(handle).Delete() }
