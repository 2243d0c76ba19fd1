package wasmcell

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
)

// dereference panics by a signal that is Go's own.
func dereference(p *int) (err error) {
	defer func() { err, _ = recover().(error) }()
	return map[bool]error{*p == 0: nil}[true]
}

// TestWithoutSignalHandlers has guests check for themselves.
func TestWithoutSignalHandlers(t *testing.T) {
	for _, enable := range []bool{false, true} {
		r := must[*Runtime](t)(NewRuntime(WithMaxComponents(4), WithSignalHandlers(enable),
			WithTrustSignalMasks(!enable)))
		defer r.Close()
		c := loadFile(t, r, trapsFile)
		divide := must[func(context.Context, int32, int32) (int32, error)](t)(
			Func2[int32, int32, int32](c, "divide"))
		if _, err := divide(background, 1, 0); !errors.Is(err, ErrTrap) {
			t.Error(enable, err)
		}
		if err := dereference(nil); err == nil {
			t.Error("Go's own signal got lost")
		}
	}
	if err := RestoreSignalHandlers(); err != nil || !SignalHandlersInstalled() {
		t.Error(err, SignalHandlersInstalled())
	}
}

// TestTrapsUnderLoad lets guests trap by signals on many goroutines, while the collector runs, Go
// panics by signals of its own, and stacks grow.
func TestTrapsUnderLoad(t *testing.T) {
	c := loadFile(t, smallRuntime(t), trapsFile)
	type load = func(context.Context, uint32) (uint32, error)
	read := must[load](t)(Func1[uint32, uint32](c, "load"))
	recurse := must[func(context.Context) (struct{}, error)](t)(Func0[struct{}](c, "recurse"))
	divide := must[func(context.Context, int32, int32) (int32, error)](t)(
		Func2[int32, int32, int32](c, "divide"))
	indirect := must[load](t)(Func1[uint32, uint32](c, "indirect"))
	var goroutines sync.WaitGroup
	for worker := range 6 {
		goroutines.Add(1)
		go func() {
			defer goroutines.Done()
			for i := range 100 {
				if i%20 == worker {
					runtime.GC()
				}
				deep(50, 1)
				ctx := background
				if worker%2 == 0 {
					ctx = CallWith(ctx, OnWorkers())
				}
				_, outside := read(ctx, 1<<31)
				_, stack := recurse(ctx)
				_, zero := divide(ctx, 1, 0)
				_, null := indirect(ctx, 0)
				if !errors.Is(outside, ErrTrap) || !errors.Is(stack, ErrStackOverflow) ||
					!errors.Is(zero, ErrTrap) || !errors.Is(null, ErrTrap) {
					t.Error(outside, stack, zero, null)
					return
				}
				if err := dereference(nil); err == nil {
					t.Error("Go's own signal got lost")
					return
				}
				if got, err := divide(ctx, 7, -2); err != nil || got != -3 {
					t.Error(got, err)
					return
				}
			}
		}()
	}
	goroutines.Wait()
}
