package wasmcell

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// anyCodec is for values whose Go types are known only when they are passed.
type anyCodec struct {
	wit   *Type
	known resources
}

func (c *anyCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	return lowerAny(s, c.wit, c.known, *(*any)(p), v)
}

func (c *anyCodec) lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	value, err := liftAny(s, r, c.wit, c.known, v)
	*(*any)(p) = value
	return err
}

// lowerAny lowers a value as what is wanted, if it can be that, and otherwise as what it is, which
// the library then refuses with the place of it.
func lowerAny(s *session, w *Type, known resources, x any, v *capi.Value) error {
	if w == nil {
		return natural(s, x, v)
	}
	switch value := x.(type) {
	case nil:
		if w.kind == KindOption {
			v.Kind = uint8(KindOption)
			return nil
		}
		return &Error{Code: ErrTypeMismatch,
			Message: fmt.Sprintf("nil is not a value of type %s", w)}
	case int:
		if w.kind != KindOption {
			return lowerInt(s, w, known, int64(value), v)
		}
	case map[string]any:
		if w.kind == KindRecord {
			return lowerMap(s, w, known, value, v)
		}
	case []any:
		if w.kind == KindList || w.kind == KindTuple {
			return lowerSlice(s, w, known, value, v)
		}
	case []string:
		if w.kind == KindFlags {
			return lowerFlagNames(s, w, value, v)
		}
	case Variant:
		if w.kind == KindVariant {
			return lowerVariant(s, w, known, value, v)
		}
	}
	c, err := codecFor(reflect.TypeOf(x), w, known)
	if err == nil {
		p := reflect.New(reflect.TypeOf(x))
		p.Elem().Set(reflect.ValueOf(x))
		return c.lower(s, p.UnsafePointer(), v)
	}
	if w.kind == KindOption {
		v.Kind, v.Index = uint8(KindOption), 1
		values := s.frame.Values(1)
		err := lowerAny(s, w.fields[0].Type, known, x, &values[0])
		s.frame.Point(v, values)
		return err
	}
	return natural(s, x, v)
}

// codecFor is compile, with a memory for what turns up again.
func codecFor(t reflect.Type, w *Type, known resources) (codec, error) {
	if cached, ok := w.codecs.Load(t); ok && known == nil {
		return cached.(codec), nil
	}
	c, err := compile(t, w, known)
	if err == nil && known == nil {
		w.codecs.Store(t, c)
	}
	return c, err
}

// lowerInt lowers an int, as which untyped constants arrive, as the integer that is wanted.
func lowerInt(s *session, w *Type, known resources, n int64, v *capi.Value) error {
	bits := scalarSize(w.kind) * 8
	switch w.kind {
	case KindU8, KindU16, KindU32, KindU64:
		if n < 0 || bits < 64 && n>>bits != 0 {
			return outOfRange(n, w)
		}
	case KindS8, KindS16, KindS32, KindS64:
		if n<<(64-bits)>>(64-bits) != n {
			return outOfRange(n, w)
		}
	default:
		if c, err := codecFor(reflect.TypeFor[int](), w, known); err == nil {
			i := int(n)
			return c.lower(s, unsafe.Pointer(&i), v)
		}
		return natural(s, n, v)
	}
	v.Kind, v.W0 = uint8(w.kind), uint64(n)
	return nil
}

func outOfRange(n int64, w *Type) error {
	return &Error{Code: ErrTypeMismatch,
		Message: fmt.Sprintf("%d is not a value of type %s", n, w)}
}

func lowerMap(s *session, w *Type, known resources, from map[string]any, v *capi.Value) error {
	if len(from) != len(w.fields) {
		return &Error{Code: ErrTypeMismatch,
			Message: fmt.Sprintf("%d fields do not make a %s", len(from), w)}
	}
	values := s.frame.Values(len(w.fields))
	v.Kind, v.W1 = uint8(KindRecord), uint64(len(values))
	for i, field := range w.fields {
		x, ok := from[field.Name]
		if !ok {
			return &Error{Code: ErrTypeMismatch, Message: "no field is " + field.Name}
		}
		if err := lowerAny(s, field.Type, known, x, &values[i]); err != nil {
			return err
		}
	}
	s.frame.Point(v, values)
	return nil
}

func lowerSlice(s *session, w *Type, known resources, from []any, v *capi.Value) error {
	if w.kind == KindTuple && len(from) != len(w.fields) {
		return &Error{Code: ErrTypeMismatch,
			Message: fmt.Sprintf("%d values do not make a %s", len(from), w)}
	}
	values := s.frame.Values(len(from))
	v.Kind, v.W1 = uint8(w.kind), uint64(len(values))
	for i, x := range from {
		element := w.fields[0].Type
		if w.kind == KindTuple {
			element = w.fields[i].Type
		}
		if err := lowerAny(s, element, known, x, &values[i]); err != nil {
			return err
		}
	}
	s.frame.Point(v, values)
	return nil
}

func lowerFlagNames(s *session, w *Type, names []string, v *capi.Value) error {
	index := caseIndex(w)
	set := map[int]bool{}
	for _, name := range names {
		i, ok := index[name]
		if !ok {
			return noCase(name, w)
		}
		set[int(i)] = true
	}
	lowerFlags(s, len(w.fields), v, func(i int) bool { return set[i] })
	return nil
}

func lowerVariant(s *session, w *Type, known resources, from Variant, v *capi.Value) error {
	index, ok := caseIndex(w)[from.Case]
	if !ok {
		return noCase(from.Case, w)
	}
	v.Kind, v.Index = uint8(KindVariant), index
	payload := w.fields[index].Type
	if payload == nil {
		return nil
	}
	values := s.frame.Values(1)
	err := lowerAny(s, payload, known, from.Value, &values[0])
	s.frame.Point(v, values)
	return err
}

// natural lowers a value as what its Go type stands for by itself.
func natural(s *session, x any, v *capi.Value) error {
	t := reflect.TypeOf(x)
	kind := KindNone
	if t != nil {
		kind = naturalKind(t)
	}
	if kind == KindNone {
		return &Error{Code: ErrTypeMismatch,
			Message: fmt.Sprintf("Go's %T is not a value of the type that is wanted", x)}
	}
	w := &Type{kind: kind}
	if kind == KindList {
		w.fields = []Field{{Type: &Type{kind: naturalKind(t.Elem())}}}
	}
	c, err := compile(t, w, nil)
	if err != nil {
		return err
	}
	p := reflect.New(t)
	p.Elem().Set(reflect.ValueOf(x))
	return c.lower(s, p.UnsafePointer(), v)
}

var naturalKinds = map[reflect.Kind]Kind{
	reflect.Bool: KindBool, reflect.Int8: KindS8, reflect.Uint8: KindU8, reflect.Int16: KindS16,
	reflect.Uint16: KindU16, reflect.Int32: KindS32, reflect.Uint32: KindU32,
	reflect.Int64: KindS64, reflect.Int: KindS64, reflect.Uint64: KindU64, reflect.Uint: KindU64,
	reflect.Float32: KindF32, reflect.Float64: KindF64, reflect.String: KindString,
}

func naturalKind(t reflect.Type) Kind {
	if t.Kind() == reflect.Slice && naturalKinds[t.Elem().Kind()] != KindNone {
		return KindList
	}
	return naturalKinds[t.Kind()]
}
