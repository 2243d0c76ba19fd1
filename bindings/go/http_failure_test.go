package wasmcell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestHTTPGuestsThatFailBefore(t *testing.T) {
	s := newSite(t, Timeout(100*time.Millisecond))
	for path, status := range map[string]int{
		"/trap-before": 500, "/no-response": 500, "/dropped": 500, "/spin-before": 504,
		"/sleep-before?60000": 504, "/error?connection-refused": 502, "/error?DNS-timeout": 504,
		"/status?101": 500, "/field-bomb?100000": 500, "/hello": 200,
	} {
		response, text, err := s.ask("GET", path, nil)
		if err != nil || response.StatusCode != status || status != 200 && text != "" {
			t.Errorf("%s: %v, %q, %v", path, response, text, err)
		}
	}
}

// TestHTTPGuestsThatFailWithin has responses that are cut off, which no client takes for complete.
func TestHTTPGuestsThatFailWithin(t *testing.T) {
	s := newSite(t, Timeout(100*time.Millisecond))
	for _, path := range []string{"/trap-after", "/spin-after", "/sleep-after?60000", "/exit-after",
		"/no-finish", "/short?10", "/short?100000", "/ticks?3&60000", "/body-bomb"} {
		for _, body := range []io.Reader{nil, &slow{}} {
			begin := time.Now()
			response, text, err := s.ask("POST", path, body)
			if err == nil && response.StatusCode == 200 || time.Since(begin) > 5*time.Second {
				t.Errorf("%s: %v, %q after %v", path, response, text, time.Since(begin))
			}
		}
	}
	// Here the client has as many bytes as it was to get.
	s.expect("GET", "/long?10", nil, 200, "\x00\x01\x02\x03\x04\x05\x06\a\b\t")
}

// slow is a body that never ends.
type slow struct{ begun bool }

func (s *slow) Read(room []byte) (int, error) {
	if s.begun {
		time.Sleep(time.Second)
	}
	s.begun = true
	return copy(room, "slow"), nil
}

func TestHTTPClientsThatLeave(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/sleep-before?100000", "/spin-before", "/sleep-after?100000",
		"/body-bomb", "/ticks?100000&1", "/echo"} {
		ctx, leave := context.WithTimeout(background, 50*time.Millisecond)
		var body io.Reader
		switch path {
		case "/echo":
			body, _ = io.Pipe()
		case "/spin-before":
			body = strings.NewReader("unread")
		}
		request := must[*http.Request](t)(http.NewRequestWithContext(ctx, "GET", s.URL+path, body))
		response, err := s.client.Do(request)
		if err == nil {
			time.Sleep(20 * time.Millisecond)
			response.Body.Close()
		}
		leave()
		s.quiet()
	}
	if stats := must[Stats](t)(s.runtime.Stats()); stats.Cancelled < 5 {
		t.Errorf("%+v", stats)
	}
}

// TestHTTPClientsThatStopWriting leave in the midst of a request.
func TestHTTPClientsThatStopWriting(t *testing.T) {
	s := newSite(t)
	var failure error
	failed := make(chan bool, 1)
	s.handler.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
		failure = err
		w.WriteHeader(statusOf(err))
		failed <- true
	}
	connection := must[net.Conn](t)(net.Dial("tcp", s.Listener.Addr().String()))
	fmt.Fprint(connection, "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc")
	time.Sleep(20 * time.Millisecond)
	connection.Close()
	<-failed
	if !errors.Is(failure, io.ErrUnexpectedEOF) && !errors.Is(failure, context.Canceled) {
		t.Errorf("%v", failure)
	}
	s.quiet()
}

func TestHTTPRequestsThatAreNone(t *testing.T) {
	s := newSite(t)
	for name, text := range map[string]string{
		"a method": "TRACE /hello HTTP/1.1\r\nHost: x\r\n\r\n",
		"a target": "GET * HTTP/1.1\r\nHost: x\r\n\r\n",
		"a host":   "GET /hello HTTP/1.1\r\nHost: user@x\r\n\r\n",
	} {
		connection := must[net.Conn](t)(net.Dial("tcp", s.Listener.Addr().String()))
		fmt.Fprint(connection, text)
		answer := make([]byte, 1000)
		count, err := connection.Read(answer)
		if !strings.HasPrefix(string(answer[:count]), "HTTP/1.1 400 ") {
			t.Errorf("%s: %q, %v", name, answer[:count], err)
		}
		connection.Close()
	}
	connection := must[net.Conn](t)(net.Dial("tcp", s.Listener.Addr().String()))
	defer connection.Close()
	fmt.Fprint(connection, "GET /trailers HTTP/1.0\r\n\r\n")
	answer := must[[]byte](t)(io.ReadAll(connection))
	if !bytes.HasPrefix(answer, []byte("HTTP/1.0 200 ")) ||
		!bytes.HasSuffix(answer, []byte("\r\n\r\nwith trailers\n")) {
		t.Errorf("HTTP/1.0 without a host: %q", answer)
	}
}

func TestHTTPErrorHandler(t *testing.T) {
	_, h := handlerOf(t)
	var failure *Error
	h.ErrorHandler = func(w http.ResponseWriter, r *http.Request, err error) {
		if !errors.As(err, &failure) || !errors.Is(err, ErrHTTP) {
			t.Errorf("%v", err)
		}
		http.Error(w, failure.HTTPError.String(), failure.HTTPStatus())
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/error?loop-detected", nil))
	if w.Code != 500 || w.Body.String() != "loop-detected\n" {
		t.Error(w.Code, w.Body)
	}
	if HTTPErrorNone.String() != "none" || HTTPError(-1).String() != "unknown" ||
		HTTPError(1000).String() != "unknown" ||
		HTTPErrorRequestDenied.String() != "HTTP-request-denied" {
		t.Error("names of HTTP errors")
	}
	h.ErrorHandler = nil
	for body, status := range map[int64]int{3: 413, 1000: 200} {
		w = httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/sum", strings.NewReader("12345"))
		r.Body = http.MaxBytesReader(w, r.Body, body)
		h.ServeHTTP(w, r)
		if w.Code != status {
			t.Error(body, w.Code)
		}
	}
}

// TestHTTPRecorder has a ResponseWriter that is not net/http's, and a guest that fails within.
func TestHTTPRecorder(t *testing.T) {
	_, h := handlerOf(t)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/trailers", nil))
	if result := w.Result(); result.Trailer.Get("X-Sum") != "42" || !w.Flushed {
		t.Error(result)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Error(p)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/no-finish", nil))
}

func TestHTTPContextsOfRequests(t *testing.T) {
	r, h := handlerOf(t, Timeout(time.Hour))
	var failure error
	h.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, err error) { failure = err }
	serve := func(ctx context.Context, path string) {
		request := httptest.NewRequest("GET", path, nil)
		h.ServeHTTP(httptest.NewRecorder(), request.WithContext(ctx))
	}
	ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
	defer cancel()
	serve(ctx, "/spin-before")
	if !errors.Is(failure, ErrTimeout) || !errors.Is(failure, context.DeadlineExceeded) {
		t.Error(failure)
	}
	serve(ctx, "/hello")
	if !errors.Is(failure, context.DeadlineExceeded) || statusOf(failure) != 504 {
		t.Error(failure)
	}
	enough := errors.New("enough")
	cancelled, stop := context.WithCancelCause(background)
	time.AfterFunc(30*time.Millisecond, func() { stop(enough) })
	serve(cancelled, "/sleep-before?100000")
	if !errors.Is(failure, ErrCancelled) || !errors.Is(failure, enough) {
		t.Error(failure)
	}
	// The end of a request does not end what the guest does afterwards, but its deadline does.
	failure = nil
	short, end := context.WithTimeout(background, 300*time.Millisecond)
	serve(short, "/after?100")
	end()
	for begin := time.Now(); must[Stats](t)(r.Stats()).Finished == 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 5*time.Second {
			t.Fatal("it does not end")
		}
	}
	var report Report
	ctx, cancel = context.WithTimeout(CallWith(background, ReportTo(&report)),
		50*time.Millisecond)
	defer cancel()
	serve(ctx, "/after?100000")
	waitForNone(t, r)
	if stats := must[Stats](t)(r.Stats()); failure != nil || stats.TimedOut != 2 {
		t.Errorf("%v, %+v", failure, stats)
	}
}

func TestHTTPRoundTrip(t *testing.T) {
	r, h := handlerOf(t)
	client := &http.Client{Transport: h}
	response := must[*http.Response](t)(client.Get("https://example.com/show?x"))
	text := must[[]byte](t)(io.ReadAll(response.Body))
	response.Body.Close()
	if string(text) != "GET https example.com /show?x\n" || response.Status != "200 OK" ||
		response.ContentLength != -1 || response.Header.Get("content-type") != "text/plain" {
		t.Errorf("%q, %v", text, response)
	}
	_, err := client.Get("http://x/error?loop-detected")
	if e := (*Error)(nil); !errors.As(err, &e) || e.HTTPError != HTTPErrorLoopDetected {
		t.Error(err)
	}
	soon := must[*HTTPHandler](t)(h.component.HTTPHandler(Timeout(50 * time.Millisecond)))
	_, err = soon.RoundTrip(httptest.NewRequest("GET", "http://x/spin-before", &slow{}))
	if !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	response = must[*http.Response](t)(client.Get("http://x/no-finish"))
	if text, err := io.ReadAll(response.Body); string(text) != "begun" || !errors.Is(err, ErrHTTP) {
		t.Errorf("%q, %v", text, err)
	}
	response.Body.Close()
	response = must[*http.Response](t)(client.Head("http://x/length?5"))
	if response.ContentLength != 5 || response.Body.Close() != nil {
		t.Error(response)
	}
	response = must[*http.Response](t)(client.Get("http://x/trailers"))
	if value, there := response.Trailer["X-Sum"]; !there || value != nil {
		t.Error(response.Trailer)
	}
	_, _ = io.ReadAll(response.Body)
	if response.Trailer.Get("X-Sum") != "42" || response.Body.Close() != nil {
		t.Error(response.Trailer)
	}
	if _, err := response.Body.Read(make([]byte, 1)); err != http.ErrBodyReadAfterClose {
		t.Error(err)
	}
	s := &site{t: t, runtime: r, handler: h, client: client}
	s.Server = &httptest.Server{URL: "http://x"}
	s.echo(10 << 20)
	s.trailers()
	s.quiet()
}

// TestHTTPRoundTripGivenUp closes bodies early, also while they are read.
func TestHTTPRoundTripGivenUp(t *testing.T) {
	r, h := handlerOf(t)
	client := &http.Client{Transport: h}
	for _, path := range []string{"/body-bomb", "/sleep-after?100000", "/ticks?2&100000"} {
		for _, reads := range []bool{false, true} {
			response := must[*http.Response](t)(client.Get("http://x" + path))
			done := make(chan bool)
			go func() {
				defer close(done)
				if reads {
					_, err := io.Copy(io.Discard, response.Body)
					if err == nil {
						t.Error(path, "has an end")
					}
				}
			}()
			time.Sleep(20 * time.Millisecond)
			check(t, response.Body.Close())
			<-done
			check(t, response.Body.Close())
			waitForNone(t, r)
		}
	}
}

// TestHTTPCloseInFlight closes everything while requests are in flight, which end as they would.
func TestHTTPCloseInFlight(t *testing.T) {
	r := must[*Runtime](t)(NewRuntime(WithMaxComponents(20)))
	c := must[*Component](t)(r.LoadFile(httpFile))
	h := must[*HTTPHandler](t)(c.HTTPHandler())
	server := httptest.NewServer(h)
	defer server.Close()
	var clients sync.WaitGroup
	for range 8 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			response, err := http.Get(server.URL + "/sleep-after?200")
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil || string(text) != "begun done\n" {
				t.Errorf("%q, %v", text, err)
			}
		}()
	}
	for must[Stats](t)(r.Stats()).Started < 8 {
		time.Sleep(time.Millisecond)
	}
	check(t, c.Close())
	check(t, r.Close())
	response := must[*http.Response](t)(http.Get(server.URL + "/hello"))
	response.Body.Close()
	if response.StatusCode != 503 {
		t.Error(response.StatusCode)
	}
	if _, err := c.HTTPHandler(); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	clients.Wait()
}

// TestHTTPShutdown ends requests in flight.
func TestHTTPShutdown(t *testing.T) {
	s := newSite(t)
	var clients sync.WaitGroup
	for _, path := range []string{"/sleep-before?100000", "/sleep-after?100000", "/spin-before",
		"/after?100000", "/body-bomb"} {
		clients.Add(1)
		go func() {
			defer clients.Done()
			response, text, err := s.ask("GET", path, nil)
			if path == "/after?100000" {
				return
			}
			if err == nil && response.StatusCode == 200 {
				t.Errorf("%s: %.50q", path, text)
			}
		}()
	}
	for must[Stats](t)(s.runtime.Stats()).Started < 5 {
		time.Sleep(time.Millisecond)
	}
	check(t, s.runtime.Shutdown(background))
	clients.Wait()
	if response, _, err := s.ask("GET", "/hello", nil); err != nil || response.StatusCode != 503 {
		t.Error(response, err)
	}
}

func TestComponentsWithoutHTTP(t *testing.T) {
	c := loadFile(t, smallRuntime(t), stateFile)
	if _, err := c.HTTPHandler(); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// TestHTTPExpect has a client that sends its body when the guest asks for it, and never otherwise.
func TestHTTPExpect(t *testing.T) {
	s := newSite(t)
	for path, begin := range map[string]string{"/sum": "HTTP/1.1 100 ", "/hello": "HTTP/1.1 200 "} {
		connection := must[net.Conn](t)(net.Dial("tcp", s.Listener.Addr().String()))
		fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"+
			"Expect: 100-continue\r\n\r\n", path)
		answer := make([]byte, 1000)
		count, err := connection.Read(answer)
		if !strings.HasPrefix(string(answer[:count]), begin) {
			t.Errorf("%s: %q, %v", path, answer[:count], err)
		}
		fmt.Fprint(connection, "abc")
		if path == "/sum" {
			count, err = connection.Read(answer)
			if !strings.HasPrefix(string(answer[:count]), "HTTP/1.1 200 ") {
				t.Errorf("%s: %q, %v", path, answer[:count], err)
			}
		}
		connection.Close()
	}
}
