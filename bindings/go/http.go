package wasmcell

import (
	"errors"
	"net/http"
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
// ServeHTTP panics with [http.ErrAbortHandler], so that the client sees that it is cut off.
func (h *HTTPHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x, err := h.begin(r, servedParts(r))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer x.giveUp()
	control := http.NewResponseController(w)
	if x.body != nil {
		// Where it is not possible, it is not necessary either.
		_ = control.EnableFullDuplex()
	}
	if r.Header["Expect"] == nil {
		// Until a body is read, net/http does not see that the client leaves. Who waits to be asked
		// for it waits for the guest.
		x.readAhead()
	}
	err = x.head()
	if r.ProtoMajor == 1 && x.body != nil && !x.body.complete() {
		// net/http cannot go on in the midst of a body, and must not take the rest for a request.
		w.Header().Set("Connection", "close")
	}
	if err != nil {
		x.giveUp()
		h.fail(w, r, err)
		return
	}
	x.writeHead(w)
	if !x.writeBody(w, control) {
		x.giveUp()
		x.body.cut(control)
		panic(http.ErrAbortHandler)
	}
	x.goOn()
}

// cut has nobody wait for the rest of the request: net/http would, before it ends the connection.
func (b *requestBody) cut(control *http.ResponseController) {
	if b == nil || b.over {
		return
	}
	if control.SetReadDeadline(time.Unix(1, 0)) == nil && b.reading {
		select {
		case <-b.done:
		case <-time.After(time.Second):
		}
	}
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
func (x *exchange) writeBody(w http.ResponseWriter, control *http.ResponseController) bool {
	if x.length < 0 {
		_ = control.Flush() // the first piece may take its time
	}
	for {
		step, err := x.next()
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
