package wasmcell

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// compileEnum: a string type, whose values are the names of the cases, or an integer type, whose
// values are their numbers.
func compileEnum(t reflect.Type, w *Type) (codec, error) {
	switch t.Kind() {
	case reflect.String:
		return &enumNameCodec{w, caseIndex(w)}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if bits := t.Size() * 8; bits < 16 && len(w.fields) > 1<<(bits-1) {
			return nil, &mismatch{wit: w, goType: t, why: "it has more cases"}
		}
		return &enumNumberCodec{w, int(t.Size())}, nil
	}
	return nil, &mismatch{wit: w, goType: t, why: "use a string or an integer"}
}

func caseIndex(w *Type) map[string]uint32 {
	index := make(map[string]uint32, len(w.fields))
	for i, field := range w.fields {
		index[field.Name] = uint32(i)
	}
	return index
}

type enumNameCodec struct {
	wit   *Type
	index map[string]uint32
}

func (c *enumNameCodec) lower(_ *session, p unsafe.Pointer, v *capi.Value) error {
	index, ok := c.index[*(*string)(p)]
	if !ok {
		return noCase(*(*string)(p), c.wit)
	}
	v.Kind, v.Index = uint8(KindEnum), index
	return nil
}

func noCase(name string, w *Type) error {
	return &Error{Code: ErrTypeMismatch, Message: fmt.Sprintf("%q is not a case of %s", name, w)}
}

func (c *enumNameCodec) lift(_ *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if int(v.Index) >= len(c.wit.fields) {
		return unexpected(v)
	}
	*(*string)(p) = c.wit.fields[v.Index].Name
	return nil
}

// enumNumberCodec is for integers of any size; the library refuses numbers that have no case.
type enumNumberCodec struct {
	wit  *Type
	size int
}

func (c *enumNumberCodec) lower(_ *session, p unsafe.Pointer, v *capi.Value) error {
	index := readUint(p, c.size)
	if index >= uint64(len(c.wit.fields)) {
		return &Error{Code: ErrInvalidArgument,
			Message: fmt.Sprintf("%d is not the number of a case of %s", index, c.wit)}
	}
	v.Kind, v.Index = uint8(KindEnum), uint32(index)
	return nil
}

func (c *enumNumberCodec) lift(_ *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	writeUint(p, c.size, uint64(v.Index))
	return nil
}

func readUint(p unsafe.Pointer, size int) uint64 {
	switch size {
	case 1:
		return uint64(*(*uint8)(p))
	case 2:
		return uint64(*(*uint16)(p))
	case 4:
		return uint64(*(*uint32)(p))
	}
	return *(*uint64)(p)
}

func writeUint(p unsafe.Pointer, size int, n uint64) {
	switch size {
	case 1:
		*(*uint8)(p) = uint8(n)
	case 2:
		*(*uint16)(p) = uint16(n)
	case 4:
		*(*uint32)(p) = uint32(n)
	default:
		*(*uint64)(p) = n
	}
}

// compileFlags: an unsigned integer, of which bit i is flag i, or a struct of bools.
func compileFlags(t reflect.Type, w *Type) (codec, error) {
	switch t.Kind() {
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if len(w.fields) > int(t.Size())*8 {
			return nil, &mismatch{wit: w, goType: t, why: "it has more flags"}
		}
		return &flagBitsCodec{w, int(t.Size())}, nil
	case reflect.Struct:
		fields, err := structFields(t, w, false)
		if err != nil {
			return nil, err
		}
		c := &flagFieldsCodec{}
		for _, field := range fields {
			if field.Type.Kind() != reflect.Bool {
				return nil, in(field.Name, &mismatch{wit: w, goType: field.Type, why: "use a bool"})
			}
			c.offsets = append(c.offsets, field.Offset)
		}
		return c, nil
	}
	return nil, &mismatch{wit: w, goType: t, why: "use an unsigned integer or a struct of bools"}
}

// lowerFlags lowers a set of flags, of which isSet tells whether one is in it.
func lowerFlags(s *session, count int, v *capi.Value, isSet func(int) bool) {
	v.Kind = uint8(KindFlags)
	if count == 0 {
		return
	}
	words := s.frame.Words((count + 31) / 32)
	for i := range count {
		if isSet(i) {
			words[i/32] |= 1 << (i % 32)
		}
	}
	s.frame.PointWords(v, words)
}

// flagIsSet tells whether a set of flags has one.
func flagIsSet(r *capi.Results, v *capi.Value, i int) bool {
	if uint64(i/32) >= v.W1 {
		return false
	}
	words := unsafe.Slice((*uint32)(r.Pointer(v)), int(v.W1))
	return words[i/32]&(1<<(i%32)) != 0
}

type flagBitsCodec struct {
	wit  *Type
	size int
}

func (c *flagBitsCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	bits, count := readUint(p, c.size), len(c.wit.fields)
	if count < 64 && bits>>count != 0 {
		return &Error{Code: ErrInvalidArgument,
			Message: fmt.Sprintf("%#x has bits that no flag of %s has", bits, c.wit)}
	}
	lowerFlags(s, count, v, func(i int) bool { return bits&(1<<i) != 0 })
	return nil
}

func (c *flagBitsCodec) lift(_ *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	var bits uint64
	for i := range c.wit.fields {
		if flagIsSet(r, v, i) {
			bits |= 1 << i
		}
	}
	writeUint(p, c.size, bits)
	return nil
}

type flagFieldsCodec struct{ offsets []uintptr }

func (c *flagFieldsCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	lowerFlags(s, len(c.offsets), v, func(i int) bool {
		return *(*bool)(unsafe.Add(p, c.offsets[i]))
	})
	return nil
}

func (c *flagFieldsCodec) lift(_ *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	for i, offset := range c.offsets {
		*(*bool)(unsafe.Add(p, offset)) = flagIsSet(r, v, i)
	}
	return nil
}
