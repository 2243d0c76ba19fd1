package wasmcell

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// requestParts is what a request is beside its headers and its body.
type requestParts struct{ scheme, authority, path string }

// servedParts are those of a request that came to a server.
func servedParts(r *http.Request) requestParts {
	parts := requestParts{"http", r.Host, r.URL.RequestURI()}
	if r.TLS != nil {
		parts.scheme = "https"
	}
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); r.Host == "" && ok {
		parts.authority = local.String() // HTTP/1.0
	}
	return parts
}

// sentParts are those of a request that a client sends.
func sentParts(r *http.Request) requestParts {
	parts := requestParts{r.URL.Scheme, r.Host, r.URL.RequestURI()}
	if r.Host == "" {
		parts.authority = r.URL.Host
	}
	return parts
}

// texts spells a request for the library.
func (p *requestParts) texts(r *http.Request, hasBody bool) *capi.Texts {
	all := &capi.Texts{}
	for _, part := range []string{r.Method, p.scheme, p.authority, p.path} {
		all.Add(part)
	}
	for name, values := range r.Header {
		switch name {
		case "Content-Length", "Trailer", "Host":
			continue // net/http has them in other places
		}
		for _, value := range values {
			all.Add(name)
			all.Add(value)
		}
	}
	switch {
	case r.ContentLength > 0 && hasBody:
		all.Add("Content-Length")
		all.Add(strconv.FormatInt(r.ContentLength, 10))
	case r.ContentLength == 0 && !hasBody && r.Header["Content-Length"] != nil:
		all.Add("Content-Length")
		all.Add("0")
	}
	if hasBody && len(r.Trailer) > 0 {
		names := make([]string, 0, len(r.Trailer))
		for name := range r.Trailer {
			names = append(names, name)
		}
		slices.Sort(names)
		all.Add("Trailer")
		all.Add(strings.Join(names, ", "))
	}
	return all
}

// requestBody is the body of a request on its way to the guest.
//
// A server's is read where the response is asked for, and only once the guest waits for it:
// net/http lets nobody read it elsewhere while that goroutine writes the response, nor after its
// end. A client's is read apart, one piece at a time, since its client may write it between two
// reads of the response.
type requestBody struct {
	request *http.Request
	buffer  []byte
	from    int  // what the guest has not taken yet is from here
	to      int  // to here
	over    bool // nothing follows
	ended   bool // the library knows

	done    chan bodyRead // where what was read apart comes; nil if that is not so
	reading bool          // it has not come yet
}

type bodyRead struct {
	count int
	err   error
}

// bodyError is what reading the request's body failed with.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "wasmcell: the request's body: " + e.err.Error() }

func (e *bodyError) Unwrap() error { return e.err }

// pieceSize is how much the library takes at once.
const pieceSize = 64 << 10

// newRequestBody is nil if there is none.
func newRequestBody(r *http.Request) *requestBody {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	return &requestBody{request: r}
}

// clientBody is one that is read apart.
func clientBody(r *http.Request) *requestBody {
	b := newRequestBody(r)
	if b != nil {
		b.done = make(chan bodyRead, 1)
	}
	return b
}

// left is what the guest has not taken yet.
func (b *requestBody) left() []byte { return b.buffer[b.from:b.to] }

// isBegun tells whether something of it was asked for.
func (b *requestBody) isBegun() bool { return b.buffer != nil }

// read reads once, and waits for that, unless there is no room or nothing to read.
func (b *requestBody) read() error {
	room := b.room()
	if len(room) == 0 {
		return nil
	}
	count, err := b.request.Body.Read(room)
	return b.take(bodyRead{count, err})
}

// begin begins to read apart, unless that goes on, or there is no room or nothing to read.
func (b *requestBody) begin() {
	if b == nil || b.done == nil || b.reading {
		return
	}
	room := b.room()
	if len(room) == 0 {
		return
	}
	b.reading = true
	go func() {
		var read bodyRead
		defer func() {
			if p := recover(); p != nil {
				read.err = fmt.Errorf("%s", capi.PanicMessage(p))
			}
			b.done <- read
		}()
		read.count, read.err = b.request.Body.Read(room)
	}()
}

// close closes a client's body, once nobody reads it; who waits for what never comes is told so.
func (b *requestBody) close() {
	if b == nil || !b.reading {
		closeRequest(b)
		return
	}
	go func() {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case <-b.done:
		case <-timer.C:
		}
		closeRequest(b)
	}()
}

func closeRequest(b *requestBody) {
	if b != nil {
		b.request.Body.Close()
	}
}

// take takes what was read.
func (b *requestBody) take(read bodyRead) error {
	b.reading = false
	b.to += read.count
	if read.err == io.EOF {
		b.over = true
	} else if read.err != nil {
		return &bodyError{read.err}
	}
	return nil
}

// room is where the next piece goes; nothing if there is no room or nothing to read.
func (b *requestBody) room() []byte {
	if b.over {
		return nil
	}
	if b.buffer == nil {
		size := int64(pieceSize)
		if length := b.request.ContentLength; length > 0 {
			size = min(size, length+1) // one more to find the end
		}
		b.buffer = make([]byte, size)
	}
	if b.from == b.to {
		b.from, b.to = 0, 0
	}
	return b.buffer[b.to:]
}

// readSmall reads all of a body that says that it is small, so that the guest does not stand still
// while a client sends it, and net/http sees from then on whether that client leaves.
func (b *requestBody) readSmall() error {
	if length := b.request.ContentLength; length <= 0 || length >= pieceSize {
		return nil
	}
	for !b.over {
		before := b.to
		if err := b.read(); err != nil {
			return err
		}
		if b.to == before && b.to == len(b.buffer) {
			return nil // longer than it says, which the library finds out
		}
	}
	return nil
}

// hasMore tells whether there is something to give to the guest without waiting, if it took so much
// of it the last time.
func (b *requestBody) hasMore(taken int) bool {
	if b == nil {
		return false
	}
	if b.from < b.to {
		return taken > 0
	}
	return b.over && !b.ended
}

// trailers are what follows the body, once it is over; nil if nothing does.
func (b *requestBody) trailers() *capi.Texts {
	var all *capi.Texts
	for name, values := range b.request.Trailer {
		for _, value := range values {
			if all == nil {
				all = &capi.Texts{}
			}
			all.Add(name)
			all.Add(value)
		}
	}
	return all
}
