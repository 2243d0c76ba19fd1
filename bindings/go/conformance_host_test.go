package wasmcell

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
)

// testHostState is what the host functions of one scenario share.
type testHostState struct {
	scene *scene
	drops atomic.Int64
	over  chan struct{}
}

type testCounter struct{ count atomic.Uint32 }

// attached is the key of what `context:` attaches to a call.
type attached struct{}

func newTestHostState(s *scene) *testHostState {
	return &testHostState{scene: s, over: make(chan struct{})}
}

func same(_ context.Context, args []any) (any, error) { return args[0], nil }

// functions are the host functions, as the README of the scenarios defines them.
func (h *testHostState) functions() map[string]any {
	async := func(function any) HostFunc {
		return must[HostFunc](h.scene.t)(Async(function))
	}
	return map[string]any{
		"echo": func(_ context.Context, text string) (string, error) { return text, nil },
		"add":  func(_ context.Context, a, b uint32) (uint32, error) { return a + b, nil },
		"fail": func(_ context.Context, message string) error { return errors.New(message) },
		"throw": func(_ context.Context, message string) error {
			panic(message)
		},
		"later": async(func(_ context.Context, ms uint32) (uint32, error) {
			time.Sleep(time.Duration(ms) * time.Millisecond)
			return ms, nil
		}),
		"never": async(func(context.Context) (uint32, error) {
			<-h.over
			runtime.Goexit()
			return 0, nil
		}),
		"forget": async(func(context.Context) (uint32, error) {
			runtime.Goexit()
			return 0, nil
		}),
		"slow": func(_ context.Context, ms uint32) (uint32, error) {
			time.Sleep(time.Duration(ms) * time.Millisecond)
			return ms, nil
		},
		"wrong": HostAny(func(context.Context, []any) (any, error) { return "wrong", nil }),
		"context": func(ctx context.Context) (string, error) {
			if text, ok := ctx.Value(attached{}).(string); ok {
				return text, nil
			}
			return "none", nil
		},
		"again": func(ctx context.Context, text string) (string, error) {
			answer, err := h.scene.component.Call(ctx, "echo", text)
			if err != nil {
				return "", err
			}
			return answer.(string), nil
		},
		"[constructor]counter": func(_ context.Context, start uint32) (*testCounter, error) {
			c := &testCounter{}
			c.count.Store(start)
			return c, nil
		},
		"[method]counter.next": func(_ context.Context, c *testCounter) (uint32, error) {
			return c.count.Add(1), nil
		},
	}
}

// define does `host: name`, `host: name: type`, `host: all` or `host: unresolved trap`.
func (h *testHostState) define(l *Linker, what string) error {
	if what == "unresolved trap" {
		return l.UnresolvedTrap()
	}
	if what == "all" || what == "counter" {
		err := DefineResource(l, testHost+"counter", func(*testCounter) { h.drops.Add(1) })
		if err != nil || what == "counter" {
			return err
		}
		for name, function := range h.functions() {
			if err := l.Define(testHost+name, function); err != nil {
				return err
			}
		}
		return nil
	}
	name, _, _ := strings.Cut(what, ":")
	if strings.HasPrefix(name, "same-") {
		return l.Define(testHost+what, HostAny(same))
	}
	function, ok := h.functions()[name]
	if !ok {
		h.scene.t.Fatalf("no host function %q", name)
	}
	if strings.Contains(what, ": ") {
		// The type is what is tried, so Go's own is left open.
		return l.Define(testHost+what, HostAny(func(_ context.Context, args []any) (any, error) {
			return args[0].(uint32) + args[1].(uint32), nil
		}))
	}
	return l.Define(testHost+what, function)
}
