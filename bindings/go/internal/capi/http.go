package capi

/*
#include "shim.h"

#cgo noescape runtime_http_handler_new
#cgo nocallback runtime_http_handler_new
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// HTTPHandler owns a runtime_http_handler_t.
type HTTPHandler struct{ handle }

func freeHTTPHandler(ptr unsafe.Pointer) {
	C.runtime_http_handler_free((*C.runtime_http_handler_t)(ptr))
}

// HTTPHandler looks up what handles HTTP requests.
func (c *Component) HTTPHandler() (*HTTPHandler, *Failure) {
	var out *C.runtime_http_handler_t
	if err := C.runtime_http_handler_new(c.raw(), &out); err != nil {
		return nil, takeError(err)
	}
	h := &HTTPHandler{}
	own(h, &h.handle, "HTTP handler", unsafe.Pointer(out), freeHTTPHandler)
	return h, nil
}

// Texts are several texts, one behind the other.
type Texts struct {
	text []byte
	lens []C.size_t
}

// Add adds one.
func (t *Texts) Add(text string) {
	t.text = append(t.text, text...)
	t.lens = append(t.lens, C.size_t(len(text)))
}

// Exchange owns a request and its response. One goroutine at a time may use it.
type Exchange struct {
	handle
	step C.wasmcell_go_step_t
}

func freeExchange(ptr unsafe.Pointer) {
	C.wasmcell_go_exchange_free((*C.wasmcell_go_exchange_t)(ptr), false, nil)
}

func (e *Exchange) raw() *C.wasmcell_go_exchange_t { return (*C.wasmcell_go_exchange_t)(e.ptr) }

// Exchange begins to have a request handled. The request is its method, scheme, authority and path,
// and name and value of each header. The frame keeps what the options name until [Exchange.Free].
// The caller has acquired the handler.
func (h *HTTPHandler) Exchange(f *Frame, request *Texts, hasBody bool,
	options *Options) (*Exchange, *Failure) {
	f.set(&Target{}, options)
	var out *C.wasmcell_go_exchange_t
	maybeGC()
	err := C.wasmcell_go_exchange_new((*C.runtime_http_handler_t)(h.ptr), &f.call,
		(*C.char)(unsafe.Pointer(bytesOf(request.text))), unsafe.SliceData(request.lens),
		C.size_t(len(request.lens)), C.bool(hasBody), &out)
	maybeGC()
	runtime.KeepAlive(options.Cancel)
	if err != nil {
		return nil, takeError(err)
	}
	e := &Exchange{}
	own(e, &e.handle, "HTTP exchange", unsafe.Pointer(out), freeExchange)
	return e, nil
}

// Step is what there is after a step; all of it empty if the guest waits for the request's body.
type Step struct {
	// Taken is how much of the data the guest took.
	Taken int
	// Head tells that the head of the response is there; see [Exchange.Head].
	Head bool
	// Piece is the next piece of the response's body. It is C's, until the next step.
	Piece []byte
	// End tells that the response's body is complete; see [Exchange.Trailers].
	End bool
}

// Step writes data to the request's body, which it ends if this is the last of it, and waits for
// the response's head, or else for its next piece.
func (e *Exchange) Step(data []byte, last, head bool) (Step, *Failure) {
	e.step = C.wasmcell_go_step_t{data_len: C.size_t(len(data)), last: C.bool(last),
		head: C.bool(head)}
	maybeGC()
	C.wasmcell_go_exchange_step(e.raw(), &e.step, bytesOf(data))
	maybeGC()
	step := Step{Taken: int(e.step.taken), Head: e.step.response != 0, End: e.step.end != 0}
	if e.step.error != 0 {
		return step, takeError(errorAt(e.step.error))
	}
	if e.step.piece_len > 0 {
		step.Piece = unsafe.Slice((*byte)(pointerAt(&e.step.piece)), int(e.step.piece_len))
	}
	return step, nil
}

// Head gives the head, after the step that said so: its status, and how long the body is, or -1.
func (e *Exchange) Head(field func(name, value string)) (status int, length int64) {
	head := (*C.runtime_http_response_t)(pointerAt(&e.step.response))
	each(head.fields, head.fields_len, field)
	return int(head.status), int64(head.body_len)
}

// Trailers gives the trailers, after the step with the end.
func (e *Exchange) Trailers(field func(name, value string)) {
	each((*C.runtime_http_field_t)(pointerAt(&e.step.trailers)), e.step.trailers_len, field)
}

func each(fields *C.runtime_http_field_t, count C.size_t, field func(name, value string)) {
	for _, f := range unsafe.Slice(fields, int(count)) {
		field(textAt(f.name, f.name_len), textAt(f.value, f.value_len))
	}
}

func textAt(text *C.char, length C.size_t) string {
	return string(unsafe.Slice((*byte)(unsafe.Pointer(text)), int(length)))
}

// Finish ends the request's body with trailers: name and value of each.
func (e *Exchange) Finish(trailers *Texts) *Failure {
	maybeGC()
	return takeError(C.wasmcell_go_exchange_finish(e.raw(),
		(*C.char)(unsafe.Pointer(bytesOf(trailers.text))), unsafe.SliceData(trailers.lens),
		C.size_t(len(trailers.lens))))
}

// Free releases the exchange, after the guest's end if that is to be waited for. What it used is
// in the frame then.
func (e *Exchange) Free(f *Frame, wait bool) *Failure {
	e.cleanup.Stop()
	maybeGC()
	err := C.wasmcell_go_exchange_free(e.raw(), C.bool(wait), &f.call)
	e.ptr = nil
	maybeGC()
	return takeError(err)
}
