package wasmcell

import (
	"context"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Instance is an instance of a component that keeps its state from one call to the next.
//
// Any goroutine may use it, but it takes one call at a time: another one meanwhile is [ErrBusy].
// Once a call has failed in it, by a trap or a limit or because it was cancelled, the guest may
// have stopped anywhere, and every later call is [ErrPoisoned]. Time between calls does not count
// towards any limit.
type Instance struct {
	compiled *compiled
	c        *capi.Instance
}

// Instantiate makes an instance. What the guest does at its start is part of this call, which ctx
// limits as any other; it does not limit later ones.
func (c *Component) Instantiate(ctx context.Context) (*Instance, error) {
	if !c.compiled.join() {
		return nil, ErrClosed
	}
	s, err := begin(ctx, target{compiled: c.compiled, component: c})
	if err != nil {
		c.compiled.leave()
		return nil, err
	}
	defer s.end()
	instance, err := s.instantiate()
	if err != nil {
		c.compiled.leave()
		return nil, err
	}
	return &Instance{c.compiled, instance}, nil
}

// Close releases the instance, or lets a call in it go on and the instance end with that. It may
// be called again, at any time and from any goroutine. It returns nil.
func (i *Instance) Close() error {
	if i.c.Close() {
		i.compiled.leave()
	}
	return nil
}

// IsPoisoned tells whether a call failed in the instance, so that it takes no more.
func (i *Instance) IsPoisoned() bool {
	if !i.c.Acquire() {
		return false
	}
	defer i.c.Release()
	return i.c.IsPoisoned()
}

// Function looks up an exported function, for calls in this instance.
func (i *Instance) Function(name string) (*Function, error) {
	to, err := i.target(name)
	if err != nil {
		return nil, err
	}
	return &Function{to}, nil
}

// Call calls an exported function in this instance; see [Function.Call].
func (i *Instance) Call(ctx context.Context, name string, args ...any) (any, error) {
	f, err := i.Function(name)
	if err != nil {
		return nil, err
	}
	return f.Call(ctx, args...)
}

// Run runs a command in this instance; see [Component.Run]. One that ends by exiting, with whatever
// status, stops in the midst of what it did: every later call in the instance is [ErrPoisoned].
func (i *Instance) Run(ctx context.Context) (int, error) {
	s, err := begin(ctx, target{compiled: i.compiled, instance: i})
	if err != nil {
		return 0, err
	}
	defer s.end()
	return s.command()
}

func (i *Instance) target(name string) (target, error) {
	if i.c.Closed() {
		return target{}, ErrClosed
	}
	f, err := i.compiled.function(name)
	return target{compiled: i.compiled, instance: i, function: f}, err
}

// dropResource drops a resource of the guest that the host owns.
func (i *Instance) dropResource(ctx context.Context, number uint64) error {
	s, err := begin(ctx, target{compiled: i.compiled, instance: i})
	if err != nil {
		return err
	}
	defer s.end()
	return s.drop(number)
}
