package wasmcell

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// lowerPayload gives a case its payload.
func lowerPayload(s *session, c codec, p unsafe.Pointer, v *capi.Value) error {
	switch c.(type) {
	case unitCodec:
		return nil
	case nothingCodec:
		return c.lower(s, p, nil)
	}
	values := s.frame.Values(1)
	err := c.lower(s, p, &values[0])
	s.frame.Point(v, values)
	return err
}

// liftPayload takes the payload of a case, if it has one.
func liftPayload(s *session, c codec, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	switch c.(type) {
	case unitCodec, nothingCodec:
		return nil
	}
	payload := (*capi.Value)(r.Pointer(v))
	if payload == nil {
		return unexpected(v)
	}
	return c.lift(s, r, payload, p)
}

// compileOption: a pointer, of which nil is none, or an Option.
func compileOption(t reflect.Type, w *Type, known resources) (codec, error) {
	value, isOption := t, false
	if t.Kind() == reflect.Struct && t.Implements(reflect.TypeFor[interface{ isOption() }]()) {
		value, isOption = t.Field(0).Type, true
	} else if t.Kind() == reflect.Pointer && known[t] == nil && t != resourceType {
		value = t.Elem()
	} else {
		return nil, &mismatch{wit: w, goType: t, why: "use a pointer or an Option"}
	}
	inner, err := compile(value, w.fields[0].Type, known)
	if err != nil {
		return nil, err
	}
	if isOption {
		return &optionCodec{inner, t.Field(1).Offset}, nil
	}
	return &pointerCodec{inner, value}, nil
}

// pointerCodec is for options that are pointers.
type pointerCodec struct {
	inner codec
	value reflect.Type
}

func (c *pointerCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind = uint8(KindOption)
	value := *(*unsafe.Pointer)(p)
	if value == nil {
		return nil
	}
	v.Index = 1
	return lowerPayload(s, c.inner, value, v)
}

func (c *pointerCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if v.Index == 0 {
		return nil
	}
	value := reflect.New(c.value).UnsafePointer()
	*(*unsafe.Pointer)(p) = value
	return liftPayload(s, c.inner, r, v, value)
}

// optionCodec is for Option, whose value comes first.
type optionCodec struct {
	inner codec
	some  uintptr
}

func (c *optionCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind = uint8(KindOption)
	if !*(*bool)(unsafe.Add(p, c.some)) {
		return nil
	}
	v.Index = 1
	return lowerPayload(s, c.inner, p, v)
}

func (c *optionCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if v.Index == 0 {
		return nil
	}
	*(*bool)(unsafe.Add(p, c.some)) = true
	return liftPayload(s, c.inner, r, v, p)
}

// resultCodec is for Result.
type resultCodec struct {
	ok, err           codec
	errAt, failedFlag uintptr
}

func compileResult(t reflect.Type, w *Type, known resources) (codec, error) {
	if t.Kind() != reflect.Struct || !t.Implements(reflect.TypeFor[interface{ isResult() }]()) {
		return nil, &mismatch{wit: w, goType: t, why: "use a Result"}
	}
	ok, err := compile(t.Field(0).Type, w.fields[0].Type, known)
	if err != nil {
		return nil, in("ok", err)
	}
	failure, err := compile(t.Field(1).Type, w.fields[1].Type, known)
	if err != nil {
		return nil, in("err", err)
	}
	return &resultCodec{ok, failure, t.Field(1).Offset, t.Field(2).Offset}, nil
}

func (c *resultCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind = uint8(KindResult)
	if *(*bool)(unsafe.Add(p, c.failedFlag)) {
		v.Index = 1
		return lowerPayload(s, c.err, unsafe.Add(p, c.errAt), v)
	}
	return lowerPayload(s, c.ok, p, v)
}

func (c *resultCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if v.Index == 0 {
		return liftPayload(s, c.ok, r, v, p)
	}
	*(*bool)(unsafe.Add(p, c.failedFlag)) = true
	return liftPayload(s, c.err, r, v, unsafe.Add(p, c.errAt))
}

// variantCodec is for structs with one field for each case: a pointer to what it carries, or a
// bool if it carries nothing. Exactly one is set.
type variantCodec struct {
	name  string
	cases []variantCase
}

type variantCase struct {
	offset uintptr
	inner  codec        // unitCodec for a bool
	value  reflect.Type // what the pointer points to
}

func compileVariant(t reflect.Type, w *Type, known resources) (codec, error) {
	fields, err := structFields(t, w, false)
	if err != nil {
		return nil, err
	}
	c := &variantCodec{name: t.String()}
	for i, field := range fields {
		payload := w.fields[i].Type
		switch {
		case payload == nil && field.Type.Kind() == reflect.Bool:
			c.cases = append(c.cases, variantCase{field.Offset, unitCodec{}, nil})
		case payload != nil && field.Type.Kind() == reflect.Pointer:
			inner, err := compile(field.Type.Elem(), payload, known)
			if err != nil {
				return nil, in(field.Name, err)
			}
			c.cases = append(c.cases, variantCase{field.Offset, inner, field.Type.Elem()})
		default:
			return nil, in(field.Name, &mismatch{wit: payload, goType: field.Type,
				why: "use a bool for a case that carries nothing, or a pointer to what it carries"})
		}
	}
	return c, nil
}

func (c *variantCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind = uint8(KindVariant)
	set := -1
	for i := range c.cases {
		field := unsafe.Add(p, c.cases[i].offset)
		isSet := false
		if c.cases[i].value == nil {
			isSet = *(*bool)(field)
		} else {
			isSet = *(*unsafe.Pointer)(field) != nil
		}
		if isSet && set >= 0 {
			return invalid(fmt.Sprintf("two cases of %s are set", c.name))
		}
		if isSet {
			set = i
		}
	}
	if set < 0 {
		return invalid(fmt.Sprintf("no case of %s is set", c.name))
	}
	v.Index = uint32(set)
	if c.cases[set].value == nil {
		return nil
	}
	value := *(*unsafe.Pointer)(unsafe.Add(p, c.cases[set].offset))
	return lowerPayload(s, c.cases[set].inner, value, v)
}

func (c *variantCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	if int(v.Index) >= len(c.cases) {
		return unexpected(v)
	}
	set := &c.cases[v.Index]
	if set.value == nil {
		*(*bool)(unsafe.Add(p, set.offset)) = true
		return nil
	}
	value := reflect.New(set.value).UnsafePointer()
	*(*unsafe.Pointer)(unsafe.Add(p, set.offset)) = value
	return liftPayload(s, set.inner, r, v, value)
}

func invalid(message string) error { return &Error{Code: ErrInvalidArgument, Message: message} }
