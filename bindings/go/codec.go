package wasmcell

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// A codec moves values of one Go type, of one type of the component model, between Go memory and
// memory that the library reads and writes. It is made once, when a function is looked up.
type codec interface {
	// lower fills in v, which is all zero, with the value at p.
	lower(s *session, p unsafe.Pointer, v *capi.Value) error
	// lift fills in the value at p, which is all zero, with v. It keeps nothing of r.
	lift(s *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error
}

// mismatch says that a Go type does not fit a type of the component model.
type mismatch struct {
	place  string
	wit    *Type
	goType reflect.Type
	why    string
}

func (m *mismatch) Error() string {
	text := fmt.Sprintf("%s does not fit Go's %v", m.wit, m.goType)
	if m.why != "" {
		text += ": " + m.why
	}
	if m.place != "" {
		return m.place + ": " + text
	}
	return text
}

// in puts a place before that of a mismatch.
func in(place string, err error) error {
	if m, ok := err.(*mismatch); ok {
		if m.place != "" && !strings.HasPrefix(m.place, "[") {
			place += "."
		}
		m.place = place + m.place
	}
	return err
}

// resources are the Go types that stand for resources of the host. nil has none.
type resources map[reflect.Type]*resourceTable

var (
	anyType      = reflect.TypeFor[any]()
	resourceType = reflect.TypeFor[*Resource]()
	unitType     = reflect.TypeFor[struct{}]()
)

// compile makes the codec for a Go type and a type of the component model, or says why it cannot.
func compile(t reflect.Type, w *Type, known resources) (codec, error) {
	if w == nil {
		switch t {
		case unitType:
			return unitCodec{}, nil
		case anyType:
			return nothingCodec{}, nil
		}
		return nil, &mismatch{wit: w, goType: t, why: "there is no value; use struct{}"}
	}
	if t == anyType {
		return &anyCodec{w, known}, nil
	}
	if kind, ok := scalarKinds[w.kind]; ok {
		return compileScalar(t, w, kind)
	}
	switch w.kind {
	case KindString:
		if t.Kind() == reflect.String {
			return stringCodec{}, nil
		}
	case KindList:
		if t == bufferType && w.fields[0].Type.kind == KindU8 {
			return bufferCodec{}, nil
		}
		if t.Kind() == reflect.Slice {
			return compileList(t, w, known)
		}
	case KindRecord, KindTuple:
		if t.Kind() == reflect.Struct {
			return compileStruct(t, w, known)
		}
	case KindOption:
		return compileOption(t, w, known)
	case KindResult:
		return compileResult(t, w, known)
	case KindVariant:
		if t.Kind() == reflect.Struct {
			return compileVariant(t, w, known)
		}
	case KindEnum:
		return compileEnum(t, w)
	case KindFlags:
		return compileFlags(t, w)
	case KindOwn, KindBorrow:
		if table := known[t]; table != nil {
			if w.host != table.path {
				return nil, &mismatch{wit: w, goType: t, why: "it stands for " + table.path}
			}
			return &hostResourceCodec{w.kind, table}, nil
		}
		if t == resourceType {
			return resourceCodec{w.kind}, nil
		}
	}
	return nil, &mismatch{wit: w, goType: t}
}

// scalarKinds says which Go kinds stand for a type that is one number.
var scalarKinds = map[Kind][]reflect.Kind{
	KindBool: {reflect.Bool},
	KindS8:   {reflect.Int8},
	KindU8:   {reflect.Uint8},
	KindS16:  {reflect.Int16},
	KindU16:  {reflect.Uint16},
	KindS32:  {reflect.Int32},
	KindU32:  {reflect.Uint32},
	KindS64:  {reflect.Int64, reflect.Int},
	KindU64:  {reflect.Uint64, reflect.Uint},
	KindF32:  {reflect.Float32},
	KindF64:  {reflect.Float64},
	KindChar: {reflect.Int32}, // a rune
}

func compileScalar(t reflect.Type, w *Type, kinds []reflect.Kind) (codec, error) {
	for _, kind := range kinds {
		if t.Kind() != kind {
			continue
		}
		switch t.Size() {
		case 1:
			return scalar8(w.kind), nil
		case 2:
			return scalar16(w.kind), nil
		case 4:
			if scalarSize(w.kind) == 4 {
				return scalar32(w.kind), nil
			}
		case 8:
			return scalar64(w.kind), nil
		}
	}
	return nil, &mismatch{wit: w, goType: t}
}

// scalarSize is the size of a number in bytes; 0 for other kinds.
func scalarSize(kind Kind) int {
	switch kind {
	case KindBool, KindU8, KindS8:
		return 1
	case KindU16, KindS16:
		return 2
	case KindU32, KindS32, KindF32, KindChar:
		return 4
	case KindU64, KindS64, KindF64:
		return 8
	}
	return 0
}

// Numbers, by their size. Both sides are little-endian: the library runs nowhere else.
type (
	scalar8  Kind
	scalar16 Kind
	scalar32 Kind
	scalar64 Kind
)

func (c scalar8) lower(_ *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind, v.W0 = uint8(c), uint64(*(*uint8)(p))
	return nil
}

func (c scalar8) lift(_ *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	*(*uint8)(p) = uint8(v.W0)
	return nil
}

func (c scalar16) lower(_ *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind, v.W0 = uint8(c), uint64(*(*uint16)(p))
	return nil
}

func (c scalar16) lift(_ *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	*(*uint16)(p) = uint16(v.W0)
	return nil
}

func (c scalar32) lower(_ *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind, v.W0 = uint8(c), uint64(*(*uint32)(p))
	return nil
}

func (c scalar32) lift(_ *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	*(*uint32)(p) = uint32(v.W0)
	return nil
}

func (c scalar64) lower(_ *session, p unsafe.Pointer, v *capi.Value) error {
	v.Kind, v.W0 = uint8(c), *(*uint64)(p)
	return nil
}

func (c scalar64) lift(_ *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	*(*uint64)(p) = v.W0
	return nil
}

// stringCodec is for text.
type stringCodec struct{}

func (stringCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	text := *(*string)(p)
	v.Kind = uint8(KindString)
	s.frame.PointBytes(v, unsafe.Pointer(unsafe.StringData(text)), len(text), 1)
	return nil
}

func (stringCodec) lift(_ *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	*(*string)(p) = liftString(r, v)
	return nil
}

func liftString(r *capi.Results, v *capi.Value) string {
	if v.W1 == 0 {
		return ""
	}
	return string(unsafe.Slice((*byte)(r.Pointer(v)), int(v.W1)))
}

// unitCodec is for the payload that a case does not have.
type unitCodec struct{}

func (unitCodec) lower(*session, unsafe.Pointer, *capi.Value) error               { return nil }
func (unitCodec) lift(*session, *capi.Results, *capi.Value, unsafe.Pointer) error { return nil }

// nothingCodec is unitCodec for Go's any: nil.
type nothingCodec struct{ unitCodec }

func (nothingCodec) lower(_ *session, p unsafe.Pointer, _ *capi.Value) error {
	switch value := (*(*any)(p)).(type) {
	case nil, struct{}:
		return nil
	default:
		return &Error{Code: ErrTypeMismatch,
			Message: fmt.Sprintf("a %T where there is no value; it takes nil", value)}
	}
}

// kebab is the WIT name that a Go name stands for: HTTPCode is http-code.
func kebab(name string) string {
	var out strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			lowerBefore := !unicode.IsUpper(runes[i-1])
			lowerAfter := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if (lowerBefore || lowerAfter) && runes[i-1] != '_' {
				out.WriteByte('-')
			}
		}
		if r == '_' {
			r = '-'
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// witName is the name of a struct's field in WIT, or "-" for one that is left out.
func witName(field reflect.StructField) string {
	if tag := field.Tag.Get("wit"); tag != "" {
		return tag
	}
	if !field.IsExported() {
		return "-"
	}
	return kebab(field.Name)
}
