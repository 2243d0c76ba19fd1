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

// requestBody is the body of a request on its way to the guest. It is read in a goroutine, one
// piece at a time, since reading waits and the guest may have something else to do.
type requestBody struct {
	request *http.Request
	buffer  []byte
	from    int // what the guest has not taken yet is from here
	to      int // to here
	done    chan bodyRead
	reading bool  // what is behind that; done gets what it came to
	over    bool  // nothing follows
	ended   bool  // the library knows
	err     error // why nothing follows
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
	return &requestBody{request: r, done: make(chan bodyRead, 1)}
}

// left is what the guest has not taken yet.
func (b *requestBody) left() []byte { return b.buffer[b.from:b.to] }

// begin begins to read, unless that goes on already, or there is no room or nothing to read.
func (b *requestBody) begin() {
	if b.reading || b.over || b.err != nil {
		return
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
	room := b.buffer[b.to:]
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

// take takes what was read.
func (b *requestBody) take(read bodyRead) {
	b.reading = false
	b.to += read.count
	switch {
	case read.err == io.EOF:
		b.over = true
	case read.err != nil:
		b.err = &bodyError{read.err}
	}
}

// complete tells whether the body was read to its end, or can be without a wait worth mentioning.
func (b *requestBody) complete() bool {
	length, expects := b.request.ContentLength, b.request.Header["Expect"] != nil
	if b.over || length < 0 || length >= pieceSize || expects && b.buffer == nil {
		return b.over
	}
	timer := time.NewTimer(soon)
	defer timer.Stop()
	for !b.over {
		if b.begin(); !b.reading {
			return false
		}
		select {
		case read := <-b.done:
			b.take(read)
		case <-timer.C:
			return false
		}
	}
	return true
}

// soon is when what a client sent together with its head has arrived.
const soon = 10 * time.Millisecond

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
