package wasmcell

import (
	"context"
	"errors"
	"testing"
)

// A result without values, in and out; run gives the case that the host answers.
const resultGuest = `(component
  (import "judge" (func $judge (param "r" (result)) (result (result))))
  (core func $lowered (canon lower (func $judge)))
  (core module $m
    (import "host" "judge" (func $judge (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (call $judge (local.get 0))))
  (core instance $i (instantiate $m (with "host" (instance (export "judge" (func $lowered))))))
  (func (export "run") (param "case" u32) (result u32) (canon lift (core func $i "run")))
  (func (export "pass") (param "r" (result)) (result (result)) (canon lift (core func $i "run"))))`

func TestAnyForAResultWithoutValues(t *testing.T) {
	var answer any
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, linker.Define("judge", func(_ context.Context, r any) (any, error) {
		if r.(Result[any, any]).Failed {
			return nil, Fail[any](nil)
		}
		return answer, nil
	}))
	c := must[*Component](t)(smallRuntime(t).Load([]byte(resultGuest), WithLinker(linker)))
	defer c.Close()
	run := must[func(context.Context, uint32) (uint32, error)](t)(Func1[uint32, uint32](c, "run"))
	for _, answer = range []any{nil, struct{}{}} {
		for i := range uint32(2) {
			if got, err := run(context.Background(), i); got != i || err != nil {
				t.Errorf("case %d: %d, %v", i, got, err)
			}
		}
	}
	answer = uint32(1)
	if _, err := run(context.Background(), 0); !errors.Is(err, ErrTypeMismatch) {
		t.Errorf("a value where there is none: %v", err)
	}
	pass := must[func(context.Context, any) (any, error)](t)(Func1[any, any](c, "pass"))
	answer = nil
	if got, err := pass(context.Background(), OK[any, any](nil)); got != nil || err != nil {
		t.Errorf("ok: %v, %v", got, err)
	}
	var failed *ResultError[any]
	if _, err := pass(context.Background(), Err[any, any](nil)); !errors.As(err, &failed) {
		t.Errorf("err: %v", err)
	}
}
