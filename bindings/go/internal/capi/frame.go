package capi

/*
#include "shim.h"
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Frame is memory for the arguments of a call and for what they point to, and for small results.
// It is for one goroutine, and for one call at a time. C sees it during the call.
type Frame struct {
	call    C.wasmcell_go_call_t
	buffer  [bufferWords]uint64
	first   [firstWords]uint64
	chunk   []uint64
	used    int
	pinned  bool // anything
	fixed   bool // the first chunk
	pinner  runtime.Pinner
	Results Results
}

const (
	bufferWords = 128
	firstWords  = 128
	chunkWords  = 2048
	// CopyBelow is the size in bytes below which copying is cheaper than pinning.
	CopyBelow = 256
)

// Reset makes the frame empty, and lets go of what it has pinned.
func (f *Frame) Reset() {
	if f.pinned {
		f.pinner.Unpin()
		f.pinned, f.fixed = false, false
	}
	f.chunk, f.used = nil, 0
	f.call = C.wasmcell_go_call_t{}
	f.Results = Results{}
}

// Values gives memory for so many values, all zero.
func (f *Frame) Values(count int) []Value {
	if count == 0 {
		return nil
	}
	words := f.take(count * (ValueSize / 8))
	clear(words)
	return unsafe.Slice((*Value)(unsafe.Pointer(&words[0])), count)
}

// Words gives memory for the words of flags, as C counts them.
func (f *Frame) Words(count int) []uint32 {
	words := f.take((count + 1) / 2)
	clear(words)
	return unsafe.Slice((*uint32)(unsafe.Pointer(&words[0])), count)
}

// take gives memory that C may see; whatever points to it, it stays where it is.
func (f *Frame) take(count int) []uint64 {
	if f.chunk == nil {
		f.chunk = f.first[:]
	}
	if count > len(f.chunk)-f.used {
		f.chunk, f.used = make([]uint64, max(count, chunkWords)), 0
		// Right away: nothing else may know of it when something points to it.
		f.pinner.Pin(&f.chunk[0])
		f.pinned = true
	}
	words := f.chunk[f.used : f.used+count : f.used+count]
	f.used += count
	return words
}

// Point lets v point to values of this frame.
func (f *Frame) Point(v *Value, values []Value) {
	if len(values) == 0 {
		return
	}
	f.fix()
	v.W0 = uint64(uintptr(unsafe.Pointer(&values[0])))
}

// PointWords is Point for the words of flags.
func (f *Frame) PointWords(v *Value, words []uint32) {
	f.fix()
	v.W0, v.W1 = uint64(uintptr(unsafe.Pointer(&words[0]))), uint64(len(words))
}

// PointBytes lets v point to count elements of Go's, which it copies if they are few and keeps in
// their place otherwise. Nobody may change them before the call ends.
func (f *Frame) PointBytes(v *Value, data unsafe.Pointer, count, size int) {
	v.W1 = uint64(count)
	bytes := count * size
	if bytes == 0 {
		return
	}
	if bytes < CopyBelow {
		words := f.take((bytes + 7) / 8)
		room := unsafe.Pointer(&words[0])
		copy(unsafe.Slice((*byte)(room), bytes), unsafe.Slice((*byte)(data), bytes))
		f.fix()
		data = room
	} else {
		f.pin(data)
	}
	v.W0 = uint64(uintptr(data))
}

// fix pins the first chunk, which is a part of the frame; others are pinned when they are made.
func (f *Frame) fix() {
	if !f.fixed {
		f.pinner.Pin(&f.first[0])
		f.pinned, f.fixed = true, true
	}
}

// pin keeps where it is what C finds by a pointer in other memory. What is not Go's, such as a
// file in memory, is not pinned, and need not be.
func (f *Frame) pin(data unsafe.Pointer) {
	defer func() { _ = recover() }()
	f.pinner.Pin(data)
	f.pinned = true
}
