package wasmcell

import (
	"fmt"
	"reflect"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// ResultError is the error of a call that succeeded, and whose result<T, E> is an error.
//
// A function that gives result<T, E> may be looked up as one that returns (T, error). The error is
// then a *ResultError[any], and errors.As finds in it a *ResultError of every type that fits E:
//
//	var refused *wasmcell.ResultError[string]
//	if errors.As(err, &refused) {
//		fmt.Println(refused.Value)
//	}
//
// A host function returns one, made by [Fail], for the error case of its own result.
type ResultError[E any] struct {
	Value E
	wit   *Type
}

// Fail makes the error by which a host function, or a Go function in its place, gives the error
// case of its result<T, E>.
func Fail[E any](value E) error { return &ResultError[E]{Value: value} }

// Error shows the value.
func (e *ResultError[E]) Error() string {
	return fmt.Sprintf("wasmcell: the answer is an error: %v", e.Value)
}

// resultError is a ResultError of any type.
type resultError interface {
	error
	payload() any
	fill(value any, wit *Type) bool
}

func (e *ResultError[E]) payload() any { return e.Value }

// fill makes the error one with this value, if that fits.
func (e *ResultError[E]) fill(value any, wit *Type) bool {
	e.wit = wit
	return convert(value, wit, reflect.ValueOf(&e.Value).Elem())
}

// As lets errors.As find the error by another type of its value, or by a type of error that fits
// E itself, such as an enum with a method Error.
func (e *ResultError[E]) As(target any) bool {
	wanted := reflect.ValueOf(target).Elem()
	t := wanted.Type()
	if t.Kind() == reflect.Pointer {
		made := reflect.New(t.Elem())
		if other, ok := made.Interface().(resultError); ok && other.fill(e.Value, e.wit) {
			wanted.Set(made)
			return true
		}
		return false
	}
	return t.Kind() != reflect.Interface && convert(e.Value, e.wit, wanted)
}

// convert makes a value of one Go type one of another, if both fit the type.
func convert(value any, wit *Type, to reflect.Value) bool {
	c, err := compile(to.Type(), wit, nil)
	if err != nil {
		return false
	}
	if wit == nil {
		return value == nil
	}
	s := newSession()
	defer s.free()
	values := s.frame.Values(1)
	if lowerAny(s, wit, nil, value, &values[0]) != nil {
		return false
	}
	return c.lift(s, capi.LocalResults(values), &values[0], to.Addr().UnsafePointer()) == nil
}
