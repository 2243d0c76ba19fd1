package wasmcell

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// signature is how values of Go types cross to a function and back.
type signature struct {
	params []codec
	// result is nil if there is none.
	result codec
	// unwrap says that the result is a result<T, E>, given as T or an error.
	unwrap bool
	wit    *Type
}

var contextType = reflect.TypeFor[context.Context]()
var errorType = reflect.TypeFor[error]()

// goTypes takes a Go function's type apart: parameters after the context, and the result before
// the error, which is nil if there is none.
func goTypes(t reflect.Type) (params []reflect.Type, result reflect.Type, err error) {
	wrong := func(why string) ([]reflect.Type, reflect.Type, error) {
		return nil, nil, &Error{Code: ErrTypeMismatch, Message: fmt.Sprintf("%v %s", t, why)}
	}
	switch {
	case t == nil || t.Kind() != reflect.Func:
		return wrong("is not a function")
	case t.IsVariadic():
		return wrong("is variadic")
	case t.NumIn() == 0 || t.In(0) != contextType:
		return wrong("has no context.Context as its first parameter")
	case t.NumOut() == 0 || t.NumOut() > 2 || t.Out(t.NumOut()-1) != errorType:
		return wrong("does not return an error, or a result and an error")
	}
	for i := 1; i < t.NumIn(); i++ {
		params = append(params, t.In(i))
	}
	if t.NumOut() == 2 {
		result = t.Out(0)
	}
	return params, result, nil
}

// sign checks Go types against the type of a function.
func sign(w *Type, params []reflect.Type, result reflect.Type, known resources) (*signature,
	error) {
	if len(params) != len(w.fields) {
		return nil, fmt.Errorf("%d parameters are needed, there are %d", len(w.fields), len(params))
	}
	s := &signature{wit: w}
	for i, param := range params {
		c, err := compile(param, w.fields[i].Type, known)
		if err != nil {
			return nil, in("parameter "+w.fields[i].Name, err)
		}
		s.params = append(s.params, c)
	}
	if result == unitType {
		result = nil
	}
	gives := w.result
	if gives.Kind() == KindResult && !isResultType(result) {
		s.unwrap = true
		gives = gives.fields[0].Type
	}
	if result == nil && gives == nil {
		return s, nil
	}
	if result == nil {
		return nil, fmt.Errorf("the result is %s, there is none", gives)
	}
	c, err := compile(result, gives, known)
	if err != nil {
		return nil, in("the result", err)
	}
	s.result = c
	return s, nil
}

func isResultType(t reflect.Type) bool {
	return t != nil && t.Implements(reflect.TypeFor[interface{ isResult() }]())
}

// wrongTypes is the error of a function whose Go type does not fit.
func wrongTypes(code Code, name string, w *Type, goType reflect.Type, why error) error {
	return &Error{Code: code, Message: fmt.Sprintf("%s is %s, which Go's %v does not fit: %v",
		brief(name), brief(w.String()), goType, brief(why.Error()))}
}

// brief is the beginning of a text that a component chose.
func brief(text string) string {
	const most = 1000
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// lift takes the result of a call to p, or gives the error that it is.
func (g *signature) lift(s *session, p unsafe.Pointer) error {
	r := &s.frame.Results
	if g.wit.result == nil {
		return nil
	}
	if !g.unwrap {
		return g.result.lift(s, r, r.First, p)
	}
	if r.First.Index == 0 {
		if g.result == nil {
			return nil
		}
		return liftPayload(s, g.result, r, r.First, p)
	}
	return liftFailure(s, r, g.wit.result.fields[1].Type)
}

// liftFailure is the error that a result is.
func liftFailure(s *session, r *capi.Results, w *Type) error {
	value, err := liftAnyPayload(s, r, w, s.to.compiled.known, r.First)
	if err != nil {
		return err
	}
	return &ResultError[any]{value, w}
}

// call calls a function with arguments where args point, and a result where result points.
func (t *target) call(ctx context.Context, g *signature, args []unsafe.Pointer,
	result unsafe.Pointer) error {
	s, err := begin(ctx, *t)
	if err != nil {
		return err
	}
	defer s.end()
	values := s.frame.Values(len(args))
	for i, c := range g.params {
		if err := c.lower(s, args[i], &values[i]); err != nil {
			return err
		}
	}
	if err := s.run(values); err != nil {
		return err
	}
	return g.lift(s, result)
}
