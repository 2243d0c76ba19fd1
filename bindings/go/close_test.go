package wasmcell

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

func TestCloseInAnyOrderAndAgain(t *testing.T) {
	for round := range 6 {
		r := must[*Runtime](t)(NewRuntime(WithMaxComponents(4)))
		linker := must[*Linker](t)(NewLinker())
		sandbox := must[*Sandbox](t)(NewSandbox(WithArgs("x")))
		c := must[*Component](t)(r.LoadFile(stateFile, WithLinker(linker), WithSandbox(sandbox)))
		i := must[*Instance](t)(c.Instantiate(background))
		add := must[func(context.Context, uint32) (uint32, error)](t)(
			Func1[uint32, uint32](i, "add"))
		fresh := must[func(context.Context, uint32) (uint32, error)](t)(
			Func1[uint32, uint32](c, "add"))
		all := []io.Closer{r, linker, sandbox, c, i}
		for n := range all {
			closer := all[(n+round)%len(all)]
			for range 2 {
				check(t, closer.Close())
			}
			if closer != i && i.c.Closed() == false {
				if _, err := add(background, 1); err != nil {
					t.Errorf("the instance goes on: %v", err)
				}
			}
		}
		for _, call := range []func(context.Context, uint32) (uint32, error){add, fresh} {
			if _, err := call(background, 1); !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		}
	}
}

func TestUseAfterClose(t *testing.T) {
	r := must[*Runtime](t)(NewRuntime(WithMaxComponents(4)))
	c := must[*Component](t)(r.LoadFile(stateFile))
	i := must[*Instance](t)(c.Instantiate(background))
	linker := must[*Linker](t)(NewLinker())
	sandbox := must[*Sandbox](t)(NewSandbox())
	f := must[*Function](t)(c.Function("add"))
	for _, closer := range []io.Closer{i, c, r, linker, sandbox} {
		check(t, closer.Close())
	}
	for name, err := range map[string]error{
		"Runtime.Info":          second(r.Info()),
		"Runtime.Stats":         second(r.Stats()),
		"Runtime.Load":          second(r.Load(nil)),
		"Component.Function":    second(c.Function("add")),
		"Component.Call":        second(c.Call(background, "add", 1)),
		"Component.CallText":    second(c.CallText(background, "add(1)")),
		"Component.Run":         second(c.Run(background)),
		"Component.Instantiate": second(c.Instantiate(background)),
		"Component.Serialize":   second(c.Serialize()),
		"Component.WIT":         second(c.WIT()),
		"Component.Imports":     second(c.Imports()),
		"Component.Exports":     second(c.Exports()),
		"Component.HTTPHandler": second(c.HTTPHandler()),
		"Function.Call":         second(f.Call(background, 1)),
		"Function.CallText":     second(f.CallText(background, "(1)")),
		"Instance.Function":     second(i.Function("add")),
		"Linker.Define":         linker.Define("f", HostAny(same)),
		"Linker.UnresolvedTrap": linker.UnresolvedTrap(),
		"Linker.DefineResource": DefineResource[int](linker, "r", nil),
		"Resource.Drop":         (&Resource{instance: i}).Close(),
		"Load with a linker":    loadWith(t, WithLinker(linker)),
		"Load with a sandbox":   loadWith(t, WithSandbox(sandbox)),
	} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c.Name() != "" || i.IsPoisoned() || r.SkipsFeatureGatedInstance("x") {
		t.Error("closed objects have an answer")
	}
}

// second is the error beside a value.
func second[T any](_ T, err error) error { return err }

func loadWith(t *testing.T, option ComponentOption) error {
	_, err := smallRuntime(t).LoadFile(stateFile, option)
	return err
}

// TestCloseWhileCalling closes everything while calls are in flight, here and on the workers.
func TestCloseWhileCalling(t *testing.T) {
	for _, options := range [][]CallOption{nil, {OnWorkers()}} {
		ctx := CallWith(background, options...)
		r := must[*Runtime](t)(NewRuntime(WithMaxComponents(20), WithWorkerThreads(2)))
		c := must[*Component](t)(r.LoadFile(stateFile))
		i := must[*Instance](t)(c.Instantiate(background))
		var goroutines sync.WaitGroup
		for n := range 9 {
			caller := Caller(c)
			if n == 0 {
				caller = i
			}
			sleep := must[func(context.Context, uint64) (struct{}, error)](t)(
				Func1[uint64, struct{}](caller, "sleep"))
			goroutines.Add(1)
			go func() {
				defer goroutines.Done()
				if _, err := sleep(ctx, 100); err != nil {
					t.Errorf("call %d: %v", n, err)
				}
			}()
		}
		for must[Stats](t)(r.Stats()).Started < 10 {
			time.Sleep(time.Millisecond)
		}
		var closers sync.WaitGroup
		for _, closer := range []io.Closer{i, c, r, i, c, r} {
			closers.Add(1)
			go func() {
				defer closers.Done()
				closer.Close()
			}()
		}
		closers.Wait()
		if _, err := c.Call(background, "add", 1); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		goroutines.Wait()
	}
}

// TestCallersRaceWithClose calls from many goroutines until a Close ends that.
func TestCallersRaceWithClose(t *testing.T) {
	for range 20 {
		c := must[*Component](t)(smallRuntime(t).LoadFile(stateFile))
		add := must[func(context.Context, uint32) (uint32, error)](t)(
			Func1[uint32, uint32](c, "add"))
		var goroutines sync.WaitGroup
		for range 4 {
			goroutines.Add(1)
			go func() {
				defer goroutines.Done()
				for {
					got, err := add(background, 3)
					if errors.Is(err, ErrClosed) {
						return
					}
					if err != nil || got != 3 {
						t.Error(got, err)
						return
					}
				}
			}()
		}
		time.Sleep(time.Millisecond)
		c.Close()
		goroutines.Wait()
	}
}

// TestTheSafetyNet forgets everything, which the collector then releases.
func TestTheSafetyNet(t *testing.T) {
	for kind, count := range map[string]int{"runtime": 1, "component": 2, "instance": 1,
		"function": 1, "linker": 1, "sandbox": 1, "HTTP handler": 1, "HTTP exchange": 1} {
		expectedLeaks[kind] += count
	}
	before := capi.Leaks()
	func() {
		r := must[*Runtime](t)(NewRuntime(WithMaxComponents(4)))
		linker := must[*Linker](t)(NewLinker())
		sandbox := must[*Sandbox](t)(NewSandbox())
		c := must[*Component](t)(r.LoadFile(stateFile, WithLinker(linker), WithSandbox(sandbox)))
		i := must[*Instance](t)(c.Instantiate(background))
		if _, err := i.Call(background, "add", 1); err != nil {
			t.Error(err)
		}
		web := must[*Component](t)(r.LoadFile(httpFile))
		h := must[*HTTPHandler](t)(web.HTTPHandler())
		_, err := h.RoundTrip(httptest.NewRequest("GET", "http://x/ticks?2&1", nil))
		check(t, err)
	}()
	for range 100 {
		runtime.GC()
		after := capi.Leaks()
		done := true
		for kind, count := range expectedLeaks {
			done = done && after[kind]-before[kind] >= count
		}
		if done {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("released are %v", capi.Leaks())
}
