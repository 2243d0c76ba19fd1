package wasmcell

import "github.com/wasmcell/wasmcell/bindings/go/internal/capi"

// use makes sure that the type of the library is there before Release.
func (t *Type) use() error {
	if t == nil || t.of == nil {
		return invalid("there is no type")
	}
	if !t.of.Acquire() {
		return ErrClosed
	}
	return nil
}

// ParseValue reads a value of this type from WAVE text, such as {x: 1, tags: ["a"]}, which is the
// notation of [Component.CallText]. The value has the Go type that results of [Function.Call] have.
//
// # Errors
//
// [ErrInvalidArgument] or [ErrTypeMismatch], with line and column, for text that is no such value;
// [ErrUnsupported] for a resource, which text gives no right to; [ErrResourceLimit] for a value
// that is out of proportion to its text; [ErrClosed] if the component of the type is.
func (t *Type) ParseValue(text string) (any, error) {
	if err := t.use(); err != nil {
		return nil, err
	}
	defer t.of.Release()
	s := newSession()
	defer s.free()
	results, failure := t.raw.ParseValue(text)
	if failure != nil {
		return nil, newError(failure)
	}
	defer results.Free()
	return liftAny(s, &results, t, nil, results.First)
}

// ValueText writes a value of this type as WAVE text, which [Type.ParseValue] reads. It takes what
// [Function.Call] takes. A resource is written as own(7) or borrow(7), with its number.
//
// # Errors
//
// [ErrTypeMismatch] or [ErrInvalidArgument] if it is no value of this type; [ErrResourceLimit] if
// the text is longer than 128 MiB; [ErrClosed] if the component of the type is.
func (t *Type) ValueText(value any) (string, error) {
	if err := t.use(); err != nil {
		return "", err
	}
	defer t.of.Release()
	s := newSession()
	defer s.free()
	values, err := s.alone(t, value)
	if err != nil {
		return "", err
	}
	text, failure := t.raw.ValueText(values)
	return text, errorOf(failure)
}

// ValuesEqual tells whether two values are the same value of this type, whatever Go types they
// have: whether [Type.ValueText] is the same. So every NaN is the same, and 0 is not -0.
//
// # Errors
//
// As [Type.ValueText].
func (t *Type) ValuesEqual(a, b any) (bool, error) {
	if err := t.use(); err != nil {
		return false, err
	}
	defer t.of.Release()
	s := newSession()
	defer s.free()
	values, err := s.alone(t, a)
	if err != nil {
		return false, err
	}
	others, err := s.alone(t, b)
	if err != nil {
		return false, err
	}
	equal, failure := t.raw.ValueEqual(values, others)
	return equal, errorOf(failure)
}

// alone lowers one value that is not an argument.
func (s *session) alone(t *Type, value any) ([]capi.Value, error) {
	values := s.frame.Values(1)
	return values, lowerAny(s, t, nil, value, &values[0])
}
