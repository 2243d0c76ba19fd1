package wasmcell

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// RoundTrip has the component answer a request of an [http.Client], or of whoever else has one: no
// connection is made. The body of the response goes on when it is read, and the guest with it. To
// close it before its end gives the guest up; it has to be closed or read to the end.
//
// Errors are [*Error], also those of reading the body, or [ErrClosed], or what the body of the
// request failed with.
func (h *HTTPHandler) RoundTrip(r *http.Request) (*http.Response, error) {
	body := clientBody(r)
	if r.URL == nil {
		body.close()
		return nil, errors.New("wasmcell: a request without a URL")
	}
	x, err := h.begin(r, sentParts(r), body)
	if err != nil {
		body.close()
		return nil, err
	}
	body.begin()
	if err := x.head(); err != nil {
		x.giveUp()
		body.close()
		return nil, err
	}
	body.begin()
	response := &http.Response{
		Status:     fmt.Sprintf("%d %s", x.status, http.StatusText(x.status)),
		StatusCode: x.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        x.header,
		ContentLength: x.length,
		Request:       r,
	}
	if said, err := strconv.ParseInt(x.header.Get("Content-Length"), 10, 64); err == nil {
		response.ContentLength = said // of what HEAD asks about, too
	}
	response.Trailer = announced(x.header)
	response.Body = &responseBody{x: x, response: response}
	return response, nil
}

// announced are the trailers that a head announces, without values yet; net/http has them there and
// not among the headers.
func announced(header http.Header) http.Header {
	var trailers http.Header
	for _, names := range header["Trailer"] {
		for _, name := range strings.Split(names, ",") {
			if trailers == nil {
				trailers = http.Header{}
			}
			trailers[http.CanonicalHeaderKey(strings.TrimSpace(name))] = nil
		}
	}
	delete(header, "Trailer")
	return trailers
}

// responseBody is the body of a response. Close may come while Read waits.
type responseBody struct {
	response *http.Response
	closed   atomic.Bool

	lock  sync.Mutex
	x     *exchange
	piece []byte // what was not read yet, which is C's
	err   error  // how it has ended
}

var errBodyClosed = errors.New("the response's body was closed")

// Read gives what the guest wrote, and waits for it only if there is nothing.
func (b *responseBody) Read(p []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	if len(p) == 0 {
		return 0, nil
	}
	if len(b.piece) == 0 && b.err == nil {
		b.err = b.more()
	}
	if b.err != nil {
		return 0, b.err
	}
	count := copy(p, b.piece)
	b.piece = b.piece[count:]
	return count, nil
}

// more waits for the next piece. The error is the end, proper or not.
func (b *responseBody) more() error {
	step, err := b.x.next()
	switch {
	case err != nil:
		b.x.giveUp()
		b.x.body.close()
		return err
	case step.End:
		b.x.c.Trailers(func(name, value string) {
			if b.response.Trailer == nil {
				b.response.Trailer = http.Header{}
			}
			b.response.Trailer.Add(name, value)
		})
		b.x.goOn()
		b.x.body.close()
		return io.EOF
	}
	b.piece = step.Piece
	b.x.body.begin()
	return nil
}

// Close gives the guest up, unless the body was read to its end.
func (b *responseBody) Close() error {
	if b.closed.Swap(true) {
		return nil
	}
	if b.lock.TryLock() {
		defer b.lock.Unlock()
	} else {
		// Ends a Read that waits, which ends the body then; it does nothing after its end.
		b.x.cancel(errBodyClosed)
		b.lock.Lock()
		defer b.lock.Unlock()
	}
	b.piece = nil
	if b.err == nil {
		b.err = http.ErrBodyReadAfterClose
		b.x.giveUp()
		b.x.body.close()
	}
	return nil
}
