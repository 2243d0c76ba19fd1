package wasmcell

import (
	"context"
	"sync"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// withoutOptions is a context without the options of CallWith, which are for one call and not for
// those that the host's functions make.
type withoutOptions struct{ context.Context }

func (c withoutOptions) Value(key any) any {
	if _, options := key.(optionsKey); options {
		return nil
	}
	return c.Context.Value(key)
}

// hostContext is the context of a function of the host: that of its caller, which also ends with
// the call's own time, and when the function returns. What costs something is made when somebody
// asks for it.
type hostContext struct {
	withoutOptions
	call   capi.HostCall // gone when ended
	ending context.Context

	lock   sync.Mutex
	ended  bool
	full   context.Context
	cancel context.CancelFunc
}

// whole makes the context that a timer ends. The lock is held.
func (c *hostContext) whole() context.Context {
	if c.full == nil {
		var remaining uint64
		if !c.ended {
			remaining = c.call.RemainingMS()
		}
		c.full, c.cancel = lastingContext(c.withoutOptions, c.ending, remaining)
		if c.ended {
			c.cancel()
		}
	}
	return c.full
}

func (c *hostContext) Deadline() (time.Time, bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.whole().Deadline()
}

func (c *hostContext) Done() <-chan struct{} {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.whole().Done()
}

func (c *hostContext) Err() error {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.whole().Err()
}

func (c *hostContext) end() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}

// lastingContext is a context that ends after so many milliseconds, or with the runtime.
func lastingContext(ctx, ending context.Context, ms uint64) (context.Context, context.CancelFunc) {
	const longest = uint64(1<<63-1) / uint64(time.Millisecond)
	ctx, cancel := context.WithTimeout(ctx, time.Duration(min(ms, longest))*time.Millisecond)
	stop := context.AfterFunc(ending, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
