package wasmcell

import (
	"reflect"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// dynamicTypes are the Go types that values of some kinds have as an any.
var dynamicTypes = map[Kind]reflect.Type{
	KindBool: reflect.TypeFor[bool](), KindS8: reflect.TypeFor[int8](),
	KindU8: reflect.TypeFor[uint8](), KindS16: reflect.TypeFor[int16](),
	KindU16: reflect.TypeFor[uint16](), KindS32: reflect.TypeFor[int32](),
	KindU32: reflect.TypeFor[uint32](), KindS64: reflect.TypeFor[int64](),
	KindU64: reflect.TypeFor[uint64](), KindF32: reflect.TypeFor[float32](),
	KindF64: reflect.TypeFor[float64](), KindChar: reflect.TypeFor[rune](),
	KindString: reflect.TypeFor[string](), KindEnum: reflect.TypeFor[string](),
}

// liftAny lifts a value as the Go type that stands for its type; doc.go has the list.
func liftAny(s *session, r *capi.Results, w *Type, known resources, v *capi.Value) (any, error) {
	if w == nil {
		return nil, nil
	}
	if t := dynamicTypes[w.kind]; t != nil {
		return liftAs(s, r, t, w, nil, v)
	}
	switch w.kind {
	case KindList:
		element := w.fields[0].Type
		if t := dynamicTypes[element.kind]; t != nil {
			return liftAs(s, r, reflect.SliceOf(t), w, nil, v)
		}
		return liftSlice(s, r, func(int) *Type { return element }, known, v)
	case KindTuple:
		return liftSlice(s, r, func(i int) *Type { return w.fields[i].Type }, known, v)
	case KindRecord:
		values, err := liftSlice(s, r, func(i int) *Type { return w.fields[i].Type }, known, v)
		if err != nil {
			return nil, err
		}
		record := make(map[string]any, len(values))
		for i, value := range values {
			record[w.fields[i].Name] = value
		}
		return record, nil
	case KindVariant:
		value, err := liftAnyPayload(s, r, w.fields[v.Index].Type, known, v)
		return Variant{w.fields[v.Index].Name, value}, err
	case KindOption:
		return liftAnyOption(s, r, w, known, v)
	case KindResult:
		value, err := liftAnyPayload(s, r, w.fields[v.Index].Type, known, v)
		if v.Index == 0 {
			return OK[any, any](value), err
		}
		return Err[any](value), err
	case KindFlags:
		names := []string{}
		for i, field := range w.fields {
			if flagIsSet(r, v, i) {
				names = append(names, field.Name)
			}
		}
		return names, nil
	case KindOwn, KindBorrow:
		return liftAnyResource(s, r, w, known, v)
	}
	return nil, unexpected(v)
}

// liftAs lifts a value as a Go type.
func liftAs(s *session, r *capi.Results, t reflect.Type, w *Type, known resources,
	v *capi.Value) (any, error) {
	c, err := codecFor(t, w, known)
	if err != nil {
		return nil, err
	}
	p := reflect.New(t)
	err = c.lift(s, r, v, p.UnsafePointer())
	return p.Elem().Interface(), err
}

func liftSlice(s *session, r *capi.Results, element func(int) *Type, known resources,
	v *capi.Value) ([]any, error) {
	out := make([]any, int(v.W1))
	if len(out) == 0 {
		return out, nil
	}
	values := unsafe.Slice((*capi.Value)(r.Pointer(v)), len(out))
	for i := range values {
		value, err := liftAny(s, r, element(i), known, &values[i])
		if err != nil {
			return nil, err
		}
		out[i] = value
	}
	return out, nil
}

func liftAnyPayload(s *session, r *capi.Results, w *Type, known resources,
	v *capi.Value) (any, error) {
	if w == nil {
		return nil, nil
	}
	payload := (*capi.Value)(r.Pointer(v))
	if payload == nil {
		return nil, unexpected(v)
	}
	return liftAny(s, r, w, known, payload)
}

// liftAnyOption: nil or the value, but an Option[any] for an option of an option, whose some(none)
// is not none.
func liftAnyOption(s *session, r *capi.Results, w *Type, known resources,
	v *capi.Value) (any, error) {
	inner := w.fields[0].Type
	nested := inner.Kind() == KindOption
	if v.Index == 0 && nested {
		return None[any](), nil
	}
	if v.Index == 0 {
		return nil, nil
	}
	value, err := liftAnyPayload(s, r, inner, known, v)
	if nested {
		return Some(value), err
	}
	return value, err
}
