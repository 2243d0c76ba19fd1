package capi

/*
#include "shim.h"

#cgo noescape runtime_sandbox_arg
#cgo nocallback runtime_sandbox_arg
#cgo noescape runtime_sandbox_env
#cgo nocallback runtime_sandbox_env
#cgo noescape runtime_sandbox_config
#cgo nocallback runtime_sandbox_config
#cgo noescape runtime_sandbox_initial_directory
#cgo nocallback runtime_sandbox_initial_directory
#cgo noescape runtime_sandbox_directory
#cgo nocallback runtime_sandbox_directory
#cgo noescape runtime_sandbox_directory_limit
#cgo nocallback runtime_sandbox_directory_limit
#cgo noescape runtime_sandbox_allow_connect
#cgo nocallback runtime_sandbox_allow_connect
#cgo noescape runtime_sandbox_allow_bind
#cgo nocallback runtime_sandbox_allow_bind
#cgo noescape runtime_sandbox_allow_name
#cgo nocallback runtime_sandbox_allow_name
*/
import "C"

import (
	"io"
	"runtime/cgo"
	"unsafe"
)

// Sandbox owns a runtime_sandbox_t. Its methods want it acquired.
type Sandbox struct{ handle }

func freeSandbox(ptr unsafe.Pointer) { C.runtime_sandbox_free((*C.runtime_sandbox_t)(ptr)) }

func (s *Sandbox) raw() *C.runtime_sandbox_t { return (*C.runtime_sandbox_t)(s.ptr) }

// NewSandbox makes a sandbox.
func NewSandbox() (*Sandbox, *Failure) {
	var out *C.runtime_sandbox_t
	if err := C.runtime_sandbox_new(&out); err != nil {
		return nil, takeError(err)
	}
	s := &Sandbox{}
	own(s, &s.handle, "sandbox", unsafe.Pointer(out), freeSandbox)
	return s, nil
}

// Arg is runtime_sandbox_arg.
func (s *Sandbox) Arg(arg string) *Failure {
	return takeError(C.runtime_sandbox_arg(s.raw(), chars(arg), C.size_t(len(arg))))
}

// Env is runtime_sandbox_env.
func (s *Sandbox) Env(key, value string) *Failure {
	return takeError(C.runtime_sandbox_env(s.raw(), chars(key), C.size_t(len(key)), chars(value),
		C.size_t(len(value))))
}

// Config is runtime_sandbox_config.
func (s *Sandbox) Config(key, value string) *Failure {
	return takeError(C.runtime_sandbox_config(s.raw(), chars(key), C.size_t(len(key)),
		chars(value), C.size_t(len(value))))
}

// InitialDirectory is runtime_sandbox_initial_directory.
func (s *Sandbox) InitialDirectory(path string) *Failure {
	return takeError(C.runtime_sandbox_initial_directory(s.raw(), chars(path),
		C.size_t(len(path))))
}

// Directory is runtime_sandbox_directory.
func (s *Sandbox) Directory(host, guest string, rights uint64) *Failure {
	return takeError(C.runtime_sandbox_directory(s.raw(), chars(host), C.size_t(len(host)),
		chars(guest), C.size_t(len(guest)), C.uint64_t(rights)))
}

// DirectoryLimit is runtime_sandbox_directory_limit.
func (s *Sandbox) DirectoryLimit(guest string, maxBytes, maxEntries uint64) *Failure {
	return takeError(C.runtime_sandbox_directory_limit(s.raw(), chars(guest),
		C.size_t(len(guest)), C.uint64_t(maxBytes), C.uint64_t(maxEntries)))
}

// StdinBytes is runtime_sandbox_stdin_bytes.
func (s *Sandbox) StdinBytes(bytes []byte) *Failure {
	return takeError(C.runtime_sandbox_stdin_bytes(s.raw(), bytesOf(bytes),
		C.size_t(len(bytes))))
}

// Stdin is runtime_sandbox_stdin_callback.
func (s *Sandbox) Stdin(reader io.Reader) *Failure {
	return takeError(C.wasmcell_go_stdin(s.raw(), C.uintptr_t(cgo.NewHandle(reader))))
}

// StdinInherit is runtime_sandbox_stdin_inherit.
func (s *Sandbox) StdinInherit() *Failure {
	return takeError(C.runtime_sandbox_stdin_inherit(s.raw()))
}

// Output is runtime_sandbox_stdout_callback or runtime_sandbox_stderr_callback.
func (s *Sandbox) Output(stderr bool, flags uint64, writer io.Writer) *Failure {
	return takeError(C.wasmcell_go_output(s.raw(), C.bool(stderr), C.uint64_t(flags),
		C.uintptr_t(cgo.NewHandle(writer))))
}

// Capture is runtime_sandbox_stdout_capture or runtime_sandbox_stderr_capture.
func (s *Sandbox) Capture(stderr bool) *Failure {
	if stderr {
		return takeError(C.runtime_sandbox_stderr_capture(s.raw()))
	}
	return takeError(C.runtime_sandbox_stdout_capture(s.raw()))
}

// Inherit is runtime_sandbox_stdout_inherit or runtime_sandbox_stderr_inherit.
func (s *Sandbox) Inherit(stderr bool) *Failure {
	if stderr {
		return takeError(C.runtime_sandbox_stderr_inherit(s.raw()))
	}
	return takeError(C.runtime_sandbox_stdout_inherit(s.raw()))
}

// AllowConnect is runtime_sandbox_allow_connect.
func (s *Sandbox) AllowConnect(addresses string, first, last uint16) *Failure {
	return takeError(C.runtime_sandbox_allow_connect(s.raw(), chars(addresses),
		C.size_t(len(addresses)), C.uint16_t(first), C.uint16_t(last)))
}

// AllowBind is runtime_sandbox_allow_bind.
func (s *Sandbox) AllowBind(addresses string, first, last uint16) *Failure {
	return takeError(C.runtime_sandbox_allow_bind(s.raw(), chars(addresses),
		C.size_t(len(addresses)), C.uint16_t(first), C.uint16_t(last)))
}

// AllowName is runtime_sandbox_allow_name.
func (s *Sandbox) AllowName(name string) *Failure {
	return takeError(C.runtime_sandbox_allow_name(s.raw(), chars(name), C.size_t(len(name))))
}

// ClockFixed is runtime_sandbox_clock_fixed.
func (s *Sandbox) ClockFixed(wall, step uint64) *Failure {
	return takeError(C.runtime_sandbox_clock_fixed(s.raw(), C.uint64_t(wall), C.uint64_t(step)))
}

// RandomSeed is runtime_sandbox_random_seed.
func (s *Sandbox) RandomSeed(seed uint64) *Failure {
	return takeError(C.runtime_sandbox_random_seed(s.raw(), C.uint64_t(seed)))
}
