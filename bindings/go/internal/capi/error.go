package capi

/*
#include "shim.h"

#cgo noescape runtime_error_free
#cgo nocallback runtime_error_free
#cgo noescape runtime_error_new
#cgo nocallback runtime_error_new
#cgo noescape runtime_error_code_name
#cgo nocallback runtime_error_code_name
#cgo noescape wasmcell_go_error
#cgo nocallback wasmcell_go_error
#cgo noescape wasmcell_go_frames
#cgo nocallback wasmcell_go_frames
*/
import "C"

import "unsafe"

// Failure is a copy of a runtime_error_t.
type Failure struct {
	Code, Trap, ExitStatus, HTTP int32
	HTTPStatus                   int
	Message                      string
	Details                      Details
	Frames                       []StackFrame
}

// Details is a copy of a runtime_error_details_t.
type Details struct {
	Import, Argument, Setting string
	Asked, Allowed            uint64
}

// StackFrame is a copy of a runtime_frame_t.
type StackFrame struct {
	Function, Module, File string
	Offset                 uint64
	Line, Column           uint32
}

// takeError copies an error and releases it; nil for NULL.
func takeError(err *C.runtime_error_t) *Failure {
	if err == nil {
		return nil
	}
	var about C.wasmcell_go_error_t
	C.wasmcell_go_error(err, &about)
	failure := &Failure{
		Code:       int32(about.code),
		Trap:       int32(about.trap),
		ExitStatus: int32(about.exit_status),
		HTTP:       int32(about.http),
		HTTPStatus: int(about.http_status),
		Message: string(unsafe.Slice((*byte)(unsafe.Pointer(about.message)),
			int(about.message_len))),
		Details: copyDetails(&about.details),
	}
	if about.frames > 0 {
		frames := make([]C.runtime_frame_t, int(about.frames))
		C.wasmcell_go_frames(err, &frames[0], about.frames)
		failure.Frames = make([]StackFrame, len(frames))
		for i := range frames {
			failure.Frames[i] = copyFrame(&frames[i])
		}
	}
	C.runtime_error_free(err)
	return failure
}

func copyDetails(details *C.runtime_error_details_t) Details {
	return Details{
		Import:   C.GoString(details._import),
		Argument: C.GoString(details.argument),
		Setting:  C.GoString(details.setting),
		Asked:    uint64(details.asked),
		Allowed:  uint64(details.allowed),
	}
}

func copyFrame(frame *C.runtime_frame_t) StackFrame {
	return StackFrame{
		Function: C.GoString(frame.function),
		Module:   C.GoString(frame.module),
		File:     C.GoString(frame.file),
		Offset:   uint64(frame.offset),
		Line:     uint32(frame.line),
		Column:   uint32(frame.column),
	}
}

// errorAt is the error at an address, where a field that C may not look behind keeps it.
func errorAt(address C.uintptr_t) *C.runtime_error_t {
	return (*C.runtime_error_t)(pointerAt(&address))
}

// newError makes an error with RUNTIME_ERROR_HOST, for a callback to return.
func newError(message string) *C.runtime_error_t {
	return C.runtime_error_new(chars(message), C.size_t(len(message)))
}

// CodeName spells a code.
func CodeName(code int32) string { return C.GoString(C.runtime_error_code_name(C.int32_t(code))) }
