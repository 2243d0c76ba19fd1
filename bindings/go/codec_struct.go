package wasmcell

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

func itoa(n int) string { return strconv.Itoa(n) }

// part is where in a struct a field of a record is.
type part struct {
	offset uintptr
	codec  codec
}

// structCodec is for records and tuples, whose parts are in the order of WIT.
type structCodec struct {
	kind  Kind
	parts []part
}

func compileStruct(t reflect.Type, w *Type, known resources) (codec, error) {
	fields, err := structFields(t, w, w.kind == KindTuple)
	if err != nil {
		return nil, err
	}
	c := &structCodec{kind: w.kind}
	for i, field := range fields {
		inner, err := compile(field.Type, w.fields[i].Type, known)
		if err != nil {
			return nil, in(field.Name, err)
		}
		c.parts = append(c.parts, part{field.Offset, inner})
	}
	return c, nil
}

// structFields finds the fields of a struct that stand for those of a type, in the order of the
// type: by name, or one after the other.
func structFields(t reflect.Type, w *Type, byPlace bool) ([]reflect.StructField, error) {
	wrong := func(why string) error { return &mismatch{wit: w, goType: t, why: why} }
	byName := map[string]reflect.StructField{}
	var all []reflect.StructField
	for i := range t.NumField() {
		field := t.Field(i)
		name := witName(field)
		if name == "-" {
			continue
		}
		if !field.IsExported() {
			return nil, wrong("field " + field.Name + " has a tag but is not exported")
		}
		if _, twice := byName[name]; twice && !byPlace {
			return nil, wrong("two fields are " + name)
		}
		byName[name] = field
		all = append(all, field)
	}
	if len(all) != len(w.fields) {
		return nil, wrong(fmt.Sprintf("%d fields are needed, there are %d", len(w.fields),
			len(all)))
	}
	if byPlace {
		return all, nil
	}
	for i, field := range w.fields {
		found, ok := byName[field.Name]
		if !ok {
			found, ok = byName[strings.ToLower(field.Name)]
		}
		if !ok {
			return nil, wrong("no field is " + field.Name)
		}
		all[i] = found
	}
	return all, nil
}

func (c *structCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	values := s.frame.Values(len(c.parts))
	v.Kind, v.W1 = uint8(c.kind), uint64(len(values))
	for i := range c.parts {
		part := &c.parts[i]
		if err := part.codec.lower(s, unsafe.Add(p, part.offset), &values[i]); err != nil {
			return err
		}
	}
	s.frame.Point(v, values)
	return nil
}

func (c *structCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if int(v.W1) != len(c.parts) {
		return unexpected(v)
	}
	if len(c.parts) == 0 {
		return nil
	}
	values := unsafe.Slice((*capi.Value)(r.Pointer(v)), len(c.parts))
	for i := range c.parts {
		part := &c.parts[i]
		if err := part.codec.lift(s, r, &values[i], unsafe.Add(p, part.offset)); err != nil {
			return err
		}
	}
	return nil
}
