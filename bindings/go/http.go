package wasmcell

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// HTTPHandler is a component that handles HTTP requests, by its wasi:http/incoming-handler@0.2: for
// the server of a Go program it is an [http.Handler], and for a client of one the transport, an
// [http.RoundTripper] without any connection.
//
// Each request has a fresh instance, unless the component was loaded with [WithReuse]. Bodies go
// through in pieces both ways, and a guest stands still while nobody takes what it gives. The guest
// runs on the thread of the goroutine that asks for its response, whatever [WithMaxBlockingCalls]
// and [OnWorkers] say.
//
// The context of a request ends its guest, and carries options as that of any call. It does so
// until the response has ended; after that the guest may go on in a goroutine of its own, until its
// time is up: that of a [Timeout], of the context's deadline, or of the runtime's limit. What was
// not read of the request's body by then is broken off for the guest.
//
// It belongs to its component, and is closed with it; requests in flight go on. Any number of
// goroutines may use it.
type HTTPHandler struct {
	// ErrorHandler answers a request to which the guest gave no response, instead of the empty one
	// with the status of [Error.HTTPStatus]. The error is an [*Error], or [ErrClosed], or what the
	// body of the request failed with. It must not be set while requests are served.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

	component *Component
	c         *capi.HTTPHandler
	options   []CallOption
}

var (
	_ http.Handler      = (*HTTPHandler)(nil)
	_ http.RoundTripper = (*HTTPHandler)(nil)
)

// HTTPHandler looks up what handles HTTP requests in the component. The options hold for each of
// them, besides those of its context.
//
// [ErrNotFound] if the component does not export wasi:http/incoming-handler@0.2; [ErrTypeMismatch]
// if what it exports by that name is something else; [ErrUnsupported] if it exports a handler of
// wasi:http 0.3 only, or if the library was built without HTTP.
func (c *Component) HTTPHandler(options ...CallOption) (*HTTPHandler, error) {
	if c.closed.Load() {
		return nil, ErrClosed
	}
	found, err := c.compiled.httpHandler()
	if err != nil {
		return nil, err
	}
	return &HTTPHandler{component: c, c: found, options: options}, nil
}

// httpHandler looks up what handles HTTP requests, once.
func (c *compiled) httpHandler() (*capi.HTTPHandler, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.http != nil {
		return c.http, nil
	}
	if !c.c.Acquire() {
		return nil, ErrClosed
	}
	defer c.c.Release()
	found, failure := c.c.HTTPHandler()
	if failure != nil {
		return nil, newError(failure)
	}
	c.http = found
	return found, nil
}

// ServeHTTP has the component answer a request. If its guest fails in the midst of a response,
// ServeHTTP panics with [http.ErrAbortHandler], so that the client sees that it is cut off: all but
// those of HTTP/1.0, which know no end of a response but that of the connection.
//
// A body of less than 64 KiB is read before the guest begins, if its length is known and the client
// does not wait to be asked for it; of others each piece is read when the guest waits for it, and
// it stands still meanwhile. A client that leaves is noticed once the body was read. One that only
// ends its own side of the connection counts as one that leaves.
func (h *HTTPHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	control, body := http.NewResponseController(w), newRequestBody(r)
	if body != nil {
		// Where it is not possible, it is not necessary either.
		_ = control.EnableFullDuplex()
		if r.Header["Expect"] == nil {
			if err := body.readSmall(); err != nil {
				h.fail(w, r, err)
				return
			}
		}
	}
	x, err := h.begin(r, servedParts(r), body)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer x.giveUp()
	settled := x.unblock(control)
	defer settled()
	err = x.head()
	var first *capi.Step
	if err == nil && body != nil && r.Header["Expect"] != nil && !body.isBegun() {
		// Nobody is asked for a body after the response has begun: so not before there is some.
		var step capi.Step
		step, err = x.next()
		first = &step
	}
	if r.ProtoMajor == 1 && body != nil && !body.over {
		// net/http cannot go on in the midst of a body, and must not take the rest for a request.
		w.Header().Set("Connection", "close")
	}
	if err != nil {
		settled()
		x.giveUp()
		h.fail(w, r, err)
		return
	}
	x.writeHead(w)
	complete := x.writeBody(w, control, first)
	settled()
	if !complete {
		x.giveUp()
		if body != nil && !body.over {
			// net/http would wait for the rest of the request before it ends the connection.
			_ = control.SetReadDeadline(longAgo)
		}
		panic(http.ErrAbortHandler)
	}
	x.goOn()
}

// grace is how much later than its time the library gives a guest up at most, and more.
const grace = 100 * time.Millisecond

// longAgo is a deadline that is over.
var longAgo = time.Unix(1, 0)

// unblock has reading the request's body end when the exchange does. What it gives is to be called
// before that, and before net/http goes on with the connection.
func (x *exchange) unblock(control *http.ResponseController) (settled func()) {
	if x.body == nil {
		return func() {}
	}
	done := make(chan struct{})
	end := func() {
		defer close(done)
		_ = control.SetReadDeadline(longAgo)
	}
	ctx, cancel := x.ctx, func() {}
	if limit := x.s.options.TimeoutMS; limit > 0 {
		// The guest is over by then.
		ctx, cancel = context.WithTimeout(ctx, time.Duration(limit)*time.Millisecond+grace)
	}
	stop := context.AfterFunc(ctx, end)
	return sync.OnceFunc(func() {
		if !stop() {
			<-done
		}
		cancel()
	})
}

// writeHead writes what the guest gave.
func (x *exchange) writeHead(w http.ResponseWriter) {
	header := w.Header()
	for name, values := range x.header {
		header[name] = values
	}
	if _, typed := x.header["Content-Type"]; !typed {
		header["Content-Type"] = nil // which none but the guest knows
	}
	w.WriteHeader(x.status)
}

// writeBody writes the pieces as they come, and what follows them; false if it ends before.
func (x *exchange) writeBody(w http.ResponseWriter, control *http.ResponseController,
	first *capi.Step) bool {
	if x.length < 0 && first == nil {
		_ = control.Flush() // the first piece may take its time
	}
	for {
		step, err := x.after(first)
		first = nil
		if err != nil {
			return false
		}
		if step.End {
			break
		}
		if _, err := w.Write(step.Piece); err != nil {
			return false
		}
		if err := control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return false
		}
	}
	x.c.Trailers(func(name, value string) {
		w.Header().Add(http.TrailerPrefix+http.CanonicalHeaderKey(name), value)
	})
	return true
}

// after is the next step, or the first that there is already.
func (x *exchange) after(first *capi.Step) (capi.Step, error) {
	if first != nil {
		return *first, nil
	}
	return x.next()
}

// fail answers a request to which there is no response.
func (h *HTTPHandler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if h.ErrorHandler != nil {
		h.ErrorHandler(w, r, err)
		return
	}
	w.WriteHeader(statusOf(err))
}

func statusOf(err error) int {
	var failure *Error
	var body *bodyError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.As(err, &body):
		return http.StatusBadRequest
	case errors.As(err, &failure):
		return failure.HTTPStatus()
	case errors.Is(err, ErrClosed):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
