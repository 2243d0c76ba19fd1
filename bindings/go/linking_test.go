package wasmcell

import (
	"errors"
	"strings"
	"testing"
	"time"
)

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
