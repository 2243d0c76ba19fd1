package wasmcell

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// A call finds what the one before left, until the instance has had its calls.
func TestReuse(t *testing.T) {
	r := smallRuntime(t)
	c := loadFile(t, r, "../../tests/guests/wat/grow.wat", WithReuse(Reuse{MaxCalls: 2}))
	pages := must[func(context.Context, uint32) (uint32, error)](t)(
		Func1[uint32, uint32](c, "pages"))
	for i, want := range []uint32{2, 3, 2, 3} {
		ctx := background
		if i == 3 {
			ctx = CallWith(background, OnWorkers())
		}
		if got, err := pages(ctx, 1); err != nil || got != want {
			t.Error(i, got, err)
		}
	}
	if _, err := pages(background, 1); err != nil {
		t.Error(err)
	}
	if stats, err := r.Stats(); err != nil || stats.Resting != 1 || stats.Reused != 2 {
		t.Error(stats, err)
	}
}

// One compiled component, linked with limits of its own each time.
func TestLinkWithLimits(t *testing.T) {
	first := loadFile(t, smallRuntime(t), "../../tests/guests/wat/grow.wat")
	spins := loadFile(t, smallRuntime(t), "../../tests/guests/wat/spin.wat")
	narrow := must[*Component](t)(first.Link(WithName("narrow"),
		WithLimits(ComponentLimits{Instances: 1})))
	if narrow.Name() != "narrow" {
		t.Error(narrow.Name())
	}
	held := must[*Instance](t)(narrow.Instantiate(background))
	_, err := narrow.Instantiate(background)
	if !errors.Is(err, ErrInstanceLimit) || !strings.Contains(err.Error(), "max_instances") {
		t.Error(err)
	}
	other := must[*Instance](t)(first.Instantiate(background))
	check(t, other.Close())
	check(t, held.Close())
	if _, err := first.Link(WithLimits(ComponentLimits{LinearMemory: 1})); !errors.Is(err,
		ErrMemoryLimit) {
		t.Error(err)
	}
	for _, option := range []ComponentOption{
		WithLimits(ComponentLimits{Fuel: 1}), WithDefaultFuel(1)} {
		if _, err := first.Link(option); !errors.Is(err, ErrInvalidArgument) {
			t.Error(err)
		}
	}
	if _, err := first.Link(WithoutLinking()); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	for _, option := range []ComponentOption{WithDefaultTimeout(20 * time.Millisecond),
		WithLimits(ComponentLimits{ExecutionTime: 20 * time.Millisecond})} {
		short := must[*Component](t)(spins.Link(option))
		_, err := short.CallText(background, "spin()")
		if !errors.Is(err, ErrTimeout) || !strings.Contains(err.Error(), "20 ms") {
			t.Error(err)
		}
		check(t, short.Close())
	}
	check(t, narrow.Close())
}

// It is there, or it is said why not; either way the error is no other.
func TestPoolScan(t *testing.T) {
	r, err := NewRuntime(WithMaxComponents(4), WithPoolScan(true))
	if errors.Is(err, ErrUnsupported) {
		if !strings.Contains(err.Error(), "PAGEMAP_SCAN") {
			t.Error(err)
		}
		return
	}
	check(t, err)
	defer r.Close()
	c := loadFile(t, r, "../../tests/guests/wat/grow.wat")
	for range 3 {
		if got, err := c.CallText(background, "pages(1)"); err != nil || got != "2" {
			t.Error(got, err)
		}
	}
}
