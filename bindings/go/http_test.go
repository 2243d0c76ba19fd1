package wasmcell

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

const httpFile = "../../tests/guests/http.wasm"

// site is a server whose requests a component handles, and a client of it.
type site struct {
	*httptest.Server
	t       *testing.T
	runtime *Runtime
	handler *HTTPHandler
	client  *http.Client
}

func handlerOf(t *testing.T, options ...CallOption) (*Runtime, *HTTPHandler) {
	r := smallRuntime(t, WithMaxLinearMemory(64<<20))
	c := loadFile(t, r, httpFile)
	return r, must[*HTTPHandler](t)(c.HTTPHandler(options...))
}

func newSite(t *testing.T, options ...CallOption) *site {
	r, h := handlerOf(t, options...)
	return serveSite(t, r, h, func(*httptest.Server) {})
}

func serveSite(t *testing.T, r *Runtime, h *HTTPHandler, with func(*httptest.Server)) *site {
	s := &site{t: t, runtime: r, handler: h}
	s.Server = httptest.NewUnstartedServer(h)
	with(s.Server)
	if s.TLS == nil {
		s.Start()
	} else {
		s.StartTLS()
	}
	s.client = s.Server.Client()
	t.Cleanup(func() {
		s.Close()
		s.quiet()
	})
	return s
}

// quiet waits until no guest is there any more.
func (s *site) quiet() {
	s.t.Helper()
	waitForNone(s.t, s.runtime)
}

func waitForNone(t *testing.T, r *Runtime) {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(time.Millisecond) {
		if stats, err := r.Stats(); err != nil || stats.Instances == 0 {
			return
		}
		if time.Since(begin) > time.Second {
			t.Fatal("guests are there after a second")
		}
	}
}

// ask makes a request and reads its response.
func (s *site) ask(method, path string, body io.Reader) (*http.Response, string, error) {
	s.t.Helper()
	request := must[*http.Request](s.t)(http.NewRequest(method, s.URL+path, body))
	return s.do(request)
}

func (s *site) do(request *http.Request) (*http.Response, string, error) {
	response, err := s.client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response, string(text), err
}

func (s *site) expect(method, path string, body io.Reader, status int, text string) *http.Response {
	s.t.Helper()
	response, got, err := s.ask(method, path, body)
	if err != nil || response.StatusCode != status || got != text {
		s.t.Errorf("%s %s: %v, %q, %v", method, path, response, got, err)
	}
	return response
}

func TestHTTPAnswers(t *testing.T) {
	s := newSite(t)
	response := s.expect("GET", "/hello", nil, 200, "Hello!\n")
	if response.Header.Get("Content-Type") != "text/plain" {
		t.Error(response.Header)
	}
	s.expect("GET", "/status?404", nil, 404, "")
	s.expect("GET", "/nowhere", nil, 404, "not here\n")
	s.expect("GET", "/status?204", nil, 204, "")
	s.expect("GET", "/status?304", nil, 304, "")
	if response := s.expect("HEAD", "/length?5", nil, 200, ""); response.ContentLength != 5 {
		t.Error(response.ContentLength)
	}
	if response, _, _ := s.ask("GET", "/length?5000", nil); response.ContentLength != 5000 ||
		len(response.TransferEncoding) != 0 || response.Header["Content-Type"] != nil {
		t.Error(response)
	}
	s.expect("POST", "/hello", strings.NewReader(strings.Repeat("x", 1<<20)), 200, "Hello!\n")
	s.expect("GET", "/ticks?3&1", nil, 200, "tick 0\ntick 1\ntick 2\n")
	s.expect("GET", "/after?60000", nil, 200, "done\n") // the guest goes on until it is shut down
	check(t, s.runtime.Shutdown(background))
}

func TestHTTPRequestsAsTheGuestSeesThem(t *testing.T) {
	s := newSite(t)
	request := must[*http.Request](t)(http.NewRequest("PROPFIND", s.URL+"/show?a=b&c=%20", nil))
	request.Header = http.Header{"X-Two": {"a", "b"}, "Connection": {"x-hop"}, "X-Hop": {"1"},
		"User-Agent": {"test"}, "Accept-Encoding": {"none"}}
	request.Host = "Example.com:8080"
	_, text, err := s.do(request)
	for _, line := range []string{"PROPFIND http example.com:8080 /show?a=b&c=%20\n",
		"x-two: a\nx-two: b\n", "user-agent: test\n"} {
		if !strings.Contains(text, line) || strings.Contains(text, "x-hop") || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	}
	_, text, _ = s.ask("POST", "/show", strings.NewReader("12345"))
	if !strings.Contains(text, "content-length: 5\n") {
		t.Error(text)
	}
	mux := http.NewServeMux()
	mux.Handle("/below/", http.StripPrefix("/below", s.handler))
	s.Config.Handler = mux
	s.expect("GET", "/below/hello", nil, 200, "Hello!\n")
}

// TestHTTP2 has both sides over TLS and HTTP/2.
func TestHTTP2(t *testing.T) {
	r, h := handlerOf(t)
	s := serveSite(t, r, h, func(server *httptest.Server) {
		server.EnableHTTP2 = true
		server.TLS = &tls.Config{}
	})
	response, text, err := s.ask("GET", "/show", nil)
	if err != nil || response.ProtoMajor != 2 || !strings.HasPrefix(text, "GET https 127.0.0.1:") {
		t.Error(response, text, err)
	}
	s.echo(10 << 20)
	s.trailers()
	if _, text, err := s.ask("GET", "/no-finish", nil); err == nil || text != "begun" {
		t.Errorf("%q, %v", text, err)
	}
}

// pattern gives so many bytes of which none is like the one before.
type pattern struct{ at, end int }

func (p *pattern) Read(room []byte) (int, error) {
	if p.at == p.end {
		return 0, io.EOF
	}
	count := min(len(room), p.end-p.at)
	for i := range room[:count] {
		room[i] = byte((p.at + i) * 7 / 3)
	}
	p.at += count
	return count, nil
}

// echo sends so much, and reads it while it does.
func (s *site) echo(size int) {
	s.t.Helper()
	response, err := s.client.Post(s.URL+"/echo", "x", io.NopCloser(&pattern{0, size}))
	check(s.t, err)
	defer response.Body.Close()
	s.same(response.Body, size)
}

func (s *site) same(body io.Reader, size int) {
	s.t.Helper()
	want := pattern{0, size}
	got, expected := make([]byte, 10000), make([]byte, 10000)
	for {
		count, err := io.ReadFull(body, got)
		_, _ = io.ReadFull(&want, expected[:count])
		if !bytes.Equal(got[:count], expected[:count]) {
			s.t.Fatal("something else comes back at", want.at)
		}
		if err != nil {
			if want.at != size || err != io.EOF && err != io.ErrUnexpectedEOF {
				s.t.Errorf("%d of %d, %v", want.at, size, err)
			}
			return
		}
	}
}

func TestHTTPEcho(t *testing.T) {
	s := newSite(t)
	var before, after runtime.MemStats
	s.echo(1 << 20)
	runtime.GC()
	runtime.ReadMemStats(&before)
	s.echo(10 << 20)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 8<<20 && !restless {
		t.Error(allocated, "bytes were allocated")
	}
	s.expect("POST", "/echo", strings.NewReader(""), 200, "")
	s.expect("POST", "/echo", strings.NewReader("abc"), 200, "abc")
}

// TestHTTPTalk has client and guest wait for each other's pieces in turn.
func TestHTTPTalk(t *testing.T) {
	s := newSite(t)
	talk := func(client *http.Client) {
		t.Helper()
		in, out := io.Pipe()
		request := must[*http.Request](t)(http.NewRequest("POST", s.URL+"/echo", in))
		response, err := client.Do(request)
		check(t, err)
		defer response.Body.Close()
		for i := range 50 {
			piece := fmt.Sprintf("piece %d", i)
			if _, err := out.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(piece))
			if _, err := io.ReadFull(response.Body, got); err != nil || string(got) != piece {
				t.Fatalf("%q, %v", got, err)
			}
		}
		out.Close()
		if rest, err := io.ReadAll(response.Body); err != nil || len(rest) > 0 {
			t.Errorf("%q, %v", rest, err)
		}
	}
	talk(s.client)
	talk(&http.Client{Transport: s.handler})
}

// sumOf is what /sum tells of a body.
func sumOf(body []byte) string {
	hash := fnv.New64a()
	hash.Write(body)
	return fmt.Sprintf("%d %016x\n", len(body), hash.Sum64())
}

func (s *site) trailers() {
	s.t.Helper()
	body := make([]byte, 300000)
	_, _ = rand.Read(body)
	request := must[*http.Request](s.t)(http.NewRequest("POST", s.URL+"/sum",
		io.NopCloser(bytes.NewReader(body))))
	request.Trailer = http.Header{"X-End": {"here"}}
	if _, text, err := s.do(request); err != nil || text != sumOf(body)+"x-end: here\n" {
		s.t.Errorf("%q, %v", text, err)
	}
	response, text, err := s.ask("GET", "/trailers", nil)
	if err != nil || text != "with trailers\n" || response.Trailer.Get("X-Sum") != "42" ||
		len(response.Trailer["X-Two"]) != 2 || len(response.Trailer) != 2 {
		s.t.Errorf("%q, %v, %v", text, response.Trailer, err)
	}
	request = must[*http.Request](s.t)(http.NewRequest("POST", s.URL+"/echo",
		io.NopCloser(strings.NewReader("both"))))
	request.Trailer = http.Header{"X-Back": {"again"}}
	response, text, err = s.do(request)
	if err != nil || text != "both" || response.Trailer.Get("X-Back") != "again" {
		s.t.Errorf("%q, %v, %v", text, response.Trailer, err)
	}
}

func TestHTTPTrailers(t *testing.T) { newSite(t).trailers() }

func TestHTTPBodiesOfAnyLength(t *testing.T) {
	s := newSite(t)
	for _, size := range []int{0, 1, 5, 65536, 65537, 3 << 20} {
		body := must[[]byte](t)(io.ReadAll(&pattern{0, size}))
		s.expect("POST", "/sum", bytes.NewReader(body), 200, sumOf(body))
		s.expect("POST", "/sum", io.NopCloser(bytes.NewReader(body)), 200, sumOf(body))
	}
}

func TestHTTPManyAtOnce(t *testing.T) {
	s := newSite(t)
	body := must[[]byte](t)(io.ReadAll(&pattern{0, 100000}))
	var clients sync.WaitGroup
	for range 64 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for range 5 {
				response, err := client.Post(s.URL+"/sum", "x", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				text, err := io.ReadAll(response.Body)
				response.Body.Close()
				if response.StatusCode == 503 {
					continue // some guests of responses that have ended are still there
				}
				if err != nil || string(text) != sumOf(body) {
					t.Errorf("%d, %q, %v", response.StatusCode, text, err)
				}
			}
		}()
	}
	clients.Wait()
}

// TestHTTPConnectionsAreUsedAgain, and what is left of one request's body is never another request.
func TestHTTPConnectionsAreUsedAgain(t *testing.T) {
	s := newSite(t, Timeout(200*time.Millisecond))
	connection := must[net.Conn](t)(net.Dial("tcp", s.Listener.Addr().String()))
	defer connection.Close()
	fmt.Fprint(connection, "POST /sum HTTP/1.1\r\nHost: x\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n5\r\n")
	answer := make([]byte, 1000)
	count, _ := connection.Read(answer)
	if text := string(answer[:count]); !strings.HasPrefix(text, "HTTP/1.1 504 ") ||
		!strings.Contains(text, "Connection: close") {
		t.Errorf("%q", text)
	}
	fmt.Fprint(connection, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
	connection.SetReadDeadline(time.Now().Add(5 * time.Second))
	if rest, _ := io.ReadAll(connection); strings.Contains(string(rest), "Hello") {
		t.Errorf("%q", rest)
	}
	connection = must[net.Conn](t)(net.Dial("tcp", s.Listener.Addr().String()))
	defer connection.Close()
	for range 2 {
		fmt.Fprint(connection, "POST /sum HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
		count, err := connection.Read(answer)
		if err != nil || !strings.HasPrefix(string(answer[:count]), "HTTP/1.1 200 ") {
			t.Fatalf("%q, %v", answer[:count], err)
		}
		time.Sleep(20 * time.Millisecond)
		for !strings.Contains(string(answer[:count]), "0\r\n\r\n") {
			more, err := connection.Read(answer[count:])
			check(t, err)
			count += more
		}
	}
}
