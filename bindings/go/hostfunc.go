package wasmcell

import (
	"context"
	"reflect"
	"sync"
	"unsafe"
)

// HostFunc is a function of the host for [Linker.Define], made of a Go function by [Host0] to
// [Host4], [HostAny] or [Async].
type HostFunc struct {
	goType reflect.Type
	params func() []reflect.Type // nil if they are what the component says
	result reflect.Type          // nil if there is none

	deferred bool
	// Runs at once, while the guest waits in a callback.
	now func(context.Context, *invocation) error
	// Takes the arguments, and gives what may run when the callback is over.
	later func(*invocation) (func(context.Context, *invocation) error, error)
}

// Async makes a host function run on a goroutine of its own: a Go function as for [Linker.Define],
// or a [HostFunc]. The guest's call then ends on time, by its deadline or because it was cancelled,
// although the function takes no notice of its context and runs on; its answer goes nowhere. It
// costs a microsecond or so. Functions of calls that run on the runtime's workers are made so in
// any case.
//
// A function that ends its goroutine by [runtime.Goexit] gives no answer, and the guest's call ends
// with [ErrHost].
func Async(function any) (HostFunc, error) {
	host, err := hostFunc(function)
	host.deferred = true
	return host, err
}

// hostFunc makes a HostFunc of what Define takes.
func hostFunc(function any) (HostFunc, error) {
	if host, ok := function.(HostFunc); ok {
		if host.now == nil {
			return host, invalid("a HostFunc that nothing made")
		}
		return host, nil
	}
	params, result, err := goTypes(reflect.TypeOf(function))
	if err != nil {
		return HostFunc{}, err
	}
	if reflect.ValueOf(function).IsNil() {
		return HostFunc{}, invalid("a nil function")
	}
	return reflected(reflect.ValueOf(function), params, result), nil
}

// HostAny makes a [HostFunc] of a function whose types are known only when it is called: it gets
// what [Function.Call] gives, and gives what that takes. It can take the
// host's own resources but not those of guests.
func HostAny(function func(ctx context.Context, args []any) (any, error)) HostFunc {
	lift := func(in *invocation) ([]any, error) {
		args := make([]any, len(in.plan.params))
		for i := range args {
			if err := in.arg(i, unsafe.Pointer(&args[i])); err != nil {
				return nil, err
			}
		}
		return args, nil
	}
	run := func(ctx context.Context, in *invocation, args []any) error {
		result, err := function(ctx, args)
		if wit := in.plan.wit.result; err == nil && wit.Kind() == KindResult &&
			!isResultType(reflect.TypeOf(result)) {
			result = OK[any, any](result)
		}
		return in.give(unsafe.Pointer(&result), err)
	}
	return HostFunc{
		goType: reflect.TypeOf(function),
		now: func(ctx context.Context, in *invocation) error {
			args, err := lift(in)
			if err != nil {
				return err
			}
			return run(ctx, in, args)
		},
		later: func(in *invocation) (func(context.Context, *invocation) error, error) {
			args, err := lift(in)
			return func(ctx context.Context, in *invocation) error {
				return run(ctx, in, args)
			}, err
		},
	}
}

// typed makes a host function of one that keeps its arguments in an A.
func typed[A, R any](goType reflect.Type, params func() []reflect.Type,
	lift func(*invocation, *A) error, run func(context.Context, *A) (R, error)) HostFunc {
	type room struct {
		args A
		r    R
	}
	pool := sync.Pool{New: func() any { return new(room) }}
	return HostFunc{
		goType: goType, params: params, result: reflect.TypeFor[R](),
		now: func(ctx context.Context, in *invocation) error {
			v := pool.Get().(*room)
			err := lift(in, &v.args)
			if err == nil {
				v.r, err = run(ctx, &v.args)
				err = in.give(unsafe.Pointer(&v.r), err)
			}
			*v = room{}
			pool.Put(v)
			return err
		},
		later: func(in *invocation) (func(context.Context, *invocation) error, error) {
			args := new(A)
			err := lift(in, args)
			return func(ctx context.Context, in *invocation) error {
				r, err := run(ctx, args)
				return in.give(unsafe.Pointer(&r), err)
			}, err
		},
	}
}

// Host0 makes a [HostFunc] that is called without reflection. R is struct{} if the function gives
// nothing.
func Host0[R any](function func(context.Context) (R, error)) HostFunc {
	return typed(reflect.TypeOf(function),
		func() []reflect.Type { return []reflect.Type{} },
		func(*invocation, *struct{}) error { return nil },
		func(ctx context.Context, _ *struct{}) (R, error) { return function(ctx) })
}

// Host1 is [Host0] for a function with one parameter.
func Host1[A, R any](function func(context.Context, A) (R, error)) HostFunc {
	return typed(reflect.TypeOf(function),
		func() []reflect.Type { return []reflect.Type{reflect.TypeFor[A]()} },
		func(in *invocation, a *A) error { return in.arg(0, unsafe.Pointer(a)) },
		func(ctx context.Context, a *A) (R, error) { return function(ctx, *a) })
}

type args2[A, B any] struct {
	a A
	b B
}

// Host2 is [Host0] for a function with two parameters.
func Host2[A, B, R any](function func(context.Context, A, B) (R, error)) HostFunc {
	return typed(reflect.TypeOf(function),
		func() []reflect.Type { return []reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B]()} },
		func(in *invocation, args *args2[A, B]) error {
			if err := in.arg(0, unsafe.Pointer(&args.a)); err != nil {
				return err
			}
			return in.arg(1, unsafe.Pointer(&args.b))
		},
		func(ctx context.Context, args *args2[A, B]) (R, error) {
			return function(ctx, args.a, args.b)
		})
}

type args3[A, B, C any] struct {
	args2[A, B]
	c C
}

// Host3 is [Host0] for a function with three parameters.
func Host3[A, B, C, R any](function func(context.Context, A, B, C) (R, error)) HostFunc {
	return typed(reflect.TypeOf(function),
		func() []reflect.Type {
			return []reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B](), reflect.TypeFor[C]()}
		},
		func(in *invocation, args *args3[A, B, C]) error {
			if err := in.arg(0, unsafe.Pointer(&args.a)); err != nil {
				return err
			}
			if err := in.arg(1, unsafe.Pointer(&args.b)); err != nil {
				return err
			}
			return in.arg(2, unsafe.Pointer(&args.c))
		},
		func(ctx context.Context, args *args3[A, B, C]) (R, error) {
			return function(ctx, args.a, args.b, args.c)
		})
}

type args4[A, B, C, D any] struct {
	args3[A, B, C]
	d D
}

// Host4 is [Host0] for a function with four parameters.
func Host4[A, B, C, D, R any](function func(context.Context, A, B, C, D) (R, error)) HostFunc {
	return typed(reflect.TypeOf(function),
		func() []reflect.Type {
			return []reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B](), reflect.TypeFor[C](),
				reflect.TypeFor[D]()}
		},
		func(in *invocation, args *args4[A, B, C, D]) error {
			if err := in.arg(0, unsafe.Pointer(&args.a)); err != nil {
				return err
			}
			if err := in.arg(1, unsafe.Pointer(&args.b)); err != nil {
				return err
			}
			if err := in.arg(2, unsafe.Pointer(&args.c)); err != nil {
				return err
			}
			return in.arg(3, unsafe.Pointer(&args.d))
		},
		func(ctx context.Context, args *args4[A, B, C, D]) (R, error) {
			return function(ctx, args.a, args.b, args.c, args.d)
		})
}
