package wasmcell

import (
	"context"
	"reflect"
	"sync"
	"unsafe"
)

// Caller is what calls go to: a [Component], which makes a fresh instance for each, or an
// [Instance].
type Caller interface {
	target(name string) (target, error)
}

// Func looks up an exported function, and returns it as a Go function of type F, such as
//
//	func(ctx context.Context, name string) (string, error)
//
// The name is greet, or ns:pkg/iface@1.0.0#greet for a function in an interface, or of the newest
// compatible version if that one is not exported; the version may be left out if only one is. The
// types are checked here, once; the error of types that do not fit is [ErrTypeMismatch] and shows
// both. The package documentation says which Go types fit which.
//
// The function may be called by any number of goroutines at once. It belongs to the component or
// instance, and returns [ErrClosed] once that is closed.
//
// Calling a function of a type that is known only by reflection costs some hundred nanoseconds and
// some allocations more than the call itself: [Func0] to [Func4] do without.
func Func[F any](on Caller, name string) (F, error) {
	var none F
	t := reflect.TypeFor[F]()
	params, result, err := goTypes(t)
	if err != nil {
		return none, err
	}
	to, g, err := lookUp(on, name, t, params, result)
	if err != nil {
		return none, err
	}
	made := reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		ctx, _ := in[0].Interface().(context.Context)
		args := make([]unsafe.Pointer, len(params))
		for i, param := range params {
			arg := reflect.New(param)
			arg.Elem().Set(in[i+1])
			args[i] = arg.UnsafePointer()
		}
		failure := reflect.New(errorType).Elem()
		if result == nil {
			if err := to.call(ctx, g, args, nil); err != nil {
				failure.Set(reflect.ValueOf(err))
			}
			return []reflect.Value{failure}
		}
		out := reflect.New(result)
		if err := to.call(ctx, g, args, out.UnsafePointer()); err != nil {
			failure.Set(reflect.ValueOf(err))
			out = reflect.New(result)
		}
		return []reflect.Value{out.Elem(), failure}
	})
	return made.Interface().(F), nil
}

func lookUp(on Caller, name string, t reflect.Type, params []reflect.Type,
	result reflect.Type) (*target, *signature, error) {
	to, err := on.target(name)
	if err != nil {
		return nil, nil, err
	}
	g, err := sign(to.function.wit, params, result, to.compiled.known)
	if err != nil {
		return nil, nil, wrongTypes(ErrTypeMismatch, name, to.function.wit, t, err)
	}
	return &to, g, nil
}

// slot is where the arguments and the result of a call are for its codecs. Slots are used again, so
// that a call allocates none.
type slot[V any, P any] struct {
	values V
	args   P // where in values the arguments are
}

// slots makes a pool of slots.
func slots[V, P any](point func(*slot[V, P])) *sync.Pool {
	return &sync.Pool{New: func() any {
		s := new(slot[V, P])
		point(s)
		return s
	}}
}

// done puts a slot back, without what is in it.
func (s *slot[V, P]) done(pool *sync.Pool) {
	var none V
	s.values = none
	pool.Put(s)
}

type noPointers = [0]unsafe.Pointer

// Func0 is [Func] for a function without parameters, without its cost. R is struct{} if the
// function gives nothing.
func Func0[R any](on Caller, name string) (func(context.Context) (R, error), error) {
	to, g, err := lookUp(on, name, reflect.TypeFor[func(context.Context) (R, error)](), nil,
		reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	pool := slots(func(*slot[R, noPointers]) {})
	return func(ctx context.Context) (R, error) {
		s := pool.Get().(*slot[R, noPointers])
		err := to.call(ctx, g, nil, unsafe.Pointer(&s.values))
		r := s.values
		s.done(pool)
		return result(r, err)
	}, nil
}

// result is a zero value beside an error.
func result[R any](r R, err error) (R, error) {
	if err != nil {
		var none R
		return none, err
	}
	return r, nil
}

type values1[A, R any] struct {
	a A
	r R
}

// Func1 is [Func] for a function with one parameter, without its cost.
func Func1[A, R any](on Caller, name string) (func(context.Context, A) (R, error), error) {
	to, g, err := lookUp(on, name, reflect.TypeFor[func(context.Context, A) (R, error)](),
		[]reflect.Type{reflect.TypeFor[A]()}, reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	type slotOf = slot[values1[A, R], [1]unsafe.Pointer]
	pool := slots(func(s *slotOf) {
		v := &s.values
		s.args = [...]unsafe.Pointer{unsafe.Pointer(&v.a)}
	})
	return func(ctx context.Context, a A) (R, error) {
		s := pool.Get().(*slotOf)
		v := &s.values
		v.a = a
		err := to.call(ctx, g, s.args[:], unsafe.Pointer(&v.r))
		r := v.r
		s.done(pool)
		return result(r, err)
	}, nil
}

type values2[A, B, R any] struct {
	a A
	b B
	r R
}

// Func2 is [Func] for a function with two parameters, without its cost.
func Func2[A, B, R any](on Caller, name string) (func(context.Context, A, B) (R, error), error) {
	to, g, err := lookUp(on, name, reflect.TypeFor[func(context.Context, A, B) (R, error)](),
		[]reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B]()}, reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	type slotOf = slot[values2[A, B, R], [2]unsafe.Pointer]
	pool := slots(func(s *slotOf) {
		v := &s.values
		s.args = [...]unsafe.Pointer{unsafe.Pointer(&v.a), unsafe.Pointer(&v.b)}
	})
	return func(ctx context.Context, a A, b B) (R, error) {
		s := pool.Get().(*slotOf)
		v := &s.values
		v.a, v.b = a, b
		err := to.call(ctx, g, s.args[:], unsafe.Pointer(&v.r))
		r := v.r
		s.done(pool)
		return result(r, err)
	}, nil
}

type values3[A, B, C, R any] struct {
	a A
	b B
	c C
	r R
}

// Func3 is [Func] for a function with three parameters, without its cost.
func Func3[A, B, C, R any](on Caller, name string) (
	func(context.Context, A, B, C) (R, error), error) {
	to, g, err := lookUp(on, name, reflect.TypeFor[func(context.Context, A, B, C) (R, error)](),
		[]reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B](), reflect.TypeFor[C]()},
		reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	type slotOf = slot[values3[A, B, C, R], [3]unsafe.Pointer]
	pool := slots(func(s *slotOf) {
		v := &s.values
		s.args = [...]unsafe.Pointer{unsafe.Pointer(&v.a), unsafe.Pointer(&v.b),
			unsafe.Pointer(&v.c)}
	})
	return func(ctx context.Context, a A, b B, c C) (R, error) {
		s := pool.Get().(*slotOf)
		v := &s.values
		v.a, v.b, v.c = a, b, c
		err := to.call(ctx, g, s.args[:], unsafe.Pointer(&v.r))
		r := v.r
		s.done(pool)
		return result(r, err)
	}, nil
}

type values4[A, B, C, D, R any] struct {
	a A
	b B
	c C
	d D
	r R
}

// Func4 is [Func] for a function with four parameters, without its cost.
func Func4[A, B, C, D, R any](on Caller, name string) (
	func(context.Context, A, B, C, D) (R, error), error) {
	to, g, err := lookUp(on, name, reflect.TypeFor[func(context.Context, A, B, C, D) (R, error)](),
		[]reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B](), reflect.TypeFor[C](),
			reflect.TypeFor[D]()}, reflect.TypeFor[R]())
	if err != nil {
		return nil, err
	}
	type slotOf = slot[values4[A, B, C, D, R], [4]unsafe.Pointer]
	pool := slots(func(s *slotOf) {
		v := &s.values
		s.args = [...]unsafe.Pointer{unsafe.Pointer(&v.a), unsafe.Pointer(&v.b),
			unsafe.Pointer(&v.c), unsafe.Pointer(&v.d)}
	})
	return func(ctx context.Context, a A, b B, c C, d D) (R, error) {
		s := pool.Get().(*slotOf)
		v := &s.values
		v.a, v.b, v.c, v.d = a, b, c, d
		err := to.call(ctx, g, s.args[:], unsafe.Pointer(&v.r))
		r := v.r
		s.done(pool)
		return result(r, err)
	}, nil
}
