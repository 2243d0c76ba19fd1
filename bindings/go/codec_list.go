package wasmcell

import (
	"reflect"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// sliceHeader is how Go keeps any slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

func compileList(t reflect.Type, w *Type, known resources) (codec, error) {
	element := w.fields[0].Type
	inner, err := compile(t.Elem(), element, known)
	if err != nil {
		return nil, in("[]", err)
	}
	if size := scalarSize(element.kind); size > 0 && t.Elem() != anyType {
		return flatCodec{element.kind, size}, nil
	}
	return &listCodec{t, inner, t.Elem().Size()}, nil
}

// flatCodec is for lists of numbers, which are the same on both sides.
type flatCodec struct {
	kind Kind
	size int
}

func (c flatCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	slice := (*sliceHeader)(p)
	v.Kind, v.Element = uint8(KindList), uint8(c.kind)
	s.frame.PointBytes(v, slice.data, slice.len, c.size)
	return nil
}

func (c flatCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if v.W1 == 0 {
		return nil
	}
	if Kind(v.Element) != c.kind {
		return unexpected(v)
	}
	// Appending leaves out the zeros that make would write first.
	switch data, count := r.Pointer(v), int(v.W1); c.size {
	case 1:
		var room []uint8
		if count <= cap(s.buffer) {
			room, s.buffer = s.buffer[:0], nil
		}
		*(*[]uint8)(p) = append(room, unsafe.Slice((*uint8)(data), count)...)
	case 2:
		*(*[]uint16)(p) = append([]uint16(nil), unsafe.Slice((*uint16)(data), count)...)
	case 4:
		*(*[]uint32)(p) = append([]uint32(nil), unsafe.Slice((*uint32)(data), count)...)
	default:
		*(*[]uint64)(p) = append([]uint64(nil), unsafe.Slice((*uint64)(data), count)...)
	}
	return nil
}

// listCodec is for all other lists.
type listCodec struct {
	slice   reflect.Type
	element codec
	size    uintptr
}

func (c *listCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	slice := (*sliceHeader)(p)
	values := s.frame.Values(slice.len)
	v.Kind, v.W1 = uint8(KindList), uint64(slice.len)
	for i := range values {
		at := unsafe.Add(slice.data, uintptr(i)*c.size)
		if err := c.element.lower(s, at, &values[i]); err != nil {
			return err
		}
	}
	s.frame.Point(v, values)
	return nil
}

func (c *listCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	count := int(v.W1)
	if count == 0 {
		return nil
	}
	if v.Element != 0 {
		return unexpected(v)
	}
	slice := reflect.MakeSlice(c.slice, count, count)
	data := slice.UnsafePointer()
	*(*sliceHeader)(p) = sliceHeader{data, count, count}
	values := unsafe.Slice((*capi.Value)(r.Pointer(v)), count)
	for i := range values {
		at := unsafe.Add(data, uintptr(i)*c.size)
		if err := c.element.lift(s, r, &values[i], at); err != nil {
			return err
		}
	}
	return nil
}

// unexpected is the error of a value that the library should not give for the type.
func unexpected(v *capi.Value) error {
	return &Error{Code: ErrPanic, Message: "the library gave a value of kind " +
		itoa(int(v.Kind)) + ", element " + itoa(int(v.Element)) + ", which nobody expects"}
}
