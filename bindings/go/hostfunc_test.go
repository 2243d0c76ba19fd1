package wasmcell

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

type key struct{}

// hosts loads host.wat with some functions of the host; the others trap.
func hosts(t *testing.T, r *Runtime, functions map[string]any) *Component {
	t.Helper()
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, DefineResource(linker, testHost+"counter", func(*testCounter) {}))
	check(t, linker.UnresolvedTrap())
	for name, function := range functions {
		check(t, linker.Define(testHost+name, function))
	}
	return loadFile(t, r, hostFile, WithLinker(linker))
}

// bothWays runs a test with calls here and on the workers.
func bothWays(t *testing.T, test func(*testing.T, context.Context)) {
	t.Run("here", func(t *testing.T) { test(t, background) })
	t.Run("on workers", func(t *testing.T) { test(t, CallWith(background, OnWorkers())) })
}

func TestErrorsPassThroughGuests(t *testing.T) {
	refusal := errors.New("out of stock")
	c := hosts(t, smallRuntime(t), map[string]any{
		"fail": func(context.Context, string) error { return refusal },
	})
	fail := must[func(context.Context, string) error](t)(
		Func[func(context.Context, string) error](c, "fail"))
	bothWays(t, func(t *testing.T, ctx context.Context) {
		err := fail(ctx, "x")
		if e := (*Error)(nil); !errors.Is(err, ErrHost) || !errors.Is(err, refusal) ||
			!errors.As(err, &e) || e.Message != "out of stock" {
			t.Error(err)
		}
	})
}

func TestErrorsOfNestedCallsKeepTheirCode(t *testing.T) {
	r := smallRuntime(t)
	traps := loadFile(t, r, trapsFile)
	c := hosts(t, r, map[string]any{
		"fail": func(ctx context.Context, _ string) error {
			_, err := traps.Call(ctx, "unreachable")
			return err
		},
	})
	bothWays(t, func(t *testing.T, ctx context.Context) {
		_, err := c.Call(ctx, "fail", "x")
		if e := (*Error)(nil); !errors.As(err, &e) || e.Code != ErrTrap ||
			e.Trap != TrapUnreachable {
			t.Error(err)
		}
	})
}

func explode(context.Context, string) error { panic("it broke") }

func TestPanicsAreErrorsWithTheirStack(t *testing.T) {
	c := hosts(t, smallRuntime(t), map[string]any{"throw": explode})
	bothWays(t, func(t *testing.T, ctx context.Context) {
		_, err := c.Call(ctx, "throw", "x")
		if !errors.Is(err, ErrHost) || !strings.Contains(err.Error(), "panic: it broke") ||
			!strings.Contains(err.Error(), "explode") {
			t.Error(err)
		}
		if _, err := c.Call(ctx, "throw", "x"); !errors.Is(err, ErrHost) {
			t.Error(err)
		}
	})
}

func TestContextsReachHostFunctions(t *testing.T) {
	var seen context.Context
	var during error
	var deadline time.Time
	c := hosts(t, smallRuntime(t), map[string]any{
		"context": func(ctx context.Context) (string, error) {
			seen, during = ctx, ctx.Err()
			deadline, _ = ctx.Deadline()
			text, _ := ctx.Value(key{}).(string)
			if optionsOf(ctx) != nil {
				text = "the options of the call are there"
			}
			return text, nil
		},
	})
	call := must[func(context.Context) (string, error)](t)(Func0[string](c, "context"))
	bothWays(t, func(t *testing.T, ctx context.Context) {
		ctx, cancel := context.WithTimeout(CallWith(ctx, ReportTo(&Report{})), 10*time.Second)
		defer cancel()
		got, err := call(context.WithValue(ctx, key{}, "for this call"))
		if err != nil || got != "for this call" || during != nil {
			t.Error(got, err, during)
		}
		if left := time.Until(deadline); left < 5*time.Second || left > 11*time.Second {
			t.Error("the deadline is in", left)
		}
		if seen.Err() == nil {
			t.Error("the context outlives the function")
		}
	})
}

func TestHostFunctionsLearnOfCancellation(t *testing.T) {
	c := hosts(t, smallRuntime(t, WithMaxExecutionTime(50*time.Millisecond)), map[string]any{
		"slow": func(ctx context.Context, _ uint32) (uint32, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		},
	})
	bothWays(t, func(t *testing.T, ctx context.Context) {
		// By the runtime's own limit, of which the caller's context knows nothing.
		_, err := c.Call(ctx, "slow", 1)
		if !errors.Is(err, ErrTimeout) && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := c.Call(ctx, "slow", 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestAsyncFunctionsHoldNobodyUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	c := hosts(t, smallRuntime(t), map[string]any{
		"slow": must[HostFunc](t)(Async(func(context.Context, uint32) (uint32, error) {
			<-release // and takes no notice of its context
			return 1, nil
		})),
		"later": must[HostFunc](t)(Async(Host1(func(_ context.Context, n uint32) (uint32, error) {
			return n, nil
		}))),
		"forget": must[HostFunc](t)(Async(func(context.Context) (uint32, error) {
			runtime.Goexit()
			return 0, nil
		})),
	})
	bothWays(t, func(t *testing.T, ctx context.Context) {
		short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
		if _, err := c.Call(short, "slow", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if got, err := c.Call(ctx, "later", 7); err != nil || got != uint32(7) {
			t.Error(got, err)
		}
		if _, err := c.Call(ctx, "forget"); !errors.Is(err, ErrHost) {
			t.Error(err)
		}
	})
}

func TestReentry(t *testing.T) {
	var c *Component
	depth := 0
	c = hosts(t, smallRuntime(t), map[string]any{
		"again": func(ctx context.Context, text string) (string, error) {
			if depth++; depth%20 == 0 {
				return text, nil
			}
			runtime.GC()
			answer, err := c.Call(ctx, "again", text+".")
			if err != nil {
				return "", err
			}
			return answer.(string), nil
		},
	})
	bothWays(t, func(t *testing.T, ctx context.Context) {
		got, err := c.Call(ctx, "again", "x")
		if err != nil || got != "x"+strings.Repeat(".", 19) {
			t.Error(got, err)
		}
	})
}

func TestBusyFromWithin(t *testing.T) {
	var i *Instance
	c := hosts(t, smallRuntime(t), map[string]any{
		"again": func(ctx context.Context, text string) (string, error) {
			_, err := i.Call(ctx, "again", text)
			if errors.Is(err, ErrBusy) {
				return "busy", nil
			}
			return "", err
		},
	})
	i = must[*Instance](t)(c.Instantiate(background))
	defer i.Close()
	if got, err := i.Call(background, "again", "x"); err != nil || got != "busy" {
		t.Error(got, err)
	}
}

// sameValues defines the same-* functions with Go types.
func sameValues(t *testing.T) *Linker {
	linker := must[*Linker](t)(NewLinker())
	for name, function := range map[string]any{
		"bool":    func(_ context.Context, x bool) (bool, error) { return x, nil },
		"s8":      func(_ context.Context, x int8) (int8, error) { return x, nil },
		"u16":     func(_ context.Context, x uint16) (uint16, error) { return x, nil },
		"s32":     Host1(func(_ context.Context, x int32) (int32, error) { return x, nil }),
		"u64":     Host1(func(_ context.Context, x uint64) (uint64, error) { return x, nil }),
		"f32":     Host1(func(_ context.Context, x float32) (float32, error) { return x, nil }),
		"f64":     func(_ context.Context, x float64) (float64, error) { return x, nil },
		"char":    func(_ context.Context, x rune) (rune, error) { return x, nil },
		"string":  Host1(func(_ context.Context, x string) (string, error) { return x, nil }),
		"bytes":   Host1(func(_ context.Context, x []byte) ([]byte, error) { return x, nil }),
		"bools":   func(_ context.Context, x []bool) ([]bool, error) { return x, nil },
		"f64s":    func(_ context.Context, x []float64) ([]float64, error) { return x, nil },
		"strings": Host1(func(_ context.Context, x []string) ([]string, error) { return x, nil }),
		"points":  Host1(func(_ context.Context, x []point) ([]point, error) { return x, nil }),
		"point":   func(_ context.Context, x point) (point, error) { return x, nil },
		"tuple":   func(_ context.Context, x tuple) (tuple, error) { return x, nil },
		"colour":  func(_ context.Context, x colour) (colour, error) { return x, nil },
		"rights":  func(_ context.Context, x rightsSet) (rightsSet, error) { return x, nil },
		"size": func(_ context.Context, x smallSize) (smallSize, error) {
			return x, nil
		},
		"option": func(_ context.Context, x *string) (*string, error) { return x, nil },
		"result": func(_ context.Context, x Result[uint64, string]) (uint64, error) {
			if x.Failed {
				return 0, Fail(x.Err)
			}
			return x.Value, nil
		},
	} {
		check(t, linker.Define(testHost+"same-"+name, function))
	}
	return linker
}

type smallSize struct {
	Unknown bool
	Exact   *uint64
	Named   *string
}

func TestTypedValuesThroughTheHost(t *testing.T) {
	linker := sameValues(t)
	defer linker.Close()
	c := loadFile(t, smallRuntime(t), sameFile, WithLinker(linker))
	long := strings.Repeat("long ", 4000)
	for name, values := range map[string][]any{
		"bool": {true, false}, "s8": {int8(-1)}, "u16": {uint16(65535)}, "s32": {int32(-7)},
		"u64": {uint64(1 << 63)}, "f32": {float32(0.5)}, "f64": {0.25}, "char": {'x'},
		"string": {"", "text", long}, "bytes": {[]byte{1, 2}, []byte(long)},
		"bools": {[]bool{true, false}}, "f64s": {[]float64{1, 2}},
		"strings": {[]string{"a", long, ""}},
		"points":  {[]any{map[string]any{"x": int32(1), "y": int32(2)}}},
		"point":   {map[string]any{"x": int32(1), "y": int32(2)}},
		"tuple":   {[]any{uint8(7), "seven", float32(7.5)}}, "colour": {"blue"},
		"rights": {[]string{"read", "execute"}},
		"size":   {Variant{"unknown", nil}, Variant{"named", long}}, "option": {nil, "text"},
	} {
		for _, value := range values {
			bothWays(t, func(t *testing.T, ctx context.Context) {
				got, err := c.Call(ctx, "same-"+name, value)
				if err != nil || !reflect.DeepEqual(got, value) {
					t.Errorf("%s(%.50v): %.50v, %v", name, value, got, err)
				}
			})
		}
	}
	bothWays(t, func(t *testing.T, ctx context.Context) {
		got, err := c.Call(ctx, "same-result", OK[uint64, string](5))
		if err != nil || got != uint64(5) {
			t.Error(got, err)
		}
		_, err = c.Call(ctx, "same-result", Err[uint64]("no"))
		refused := (*ResultError[string])(nil)
		if !errors.As(err, &refused) || refused.Value != "no" {
			t.Error(err)
		}
	})
}

func TestHostTypesAreCheckedWhenLoading(t *testing.T) {
	r := smallRuntime(t)
	for part, function := range map[string]any{
		"parameter b: u32 does not fit Go's uint64": func(context.Context, uint32, uint64) (uint32,
			error) {
			return 0, nil
		},
		"the result: u32 does not fit Go's string": Host2(func(context.Context, uint32,
			uint32) (string, error) {
			return "", nil
		}),
		"2 parameters are needed, there are 1": func(context.Context, uint32) (uint32, error) {
			return 0, nil
		},
		"func(a: u32, b: u32) -> u32, which Go's func(context.Context, uint32, uint32) error": func(
			context.Context, uint32, uint32) error {
			return nil
		},
	} {
		linker := must[*Linker](t)(NewLinker())
		check(t, linker.Define("add", function))
		_, err := r.Load([]byte(sumGuest), WithLinker(linker))
		if !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, not %q", err, part)
		}
		linker.Close()
	}
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	for _, wrong := range []any{nil, 5, func() {}, func(uint32) error { return nil },
		func(context.Context) {}, func(context.Context, ...uint32) error { return nil }} {
		if err := linker.Define("f", wrong); !errors.Is(err, ErrTypeMismatch) {
			t.Errorf("%T: %v", wrong, err)
		}
	}
	for _, wrong := range []any{HostFunc{}, (func(context.Context) error)(nil)} {
		if err := linker.Define("f", wrong); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%T: %v", wrong, err)
		}
	}
}

func TestCompatibleVersionsAreServedWithTheirTypesOnly(t *testing.T) {
	r := smallRuntime(t)
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	add := func(_ context.Context, a, b uint32) (uint32, error) { return a + b, nil }
	check(t, linker.Define(testHost+"add", add))
	right := `(import "wasmcell:test/host@0.1.0" (instance
		(export "add" (func (param "a" u32) (param "b" u32) (result u32)))))`
	later := func(params string) string {
		return `(import "wasmcell:test/host@0.1.7" (instance
			(export "add" (func ` + params + ` (result u32)))))`
	}
	fitting, other := `(param "a" u32) (param "b" u32)`, `(param "a" (list u64)) (param "b" u32)`
	c := must[*Component](t)(r.Load([]byte("(component "+right+later(fitting)+")"),
		WithLinker(linker)))
	defer c.Close()
	for i, definition := range []string{testHost + "add", testHost + "add", ""} {
		if found := must[string](t)(c.ImportDefinition(i)); found != definition {
			t.Errorf("import %d is served by %q", i, found)
		}
	}
	for _, wat := range []string{right + later(other), later(other)} {
		_, err := r.Load([]byte("(component "+wat+")"), WithLinker(linker))
		if !errors.Is(err, ErrLink) || !strings.Contains(err.Error(), "host@0.1.7#add") ||
			!strings.Contains(err.Error(), "list<u64>") {
			t.Error(err)
		}
	}
}
