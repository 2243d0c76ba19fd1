package capi

/*
#include "shim.h"

#cgo noescape runtime_item_name
#cgo nocallback runtime_item_name
#cgo noescape runtime_item_kind
#cgo nocallback runtime_item_kind
#cgo noescape runtime_item_type
#cgo nocallback runtime_item_type
#cgo noescape runtime_type_kind
#cgo nocallback runtime_type_kind
#cgo noescape runtime_type_len
#cgo nocallback runtime_type_len
#cgo noescape runtime_type_child
#cgo nocallback runtime_type_child
#cgo noescape runtime_type_child_name
#cgo nocallback runtime_type_child_name
#cgo noescape runtime_type_result
#cgo nocallback runtime_type_result
#cgo noescape runtime_type_text
#cgo nocallback runtime_type_text
#cgo noescape runtime_function_name
#cgo nocallback runtime_function_name
#cgo noescape runtime_function_type
#cgo nocallback runtime_function_type
*/
import "C"

import "unsafe"

// Item is a runtime_item_t, borrowed from its component.
type Item struct{ ptr *C.runtime_item_t }

// Name is the name of the item.
func (i Item) Name() string { return C.GoString(C.runtime_item_name(i.ptr)) }

// Kind is a runtime_item_kind_t.
func (i Item) Kind() int32 { return int32(C.runtime_item_kind(i.ptr)) }

// Type is the type of the item, which may be none.
func (i Item) Type() Type { return Type{C.runtime_item_type(i.ptr)} }

// Type is a runtime_type_t, borrowed from its component or function.
type Type struct{ ptr *C.runtime_type_t }

// Type is the type of a function, which the caller has acquired.
func (f *Function) Type() Type {
	return Type{C.runtime_function_type((*C.runtime_function_t)(f.ptr))}
}

// Name is the name of a function, which the caller has acquired.
func (f *Function) Name() string {
	return C.GoString(C.runtime_function_name((*C.runtime_function_t)(f.ptr)))
}

// Exists tells whether there is a type.
func (t Type) Exists() bool { return t.ptr != nil }

// Kind is a runtime_kind_t.
func (t Type) Kind() uint8 { return uint8(C.runtime_type_kind(t.ptr)) }

// Len counts the children.
func (t Type) Len() int { return int(C.runtime_type_len(t.ptr)) }

// Child is the type of a child.
func (t Type) Child(index int) Type { return Type{C.runtime_type_child(t.ptr, C.size_t(index))} }

// ChildName is the name of a child, or empty.
func (t Type) ChildName(index int) string {
	name := C.runtime_type_child_name(t.ptr, C.size_t(index))
	if name == nil {
		return ""
	}
	return C.GoString(name)
}

// Result is what a function gives.
func (t Type) Result() Type { return Type{C.runtime_type_result(t.ptr)} }

// ParseValue reads a value from text. It is for the caller to free.
func (t Type) ParseValue(text string) (Results, *Failure) {
	var out *C.runtime_values_t
	maybeGC()
	if err := C.runtime_value_parse(t.ptr, chars(text), C.size_t(len(text)), &out); err != nil {
		return Results{}, takeError(err)
	}
	first := (*Value)(unsafe.Pointer(C.runtime_values_data(out)))
	return Results{First: first, Len: int(C.runtime_values_len(out)), values: out}, nil
}

// ValueText writes the first of the values as text.
func (t Type) ValueText(values []Value) (string, *Failure) {
	var out *C.runtime_bytes_t
	maybeGC()
	if err := C.runtime_value_text(t.ptr, args(values), &out); err != nil {
		return "", takeError(err)
	}
	return takeText(out), nil
}

// ValueEqual compares the first of the values with the first of the others.
func (t Type) ValueEqual(values, others []Value) (bool, *Failure) {
	var out C.bool
	maybeGC()
	if err := C.runtime_value_equal(t.ptr, args(values), args(others), &out); err != nil {
		return false, takeError(err)
	}
	return bool(out), nil
}

// Text spells the type.
func (t Type) Text() string {
	var out *C.runtime_bytes_t
	if err := C.runtime_type_text(t.ptr, &out); err != nil {
		return takeError(err).Message
	}
	return takeText(out)
}
