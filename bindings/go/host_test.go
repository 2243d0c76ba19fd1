package wasmcell

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

const sumGuest = `(component
  (import "add" (func $add (param "a" u32) (param "b" u32) (result u32)))
  (core func $lowered (canon lower (func $add)))
  (core module $m
    (import "host" "add" (func $add (param i32 i32) (result i32)))
    (func (export "sum") (param i32 i32) (result i32)
      (call $add (local.get 0) (local.get 1))))
  (core instance $i (instantiate $m (with "host" (instance
    (export "add" (func $lowered))))))
  (func (export "sum") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "sum"))))`

var sink atomic.Pointer[[]byte]

//go:noinline
func deep(depth int, value uint32) uint32 {
	var room [512]byte
	room[depth%512] = byte(value)
	if depth == 0 {
		return value
	}
	return deep(depth-1, value) + uint32(room[(depth+1)%512])
}

// sumWith loads a guest whose `sum(a, b)` asks the host.
func sumWith(t testing.TB, r *Runtime, add any, options ...ComponentOption) *Component {
	t.Helper()
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, linker.Define("add", add))
	options = append(options, WithLinker(linker))
	c := must[*Component](t)(r.Load([]byte(sumGuest), options...))
	t.Cleanup(func() { c.Close() })
	return c
}

// TestHostFunctionsOnGoStacks calls back into Go from several goroutines at once, with functions
// that allocate, grow their stacks, and collect garbage: on a guest's fiber that ends the process
// ("morestack on g0"), so the library has to run them on the stacks of the threads that call.
func TestHostFunctionsOnGoStacks(t *testing.T) {
	t.Run("guests have stacks of their own", func(t *testing.T) { onGoStacks(t) })
	t.Run("guests are on them too", func(t *testing.T) { onGoStacks(t, WithBlockingOnly()) })
}

func onGoStacks(t *testing.T, options ...ComponentOption) {
	c := sumWith(t, smallRuntime(t), func(_ context.Context, a, b uint32) (uint32, error) {
		room := make([]byte, 4096)
		sink.Store(&room)
		if a%256 == 0 {
			runtime.GC()
		}
		return deep(64, a) + b, nil
	}, options...)
	sum := must[func(context.Context, uint32, uint32) (uint32, error)](t)(
		Func2[uint32, uint32, uint32](c, "sum"))
	var goroutines sync.WaitGroup
	for range 8 {
		goroutines.Add(1)
		go func() {
			defer goroutines.Done()
			for i := range uint32(1000) {
				if got, err := sum(context.Background(), i, 2); err != nil || got != i+2 {
					t.Errorf("%d + 2: %d, %v", i, got, err)
					return
				}
			}
		}()
	}
	goroutines.Wait()
}
