package wasmcell

import (
	"context"
	"runtime"
	"testing"
)

// plainGuest is a guest for measuring: it does nothing, adds, hands bytes back.
const plainGuest = `(component
  (core module $m
    (memory (export "memory") 40)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "nothing"))
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "bytes") (param i32 i32) (result i32)
      (i32.store (i32.const 0) (local.get 0))
      (i32.store (i32.const 4) (local.get 1))
      (i32.const 0)))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $mem))
  (alias core export $i "realloc" (core func $realloc))
  (func (export "nothing") (canon lift (core func $i "nothing")))
  (func (export "add") (param "a" u32) (param "b" u32) (result u32)
    (canon lift (core func $i "add")))
  (func (export "bytes") (param "x" (list u8)) (result (list u8))
    (canon lift (core func $i "bytes") (memory $mem) (realloc $realloc)))
  (func (export "text") (param "x" string) (result string)
    (canon lift (core func $i "bytes") (memory $mem) (realloc $realloc))))`

type bench struct {
	component *Component
	instance  *Instance
}

func newBench(t testing.TB) bench {
	c := must[*Component](t)(smallRuntime(t).Load([]byte(plainGuest)))
	t.Cleanup(func() { c.Close() })
	i := must[*Instance](t)(c.Instantiate(context.Background()))
	t.Cleanup(func() { i.Close() })
	return bench{c, i}
}

// measure runs a call, and counts crossings into C.
func measure(b *testing.B, call func() error) {
	check(b, call())
	before := runtime.NumCgoCall()
	b.ReportAllocs()
	for b.Loop() {
		if err := call(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(runtime.NumCgoCall()-before)/float64(b.N), "crossings/op")
}

func BenchmarkNothing(b *testing.B) {
	call := must[func(context.Context) (struct{}, error)](b)(
		Func0[struct{}](newBench(b).instance, "nothing"))
	measure(b, func() error { _, err := call(background); return err })
}

func BenchmarkAdd(b *testing.B) {
	call := must[func(context.Context, uint32, uint32) (uint32, error)](b)(
		Func2[uint32, uint32, uint32](newBench(b).instance, "add"))
	measure(b, func() error { _, err := call(background, 40, 2); return err })
}

func BenchmarkAddByReflection(b *testing.B) {
	type add = func(context.Context, uint32, uint32) (uint32, error)
	call := must[add](b)(Func[add](newBench(b).instance, "add"))
	measure(b, func() error { _, err := call(background, 40, 2); return err })
}

func BenchmarkAddWithAny(b *testing.B) {
	call := must[*Function](b)(newBench(b).instance.Function("add"))
	measure(b, func() error { _, err := call.Call(background, 40, 2); return err })
}

func BenchmarkAddWithContext(b *testing.B) {
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	call := must[func(context.Context, uint32, uint32) (uint32, error)](b)(
		Func2[uint32, uint32, uint32](newBench(b).instance, "add"))
	measure(b, func() error { _, err := call(ctx, 40, 2); return err })
}

func BenchmarkAddInFreshInstance(b *testing.B) {
	call := must[func(context.Context, uint32, uint32) (uint32, error)](b)(
		Func2[uint32, uint32, uint32](newBench(b).component, "add"))
	measure(b, func() error { _, err := call(background, 40, 2); return err })
}

func BenchmarkAddOnWorkers(b *testing.B) {
	ctx := CallWith(background, OnWorkers())
	call := must[func(context.Context, uint32, uint32) (uint32, error)](b)(
		Func2[uint32, uint32, uint32](newBench(b).instance, "add"))
	measure(b, func() error { _, err := call(ctx, 40, 2); return err })
}

func BenchmarkHostFunction(b *testing.B) {
	c := sumWith(b, smallRuntime(b), Host2(
		func(_ context.Context, a, b uint32) (uint32, error) { return a + b, nil }))
	i := must[*Instance](b)(c.Instantiate(background))
	b.Cleanup(func() { i.Close() })
	call := must[func(context.Context, uint32, uint32) (uint32, error)](b)(
		Func2[uint32, uint32, uint32](i, "sum"))
	measure(b, func() error { _, err := call(background, 40, 2); return err })
}

func BenchmarkShortText(b *testing.B) {
	call := must[func(context.Context, string) (string, error)](b)(
		Func1[string, string](newBench(b).instance, "text"))
	measure(b, func() error { _, err := call(background, "a short text"); return err })
}

func BenchmarkMebibyteInBuffer(b *testing.B) {
	call := must[func(context.Context, []byte) ([]byte, error)](b)(
		Func1[[]byte, []byte](newBench(b).instance, "bytes"))
	bytes := make([]byte, 1<<20)
	ctx := CallWith(background, ReuseBuffer(make([]byte, 1<<20)))
	b.SetBytes(2 << 20)
	measure(b, func() error { _, err := call(ctx, bytes); return err })
}

func BenchmarkMebibyte(b *testing.B) {
	call := must[func(context.Context, []byte) ([]byte, error)](b)(
		Func1[[]byte, []byte](newBench(b).instance, "bytes"))
	bytes := make([]byte, 1<<20)
	b.SetBytes(2 << 20)
	measure(b, func() error { _, err := call(background, bytes); return err })
}
