package wasmcell

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the providers of these tests export, and those that they serve import and pass on.
const (
	providedAPI = "acme:calc/api@1.0.0"
	provides    = `(component
	  (import "wasmcell:test/host@0.1.0" (instance $host
	    (export "add" (func (param "a" u32) (param "b" u32) (result u32)))))
	  (core func $add (canon lower (func $host "add")))
	  (core module $m (import "" "add" (func $add (param i32 i32) (result i32)))
	    (global $sum (mut i32) (i32.const 0))
	    (func (export "add") (param i32) (result i32)
	      (global.set $sum (call $add (global.get $sum) (local.get 0)))
	      (global.get $sum))
	    (func (export "spin") (loop $again (br $again)))
	    (func (export "trap") unreachable))
	  (core instance $i (instantiate $m (with "" (instance (export "add" (func $add))))))
	  (func $f (param "n" u32) (result u32) (canon lift (core func $i "add")))
	  (func $spin (canon lift (core func $i "spin")))
	  (func $trap (canon lift (core func $i "trap")))
	  (instance $api (export "add" (func $f)) (export "spin" (func $spin))
	    (export "trap" (func $trap)))
	  (export "acme:calc/api@1.0.0" (instance $api)))`
	passesOn = `(component
	  (import "acme:calc/api@1.0.3" (instance $next
	    (export "add" (func (param "n" u32) (result u32)))
	    (export "spin" (func)) (export "trap" (func))))
	  (core func $add (canon lower (func $next "add")))
	  (core func $spin (canon lower (func $next "spin")))
	  (core func $trap (canon lower (func $next "trap")))
	  (core module $m (import "" "add" (func $add (param i32) (result i32)))
	    (import "" "spin" (func $spin)) (import "" "trap" (func $trap))
	    (func (export "add") (param i32) (result i32)
	      (drop (call $add (local.get 0))) (call $add (local.get 0)))
	    (func (export "spin") (call $spin)) (func (export "trap") (call $trap)))
	  (core instance $i (instantiate $m (with "" (instance (export "add" (func $add))
	    (export "spin" (func $spin)) (export "trap" (func $trap))))))
	  (func $f (param "n" u32) (result u32) (canon lift (core func $i "add")))
	  (func $s (canon lift (core func $i "spin")))
	  (func $t (canon lift (core func $i "trap")))
	  (instance $api (export "add" (func $f)) (export "spin" (func $s)) (export "trap" (func $t)))
	  (export "acme:calc/api@1.0.3" (instance $api))
	  (export "add" (func $f)) (export "spin" (func $s)) (export "trap" (func $t)))`
)

// providerChain loads one component that provides and two that pass on. The first has a function
// of the host that looks for a value of the caller's context.
func providerChain(t *testing.T, r *Runtime) *Component {
	t.Helper()
	linker := must[*Linker](t)(NewLinker())
	check(t, linker.Define(testHost+"add", func(ctx context.Context, a, b uint32) (uint32, error) {
		if ctx.Value(key{}) != nil {
			return 0, errors.New("the caller's own")
		}
		return a + b, nil
	}))
	c := must[*Component](t)(r.Load([]byte(provides), WithLinker(linker), WithName("calc")))
	check(t, linker.Close())
	for range 2 {
		linker := must[*Linker](t)(NewLinker())
		check(t, linker.Component(c, ProviderOptions{}))
		check(t, c.Close())
		c = must[*Component](t)(r.Load([]byte(passesOn), WithLinker(linker)))
		check(t, linker.Close())
	}
	return c
}

func TestComponentsProvideForOthers(t *testing.T) {
	c := providerChain(t, smallRuntime(t))
	defer c.Close()
	bothWays(t, func(t *testing.T, ctx context.Context) {
		for range 2 {
			if got, err := c.Call(ctx, "add", uint32(5)); err != nil || got != uint32(20) {
				t.Error(got, err)
			}
		}
		_, err := c.Call(context.WithValue(ctx, key{}, 1), "add", uint32(5))
		if !errors.Is(err, ErrHost) || !strings.Contains(err.Error(), "the caller's own") {
			t.Error(err)
		}
		_, err = c.Call(ctx, "trap")
		if !errors.Is(err, ErrTrap) ||
			!strings.Contains(err.Error(), "the component `calc` provides") {
			t.Error(err)
		}
		short, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
		if _, err = c.Call(short, "spin"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestWhatAProviderProvides(t *testing.T) {
	r := smallRuntime(t)
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	c := providerChain(t, r)
	refused := func(options ProviderOptions, wanted error) {
		t.Helper()
		if err := linker.Component(c, options); !errors.Is(err, wanted) {
			t.Error(err)
		}
	}
	refused(ProviderOptions{Interface: "acme:calc/apis"}, ErrNotFound)
	check(t, linker.Component(c, ProviderOptions{"acme:calc/api", "acme:calc/api@1.9.0"}))
	refused(ProviderOptions{providedAPI, "acme:calc/api@1.9.0"}, ErrInvalidArgument)
	check(t, c.Close())
	refused(ProviderOptions{}, ErrClosed)
	c = must[*Component](t)(r.Load([]byte(passesOn), WithLinker(linker)))
	defer c.Close()
	if got, err := c.CallText(background, "add(1)"); err != nil || got != "8" {
		t.Error(got, err)
	}
}

// provide does what `provider: path` and `provider: path interface import` say: what comes later
// finds only what that exports.
func (s *scene) provide(value string) error {
	w := append(strings.Fields(value), "", "")
	options := []ComponentOption{WithName("provider")}
	if s.linker != nil {
		options = append(options, WithLinker(s.linker))
		defer s.linker.Close()
	}
	provider, err := s.runtime.LoadFile(filepath.Join(testsDirectory, w[0]), options...)
	if err != nil {
		return err
	}
	defer provider.Close()
	s.linker = must[*Linker](s.t)(NewLinker())
	return s.linker.Component(provider, ProviderOptions{w[1], w[2]})
}
