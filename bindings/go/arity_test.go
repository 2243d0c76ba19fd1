package wasmcell

import (
	"context"
	"testing"
)

// arityGuest hands calls with none to four parameters on to the host.
const arityGuest = `(component
  (import "h0" (func $h0 (result u32)))
  (import "h1" (func $h1 (param "a" u32) (result u32)))
  (import "h3" (func $h3 (param "a" u32) (param "b" u64) (param "c" u32) (result u32)))
  (import "h4" (func $h4 (param "a" u32) (param "b" u64) (param "c" u32) (param "d" u8)
    (result u32)))
  (import "done" (func $done))
  (core func $l0 (canon lower (func $h0)))
  (core func $l1 (canon lower (func $h1)))
  (core func $l3 (canon lower (func $h3)))
  (core func $l4 (canon lower (func $h4)))
  (core func $ld (canon lower (func $done)))
  (func (export "f0") (result u32) (canon lift (core func $l0)))
  (func (export "f1") (param "a" u32) (result u32) (canon lift (core func $l1)))
  (func (export "f3") (param "a" u32) (param "b" u64) (param "c" u32) (result u32)
    (canon lift (core func $l3)))
  (func (export "f4") (param "a" u32) (param "b" u64) (param "c" u32) (param "d" u8)
    (result u32) (canon lift (core func $l4)))
  (func (export "done") (canon lift (core func $ld))))`

// TestEveryArity calls by FuncN what HostN provides.
func TestEveryArity(t *testing.T) {
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	finished := 0
	for name, function := range map[string]HostFunc{
		"h0": Host0(func(context.Context) (uint32, error) { return 7, nil }),
		"h1": Host1(func(_ context.Context, a uint32) (uint32, error) { return a, nil }),
		"h3": Host3(func(_ context.Context, a uint32, b uint64, c uint32) (uint32, error) {
			return a*100 + uint32(b)*10 + c, nil
		}),
		"h4": Host4(func(_ context.Context, a uint32, b uint64, c uint32, d uint8) (uint32,
			error) {
			return a*1000 + uint32(b)*100 + c*10 + uint32(d), nil
		}),
		"done": Host0(func(context.Context) (struct{}, error) {
			finished++
			return struct{}{}, nil
		}),
	} {
		check(t, linker.Define(name, function))
	}
	c := must[*Component](t)(smallRuntime(t).Load([]byte(arityGuest), WithLinker(linker)))
	defer c.Close()
	f0 := must[func(context.Context) (uint32, error)](t)(Func0[uint32](c, "f0"))
	f1 := must[func(context.Context, uint32) (uint32, error)](t)(Func1[uint32, uint32](c, "f1"))
	f3 := must[func(context.Context, uint32, uint64, uint32) (uint32, error)](t)(
		Func3[uint32, uint64, uint32, uint32](c, "f3"))
	f4 := must[func(context.Context, uint32, uint64, uint32, uint8) (uint32, error)](t)(
		Func4[uint32, uint64, uint32, uint8, uint32](c, "f4"))
	done := must[func(context.Context) error](t)(Func[func(context.Context) error](c, "done"))
	bothWays(t, func(t *testing.T, ctx context.Context) {
		for want, call := range map[uint32]func() (uint32, error){
			7:    func() (uint32, error) { return f0(ctx) },
			5:    func() (uint32, error) { return f1(ctx, 5) },
			123:  func() (uint32, error) { return f3(ctx, 1, 2, 3) },
			1234: func() (uint32, error) { return f4(ctx, 1, 2, 3, 4) },
		} {
			if got, err := call(); err != nil || got != want {
				t.Errorf("%d: %d, %v", want, got, err)
			}
		}
		check(t, done(ctx))
	})
	if finished != 2 {
		t.Error("done", finished, "times")
	}
}
