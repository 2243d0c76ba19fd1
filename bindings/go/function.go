package wasmcell

import (
	"context"
	"fmt"
)

// Function is an exported function whose types are known only when it is called. It belongs to the
// component or instance that it was asked of, and is closed with it. Any number of goroutines may
// use it at once.
type Function struct{ to target }

// Name is the name of the function, with the version that its interface has.
func (f *Function) Name() string { return f.to.function.name }

// Type is the type of the function: its parameters and its result.
func (f *Function) Type() *Type { return f.to.function.wit }

// Call calls the function with values of any type that fits, in a fresh instance or in that which
// it was asked of. Typed values are taken as [Func] takes them; beyond that an int stands for
// every integer type that it is in range of, a map[string]any for a record, a []any for a tuple or
// list, a string for an enum, a []string for flags, a [Variant] for a variant, and nil or the value
// itself for an option.
//
// The result is what the package documentation says for its type; nil if there is none. An error
// case of a result<T, E> is a *ResultError[any].
//
// # Errors
//
// [ErrTypeMismatch] or [ErrInvalidArgument] for the arguments; what the guest did or which limit
// it met otherwise; [ErrClosed].
func (f *Function) Call(ctx context.Context, args ...any) (any, error) {
	s, err := begin(ctx, f.to)
	if err != nil {
		return nil, err
	}
	defer s.end()
	w, known := f.Type(), f.to.compiled.known
	values := s.frame.Values(len(args))
	for i, arg := range args {
		var param *Type
		if i < len(w.fields) {
			param = w.fields[i].Type
		}
		if err := lowerAny(s, param, known, arg, &values[i]); err != nil {
			return nil, s.place(i, err)
		}
	}
	if err := s.run(values); err != nil {
		return nil, err
	}
	r := &s.frame.Results
	if w.result.Kind() == KindResult {
		if r.First.Index != 0 {
			return nil, liftFailure(s, r, w.result.fields[1].Type)
		}
		return liftAnyPayload(s, r, w.result.fields[0].Type, known, r.First)
	}
	return liftAny(s, r, w.result, known, r.First)
}

// place says which argument an error is about.
func (s *session) place(index int, err error) error {
	name := fmt.Sprintf("argument %d", index)
	if w := s.to.function.wit; index < len(w.fields) {
		name = "`" + w.fields[index].Name + "`"
	}
	if e, ok := err.(*Error); ok {
		e.Message = name + ": " + e.Message
	}
	return err
}

// CallText calls the function with text in and out: for tools, tests and tinkering. The text is
// WAVE, with or without the function's name, such as greet("world") or ("world"); the result is ()
// if the function gives nothing.
func (f *Function) CallText(ctx context.Context, text string) (string, error) {
	s, err := begin(ctx, f.to)
	if err != nil {
		return "", err
	}
	defer s.end()
	return s.text(text)
}
