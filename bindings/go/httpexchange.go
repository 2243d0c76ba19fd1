package wasmcell

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// exchange is a request and its response. One goroutine at a time may use it.
type exchange struct {
	s      *session // nil once it is released
	c      *capi.Exchange
	ctx    context.Context
	cancel context.CancelCauseFunc
	detach func() bool // from the context of the request
	body   *requestBody

	status int
	header http.Header
	length int64
}

// begin begins an exchange. Nothing of it runs yet.
func (h *HTTPHandler) begin(r *http.Request, parts requestParts,
	body *requestBody) (*exchange, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		return nil, contextError(ctx, err)
	}
	if len(h.options) > 0 {
		ctx = CallWith(ctx, h.options...)
	}
	x := &exchange{body: body}
	x.ctx, x.cancel, x.detach = outliving(ctx)
	s, err := begin(x.ctx, target{compiled: h.component.compiled, component: h.component})
	if err != nil {
		x.cancel(nil)
		return nil, err
	}
	x.s = s
	if err := x.open(h, parts.texts(r, x.body != nil)); err != nil {
		x.release()
		return nil, err
	}
	return x, nil
}

func (x *exchange) open(h *HTTPHandler, request *capi.Texts) error {
	if !h.c.Acquire() {
		return ErrClosed
	}
	defer h.c.Release()
	c, failure := h.c.Exchange(&x.s.frame, request, x.body != nil, &x.s.options)
	if failure != nil {
		return x.s.finish(failure)
	}
	x.c = c
	return nil
}

// outliving is a context that ends with another one, and at its deadline, until it is detached:
// then only at the deadline.
func outliving(of context.Context) (context.Context, context.CancelCauseFunc, func() bool) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(of))
	if deadline, ok := of.Deadline(); ok {
		inner := cancel
		limited, stop := context.WithDeadline(ctx, deadline)
		ctx, cancel = limited, func(cause error) {
			inner(cause)
			stop()
		}
	}
	detach := context.AfterFunc(of, func() {
		// The deadline is kept here as well.
		if !errors.Is(of.Err(), context.DeadlineExceeded) {
			cancel(context.Cause(of))
		}
	})
	return ctx, cancel, detach
}

// head waits for the head of the response.
func (x *exchange) head() error {
	step, err := x.drive(true)
	if err != nil || !step.Head {
		return err
	}
	x.header = http.Header{}
	x.status, x.length = x.c.Head(func(name, value string) { x.header.Add(name, value) })
	return nil
}

// next waits for the next piece of the response, or its end.
func (x *exchange) next() (capi.Step, error) { return x.drive(false) }

// waiting is how long the guest stands still at most, until it is asked again while a client's body
// does not go on: it might wait for something else too, or its time might be up.
const waiting = 10 * time.Millisecond

// drive has the guest go on until there is something, and gives it what it needs for that. While it
// waits for a server's request and that does not come, it stands still.
func (x *exchange) drive(head bool) (capi.Step, error) {
	for {
		step, err := x.step(head)
		if err != nil || step.Head || step.Piece != nil || step.End {
			return step, err
		}
		if x.body.hasMore(step.Taken) {
			continue
		}
		if x.body == nil || x.body.ended || x.body.from < x.body.to {
			time.Sleep(time.Millisecond) // it waits for nothing that there is
			continue
		}
		if err := x.body.wait(); err != nil {
			return step, x.why(head, err)
		}
	}
}

// wait waits for more of the body, if it is read apart not for long.
func (b *requestBody) wait() error {
	if b.done == nil {
		return b.read()
	}
	b.begin()
	timer := time.NewTimer(waiting)
	defer timer.Stop()
	select {
	case read := <-b.done:
		return b.take(read)
	case <-timer.C:
		return nil
	}
}

// why tells why the request's body could not be read: because the exchange is over, perhaps.
func (x *exchange) why(head bool, err error) error {
	if cause := x.ctx.Err(); cause != nil {
		return contextError(x.ctx, cause)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if _, over := x.step(head); over != nil {
			return over
		}
	}
	return err
}

// step gives the guest what there is of the request's body, and takes what it has for the client.
func (x *exchange) step(head bool) (capi.Step, error) {
	b := x.body
	if b == nil {
		step, failure := x.c.Step(nil, false, head)
		return step, x.explain(failure)
	}
	if b.reading {
		select {
		case read := <-b.done:
			if err := b.take(read); err != nil {
				return capi.Step{}, err
			}
		default:
		}
	}
	last := false
	if b.over && !b.ended {
		trailers := b.trailers()
		last = trailers == nil
		if !last && len(b.left()) == 0 {
			if failure := x.c.Finish(trailers); failure != nil {
				return capi.Step{}, x.explain(failure)
			}
			b.ended = true
		}
	}
	step, failure := x.c.Step(b.left(), last, head)
	b.from += step.Taken
	if last && len(b.left()) == 0 {
		b.ended = true
	}
	return step, x.explain(failure)
}

func (x *exchange) explain(failure *capi.Failure) error {
	if failure == nil {
		return nil
	}
	return x.s.finish(failure)
}

// goOn lets the guest do what it has left to do after its response.
func (x *exchange) goOn() {
	x.detach()
	s, c := x.s, x.c
	x.s = nil
	go func() {
		c.Free(&s.frame, true) // nobody is left to tell
		s.end()
		x.cancel(nil)
	}()
}

// giveUp ends the guest, unless it goes on.
func (x *exchange) giveUp() {
	if x.s != nil {
		x.c.Free(&x.s.frame, false)
		x.release()
	}
}

func (x *exchange) release() {
	x.detach()
	x.s.end()
	x.s = nil
	x.cancel(nil)
}
