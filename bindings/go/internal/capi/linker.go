package capi

/*
#include "shim.h"
*/
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// Linker owns a runtime_linker_t. Its methods want it acquired.
type Linker struct{ handle }

func freeLinker(ptr unsafe.Pointer) { C.runtime_linker_free((*C.runtime_linker_t)(ptr)) }

func (l *Linker) raw() *C.runtime_linker_t { return (*C.runtime_linker_t)(l.ptr) }

// NewLinker makes a linker.
func NewLinker() (*Linker, *Failure) {
	var out *C.runtime_linker_t
	if err := C.runtime_linker_new(&out); err != nil {
		return nil, takeError(err)
	}
	l := &Linker{}
	own(l, &l.handle, "linker", unsafe.Pointer(out), freeLinker)
	return l, nil
}

// HostFunction is a function of the host. It gets what its caller attached to the call, and
// returns an error, or fills in the results. What they point to has to live until it is called
// again or the call ends.
type HostFunction func(context any, call HostCall, args Results, results []Value) error

// HostDrop gets the number of a resource that nobody owns any more.
type HostDrop func(resource uint32)

// Define defines a function.
func (l *Linker) Define(path string, function HostFunction) *Failure {
	maybeGC()
	return takeError(C.wasmcell_go_define(l.raw(), chars(path), C.size_t(len(path)),
		C.uintptr_t(cgo.NewHandle(function))))
}

// DefineResource defines a resource.
func (l *Linker) DefineResource(path string, drop HostDrop) *Failure {
	maybeGC()
	return takeError(C.wasmcell_go_define_resource(l.raw(), chars(path), C.size_t(len(path)),
		C.uintptr_t(cgo.NewHandle(drop))))
}

// Component is runtime_linker_component, for a provider that is acquired.
func (l *Linker) Component(provider *Component, interfaceName, importName string) *Failure {
	maybeGC()
	return takeError(C.wasmcell_go_provide(l.raw(), provider.raw(), chars(interfaceName),
		C.size_t(len(interfaceName)), chars(importName), C.size_t(len(importName))))
}

// UnresolvedTrap is runtime_linker_unresolved_trap.
func (l *Linker) UnresolvedTrap() { C.runtime_linker_unresolved_trap(l.raw()) }
