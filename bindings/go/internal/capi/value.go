package capi

/*
#include "shim.h"
*/
import "C"

import (
	"sync/atomic"
	"unsafe"
)

// Value is a runtime_value_t. What its union holds is in W0 and W1: a number, or a pointer and a
// length. They are not pointers to Go, so what they point to must be kept in another way: a
// [Frame] does that.
type Value struct {
	Kind    uint8
	Element uint8
	_       uint16
	Index   uint32
	W0, W1  uint64
}

// ValueSize is the size of a Value.
const ValueSize = C.sizeof_runtime_value_t

// The two are the same.
var (
	_ = [1]struct{}{}[unsafe.Sizeof(Value{})-C.sizeof_runtime_value_t]
	_ = [1]struct{}{}[unsafe.Offsetof(Value{}.Index)-unsafe.Offsetof(C.runtime_value_t{}.index)]
	_ = [1]struct{}{}[unsafe.Offsetof(Value{}.W0)-unsafe.Offsetof(C.runtime_value_t{}.of)]
)

// pointerAt reads a pointer to memory of C that is kept as a number.
func pointerAt[T C.uintptr_t | uint64](word *T) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(word))
}

// Results are values to read: those of a call in the memory of C or in a frame, or the arguments
// of a host function.
type Results struct {
	First *Value
	Len   int
	// Pointers in the values are offsets from here, if it is not nil.
	base unsafe.Pointer
	// The runtime_values_t, if that is to be released.
	values *C.runtime_values_t
	// What releases them instead.
	kept *Kept
}

// Kept are results that outlive their call. Each who keeps them drops them once.
type Kept struct {
	handle
	keepers atomic.Int32
}

// Keep lets the results, and pointers into them, outlive the call; nil if they are not memory of
// the library's own.
func (r *Results) Keep() *Kept {
	if r.kept == nil && r.values != nil {
		r.kept = &Kept{}
		own(r.kept, &r.kept.handle, "result", unsafe.Pointer(r.values), freeValues)
		r.values = nil
	}
	if r.kept != nil {
		r.kept.keepers.Add(1)
	}
	return r.kept
}

// Drop ends what Keep began.
func (k *Kept) Drop() {
	if k.keepers.Add(-1) == 0 {
		k.Close()
	}
}

func freeValues(p unsafe.Pointer) { C.runtime_values_free((*C.runtime_values_t)(p)) }

// Pointer is what W0 of a value points to, which is nil only if that is NULL.
func (r *Results) Pointer(v *Value) unsafe.Pointer {
	if r.base == nil {
		return pointerAt(&v.W0)
	}
	if v.W0 == 0 {
		return nil
	}
	return unsafe.Add(r.base, uintptr(v.W0))
}

// Free releases the results, after which nobody may read them.
func (r *Results) Free() {
	if r.values != nil {
		maybeGC()
		C.runtime_values_free(r.values)
		r.values = nil
	}
}

// LocalResults are values in a frame, to read them there.
func LocalResults(values []Value) *Results {
	return &Results{First: unsafe.SliceData(values), Len: len(values)}
}
