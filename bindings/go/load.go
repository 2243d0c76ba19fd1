package wasmcell

import (
	"context"
	"errors"
	"time"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Load loads a component from its binary or from WebAssembly text: compiles it, or takes it from
// the cache, and links it. This is the expensive step: load once, call often. WASI 0.2 is linked,
// but grants nothing except what [WithSandbox] does.
//
// # Errors
//
// [ErrComponentTooLarge], [ErrSignature], [ErrCompile]; [ErrLink] if nothing provides one of its
// imports, or if a function of the linker has other types than the component wants; [ErrIO] if a
// directory of the sandbox cannot be opened; [ErrMemoryLimit] or [ErrResourceLimit] if it needs
// more than the runtime allows, compiling it included: see [WithMaxCompileCost].
func (r *Runtime) Load(bytes []byte, options ...ComponentOption) (*Component, error) {
	return r.load(context.Background(), capi.FromBytes, bytes, -1, options)
}

// LoadFile is [Runtime.Load] for a file, which is not read if it is too large. [ErrIO] if it
// cannot be read.
func (r *Runtime) LoadFile(path string, options ...ComponentOption) (*Component, error) {
	return r.LoadFileContext(context.Background(), path, options...)
}

// LoadContext is [Runtime.Load] until the context ends: then it returns within two ticks, with an
// error that is [ErrCancelled] or [ErrTimeout] and the context's own. A compiler that cannot be
// stopped at once goes on for a moment; [Stats] counts it, and no component comes of it.
func (r *Runtime) LoadContext(ctx context.Context, bytes []byte,
	options ...ComponentOption) (*Component, error) {
	return r.load(ctx, capi.FromBytes, bytes, -1, options)
}

// LoadFileContext is [Runtime.LoadFile] until the context ends; see [Runtime.LoadContext].
func (r *Runtime) LoadFileContext(ctx context.Context, path string,
	options ...ComponentOption) (*Component, error) {
	name := unsafe.Slice(unsafe.StringData(path), len(path))
	return r.load(ctx, capi.FromFile, name, -1, options)
}

func (r *Runtime) load(ctx context.Context, source capi.Source, bytes []byte, fd int32,
	options []ComponentOption) (*Component, error) {
	if !r.c.Acquire() {
		return nil, ErrClosed
	}
	defer r.c.Release()
	return open(r.calls, options, func(raw *capi.LoadOptions) (*capi.Component, error) {
		return r.loadWithin(ctx, source, bytes, fd, raw)
	})
}

// Link makes another component of the same compiled code, with a linker, a sandbox and limits of
// its own: nothing is compiled or copied. It takes nothing from the options that c was loaded with,
// and either may be closed first. For one component that runs for many tenants; with
// [WithoutLinking], to look at what a component imports before its linker is made.
//
// # Errors
//
// [ErrLink] if nothing provides one of its imports, or if a function of the linker has other types
// than the component wants; [ErrIO] if a directory of the sandbox cannot be opened;
// [ErrMemoryLimit] or [ErrResourceLimit] if it needs more than it may have.
func (c *Component) Link(options ...ComponentOption) (*Component, error) {
	if err := c.use(); err != nil {
		return nil, err
	}
	defer c.compiled.c.Release()
	return open(c.compiled.calls, options, func(raw *capi.LoadOptions) (*capi.Component, error) {
		linked, failure := c.compiled.c.Link(raw)
		return linked, errorOf(failure)
	})
}

// open makes a component as options say, by what makes one of them in C.
func open(calls *callCount, options []ComponentOption,
	by func(*capi.LoadOptions) (*capi.Component, error)) (*Component, error) {
	var l load
	for _, option := range options {
		option(&l)
	}
	shared := &compiled{calls: calls, functions: map[string]*function{},
		threadBound: l.blockingOnly}
	if l.sandbox != nil {
		if !l.sandbox.c.Acquire() {
			return nil, ErrClosed
		}
		defer l.sandbox.c.Release()
		shared.threadBound = shared.threadBound || l.sandbox.reads
	}
	if l.linker != nil {
		if !l.linker.c.Acquire() {
			return nil, ErrClosed
		}
		defer l.linker.c.Release()
	}
	c, err := by(l.raw())
	if err != nil {
		return nil, err
	}
	shared.c, shared.id = c, c.ID()
	if l.linker != nil {
		if err := l.linker.plan(shared); err != nil {
			c.Close()
			return nil, err
		}
	}
	shared.users.Store(1)
	return &Component{compiled: shared}, nil
}

// loadWithin lets the end of the context end the load.
func (r *Runtime) loadWithin(ctx context.Context, source capi.Source, bytes []byte, fd int32,
	options *capi.LoadOptions) (*capi.Component, error) {
	if err := ctx.Err(); err != nil {
		return nil, contextError(ctx, err)
	}
	if ctx.Done() != nil {
		cancel, err := newCancel()
		if err != nil {
			return nil, err
		}
		options.Cancel = cancel
		if deadline, ok := ctx.Deadline(); ok {
			options.TimeoutMS = max(1, milliseconds(time.Until(deadline)))
		}
		stop := context.AfterFunc(ctx, cancel.Trigger)
		defer func() {
			if stop() {
				cancels.Put(cancel)
			}
		}()
	}
	c, failure := r.c.Load(source, bytes, fd, options)
	if failure == nil {
		return c, nil
	}
	e := newError(failure)
	if err := ctx.Err(); err != nil && (e.Code == ErrCancelled || e.Code == ErrTimeout) {
		e.causes = contextCauses(ctx, err)
		if errors.Is(err, context.DeadlineExceeded) {
			e.Code = ErrTimeout
		}
	} else if deadline, ok := ctx.Deadline(); ok && e.Code == ErrTimeout &&
		!time.Now().Before(deadline) {
		// The library's clock may be ahead of the timer of the context.
		e.causes = contextCauses(ctx, context.DeadlineExceeded)
	}
	return nil, e
}
