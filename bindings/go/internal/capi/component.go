package capi

/*
#include "shim.h"

#cgo noescape runtime_component_name
#cgo nocallback runtime_component_name
#cgo noescape runtime_component_import_count
#cgo nocallback runtime_component_import_count
#cgo noescape runtime_component_import
#cgo nocallback runtime_component_import
#cgo noescape runtime_component_export_count
#cgo nocallback runtime_component_export_count
#cgo noescape runtime_component_export
#cgo nocallback runtime_component_export
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Component owns a runtime_component_t. Its methods, and those of what is made from it, want it
// acquired.
type Component struct{ handle }

func freeComponent(ptr unsafe.Pointer) { C.runtime_component_free((*C.runtime_component_t)(ptr)) }

func (c *Component) raw() *C.runtime_component_t { return (*C.runtime_component_t)(c.ptr) }

// Source says what the bytes of a component are.
type Source int32

// Binary or text, the path of a file, compiled code, a descriptor of compiled code.
const (
	FromBytes    Source = C.WASMCELL_GO_BYTES
	FromFile     Source = C.WASMCELL_GO_FILE
	FromCompiled Source = C.WASMCELL_GO_COMPILED
	FromShared   Source = C.WASMCELL_GO_SHARED
)

// LoadOptions is a runtime_component_options_t. Sandbox, Linker and Cancel may be nil.
type LoadOptions struct {
	Name             string
	Sandbox          *Sandbox
	Linker           *Linker
	BlockingOnly     bool
	Unlinked         bool
	TimeoutMS        uint64
	Cancel           *Cancel
	Limits           Limits
	DefaultTimeoutMS uint64
	DefaultFuel      uint64
	Reuse            *Reuse
}

// Reuse is a runtime_component_reuse_t.
type Reuse struct{ Instances, Calls, IdleMS, Growth uint64 }

// Limits is a runtime_component_limits_t.
type Limits struct {
	LinearMemory, InstanceMemory, TableElements, HostcallMemory, Resources, RandomSize,
	Descriptors, Buffers, Lookups, Instances, ExecutionTimeMS, Fuel,
	Stack uint64
}

func (l *Limits) raw() C.runtime_component_limits_t {
	return C.runtime_component_limits_t{
		max_linear_memory:     C.uint64_t(l.LinearMemory),
		max_instance_memory:   C.uint64_t(l.InstanceMemory),
		max_table_elements:    C.uint64_t(l.TableElements),
		max_hostcall_memory:   C.uint64_t(l.HostcallMemory),
		max_resources:         C.uint64_t(l.Resources),
		max_random_size:       C.uint64_t(l.RandomSize),
		max_descriptors:       C.uint64_t(l.Descriptors),
		max_buffers:           C.uint64_t(l.Buffers),
		max_lookups:           C.uint64_t(l.Lookups),
		max_instances:         C.uint64_t(l.Instances),
		max_execution_time_ms: C.uint64_t(l.ExecutionTimeMS),
		fuel:                  C.uint64_t(l.Fuel),
		max_stack:             C.uint64_t(l.Stack),
	}
}

func (o *LoadOptions) raw() C.wasmcell_go_load_options {
	more := C.wasmcell_go_load_options{blocking_only: C.bool(o.BlockingOnly),
		unlinked: C.bool(o.Unlinked), timeout_ms: C.uint64_t(o.TimeoutMS), limits: o.Limits.raw(),
		default_timeout_ms: C.uint64_t(o.DefaultTimeoutMS),
		default_fuel:       C.uint64_t(o.DefaultFuel)}
	if o.Reuse != nil {
		more.reuses = true
		more.reuse = C.runtime_component_reuse_t{max_instances: C.uint64_t(o.Reuse.Instances),
			max_calls: C.uint64_t(o.Reuse.Calls), max_idle_ms: C.uint64_t(o.Reuse.IdleMS),
			max_growth: C.uint64_t(o.Reuse.Growth)}
	}
	if o.Sandbox != nil {
		more.sandbox = C.uintptr_t(o.Sandbox.address())
	}
	if o.Linker != nil {
		more.linker = C.uintptr_t(o.Linker.address())
	}
	if o.Cancel != nil {
		more.cancel = C.uintptr_t(uintptr(unsafe.Pointer(o.Cancel.ptr)))
	}
	return more
}

// keep keeps what the options name.
func (o *LoadOptions) keep() {
	runtime.KeepAlive(o.Sandbox)
	runtime.KeepAlive(o.Linker)
	runtime.KeepAlive(o.Cancel)
}

// Load loads a component into a runtime. The caller has acquired it, the sandbox and the linker.
func (r *Runtime) Load(source Source, bytes []byte, fd int32,
	options *LoadOptions) (*Component, *Failure) {
	var out *C.runtime_component_t
	more := options.raw()
	maybeGC()
	err := C.wasmcell_go_load(r.raw(), C.int32_t(source), unsafe.Pointer(bytesOf(bytes)),
		C.size_t(len(bytes)), C.int32_t(fd), chars(options.Name), C.size_t(len(options.Name)),
		&more, &out)
	maybeGC()
	options.keep()
	return newComponent(out, err)
}

// Link links the code of a component once more. The caller has acquired the sandbox and the linker.
func (c *Component) Link(options *LoadOptions) (*Component, *Failure) {
	var out *C.runtime_component_t
	more := options.raw()
	maybeGC()
	err := C.wasmcell_go_link(c.raw(), chars(options.Name), C.size_t(len(options.Name)), &more,
		&out)
	maybeGC()
	options.keep()
	return newComponent(out, err)
}

func newComponent(out *C.runtime_component_t, err *C.runtime_error_t) (*Component, *Failure) {
	if err != nil {
		return nil, takeError(err)
	}
	c := &Component{}
	own(c, &c.handle, "component", unsafe.Pointer(out), freeComponent)
	return c, nil
}

// Serialize gives the compiled code.
func (c *Component) Serialize() ([]byte, *Failure) {
	var out *C.runtime_bytes_t
	err := C.runtime_component_serialize(c.raw(), &out)
	return takeBytes(out), takeError(err)
}

// Share gives a descriptor of the compiled code.
func (c *Component) Share() (int32, *Failure) {
	var fd C.int32_t
	err := C.runtime_component_share(c.raw(), &fd)
	return int32(fd), takeError(err)
}

// WIT spells the world.
func (c *Component) WIT() (string, *Failure) {
	var out *C.runtime_bytes_t
	err := C.runtime_component_wit(c.raw(), &out)
	return takeText(out), takeError(err)
}

// Name is what the component is called in log records.
func (c *Component) Name() string { return C.GoString(C.runtime_component_name(c.raw())) }

// ID is its number.
func (c *Component) ID() uint64 { return uint64(C.runtime_component_id(c.raw())) }

// Imports lists what the component imports.
func (c *Component) Imports() []Item {
	items := make([]Item, int(C.runtime_component_import_count(c.raw())))
	for i := range items {
		items[i] = Item{C.runtime_component_import(c.raw(), C.size_t(i))}
	}
	return items
}

// ImportDefinition is the path of the definition that serves an import, empty if none does.
func (c *Component) ImportDefinition(index int) string {
	return C.GoString(C.runtime_component_import_definition(c.raw(), C.size_t(index)))
}

// ResourceDefinition is the path of the host's resource that a handle stands for, or empty.
func (c *Component) ResourceDefinition(t Type) string {
	return C.GoString(C.runtime_component_resource_definition(c.raw(), t.ptr))
}

// Exports lists what the component exports.
func (c *Component) Exports() []Item {
	items := make([]Item, int(C.runtime_component_export_count(c.raw())))
	for i := range items {
		items[i] = Item{C.runtime_component_export(c.raw(), C.size_t(i))}
	}
	return items
}

// Function owns a runtime_function_t.
type Function struct{ handle }

func freeFunction(ptr unsafe.Pointer) { C.runtime_function_free((*C.runtime_function_t)(ptr)) }

// Function looks up a function.
func (c *Component) Function(name string) (*Function, *Failure) {
	var out *C.runtime_function_t
	maybeGC()
	err := C.runtime_component_function(c.raw(), chars(name), C.size_t(len(name)), &out)
	if err != nil {
		return nil, takeError(err)
	}
	f := &Function{}
	own(f, &f.handle, "function", unsafe.Pointer(out), freeFunction)
	return f, nil
}
