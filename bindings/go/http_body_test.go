package wasmcell

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// watchedBody tells whether it is read when it may not be.
type watchedBody struct {
	io.Reader
	over *atomic.Bool
	late *atomic.Int32
}

func (b *watchedBody) Read(p []byte) (int, error) {
	count, err := b.Reader.Read(p)
	if b.over.Load() {
		b.late.Add(1)
	}
	return count, err
}

func (b *watchedBody) Close() error {
	b.over.Store(true)
	return nil
}

// chunked is a body whose length nobody knows.
func chunked(length int) io.Reader {
	return struct{ io.Reader }{strings.NewReader(strings.Repeat("x", length))}
}

// TestHTTPBehindMaxBytes has net/http change the response's header when the request's body is read:
// in no other goroutine than that of the response.
func TestHTTPBehindMaxBytes(t *testing.T) {
	s := newSite(t)
	server := httptest.NewServer(http.MaxBytesHandler(s.handler, 1000))
	defer server.Close()
	var clients sync.WaitGroup
	for range 4 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for i := range 50 {
				path := []string{"/hello", "/sum", "/echo", "/trap-before"}[i%4]
				response, err := http.Post(server.URL+path, "text/plain", chunked(100000))
				if err != nil {
					continue // in the midst of its body, perhaps
				}
				_, _ = io.Copy(io.Discard, response.Body)
				response.Body.Close()
				if path == "/sum" && response.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("%s: %s", path, response.Status)
				}
			}
		}()
	}
	clients.Wait()
}

// TestHTTPBodyIsReadInTime has nobody read a request's body once its response has ended.
func TestHTTPBodyIsReadInTime(t *testing.T) {
	s := newSite(t)
	var late atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var over atomic.Bool
		r.Body = &watchedBody{r.Body, &over, &late}
		defer over.Store(true)
		s.handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, path := range []string{"/hello", "/trap-before", "/trap-after", "/no-finish", "/sum"} {
		in, out := io.Pipe()
		request := must[*http.Request](t)(http.NewRequest("POST", server.URL+path, in))
		go func() {
			for range 20 {
				if _, err := out.Write(make([]byte, 1000)); err != nil {
					return
				}
			}
			out.Close()
		}()
		if response, err := http.DefaultClient.Do(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
		in.Close()
	}
	if count := late.Load(); count > 0 {
		t.Errorf("%d reads too late", count)
	}
}

// TestHTTPClientBody has nobody read a request's body once it was closed.
func TestHTTPClientBody(t *testing.T) {
	s := newSite(t)
	var late atomic.Int32
	for i := range 40 {
		var over atomic.Bool
		path := []string{"/hello", "/sum", "/trap-after", "/status?204"}[i%4]
		body := &watchedBody{chunked(200000), &over, &late}
		request := must[*http.Request](t)(http.NewRequest("POST", "http://x"+path, body))
		if response, err := s.handler.RoundTrip(request); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
		}
	}
	if count := late.Load(); count > 0 {
		t.Errorf("%d reads too late", count)
	}
	if _, err := s.handler.RoundTrip(&http.Request{}); err == nil {
		t.Error("a request to nowhere")
	}
}
