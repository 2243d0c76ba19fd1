package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	upper = "../../../../examples-c/hosts/nginx/upper.wat"
	bad   = "../../../../tests/hosts/bad.wat"
	// patience is longer than anything here takes, on any machine.
	patience = time.Minute
)

// TestMain is the service itself where a test starts it.
func TestMain(m *testing.M) {
	if os.Getenv("SERVICE") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// service is the program in a process of its own.
type service struct {
	t       *testing.T
	command *exec.Cmd
	url     string
	mutex   sync.Mutex
	logged  strings.Builder
}

func start(t *testing.T, flags ...string) *service {
	t.Helper()
	s := &service{t: t}
	routes := []string{"/upper=" + upper + "#handle"}
	for _, name := range []string{"spin", "trap", "deep", "grow"} {
		routes = append(routes, "/"+name+"="+bad+"#http-"+name)
	}
	arguments := append([]string{"-listen", "127.0.0.1:0"}, append(flags, routes...)...)
	s.command = exec.Command(os.Args[0], arguments...)
	s.command.Env = append(os.Environ(), "SERVICE=1")
	output, err := s.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(output)
		for lines.Scan() {
			s.mutex.Lock()
			fmt.Fprintln(&s.logged, lines.Text())
			s.mutex.Unlock()
			if _, after, found := strings.Cut(lines.Text(), "address="); found {
				address <- after
			}
		}
		close(address)
	}()
	s.url = "http://" + <-address
	if s.url == "http://" {
		t.Fatalf("the service does not start: %s", s.log())
	}
	t.Cleanup(func() { _ = s.command.Process.Kill() })
	return s
}

func (s *service) log() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.logged.String()
}

// ask posts a body, and gives the status and the answer.
func (s *service) ask(ctx context.Context, path string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path,
		bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func (s *service) expect(path string, body []byte, status int, answer []byte) {
	s.t.Helper()
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	got, text, err := s.ask(ctx, path, body)
	if err != nil || got != status || answer != nil && !bytes.Equal(text, answer) {
		s.t.Errorf("%s answers %d, %.60q, %v instead of %d", path, got, text, err, status)
	}
}

// stop asks the service to end, which it is to do well.
func (s *service) stop() {
	s.t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.command.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			s.t.Errorf("the service ends with %v: %s", err, s.log())
		}
	case <-time.After(patience):
		s.t.Fatal("the service does not end")
	}
}

func background(group *sync.WaitGroup, work func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		work()
	}()
}

func TestAnswers(t *testing.T) {
	s := start(t)
	s.expect("/upper", []byte("hello"), 200, []byte("HELLO"))
	s.expect("/upper", nil, 200, []byte{})
	large := bytes.Repeat([]byte("large "), 1<<20)
	s.expect("/upper", large, 200, bytes.ToUpper(large))
	s.expect("/upper", make([]byte, 9<<20), 413, nil)
	s.expect("/nothing", nil, 404, nil)
	s.stop()
}

func TestFailures(t *testing.T) {
	s := start(t, "-timeout", "300ms")
	s.expect("/trap", nil, 500, nil)
	s.expect("/deep", nil, 500, nil)
	s.expect("/spin", nil, 504, nil)
	s.expect("/upper", []byte("on"), 200, []byte("ON"))
	s.stop()
	for _, words := range []string{"unreachable", "function=trap", "max_stack", "300 ms"} {
		if !strings.Contains(s.log(), words) {
			t.Errorf("the log does not say %q: %s", words, s.log())
		}
	}
}

// Guests that never end take no turn from others.
func TestOthersAreServed(t *testing.T) {
	s := start(t, "-timeout", "2s")
	var all sync.WaitGroup
	for range 4 {
		background(&all, func() { s.expect("/spin", nil, 504, nil) })
	}
	for client := range 8 {
		background(&all, func() {
			for i := range 25 {
				text := fmt.Sprintf("client %d, request %d", client, i)
				s.expect("/upper", []byte(text), 200, []byte(strings.ToUpper(text)))
			}
		})
	}
	all.Wait()
	s.stop()
}

// If calls of clients that left were not cancelled, there would soon be no free instance.
func TestClientsThatLeave(t *testing.T) {
	s := start(t, "-timeout", "1h", "-instances", "4")
	for range 16 {
		ctx, leave := context.WithTimeout(context.Background(), 30*time.Millisecond)
		if _, _, err := s.ask(ctx, "/spin", nil); err == nil {
			t.Error("a guest that never ends has answered")
		}
		leave()
	}
	s.expect("/upper", []byte("free"), 200, []byte("FREE"))
	s.stop()
}

// What was begun is answered; a new client is turned away.
func TestGracefulStop(t *testing.T) {
	s := start(t, "-timeout", "2s")
	var begun sync.WaitGroup
	background(&begun, func() { s.expect("/spin", nil, 504, nil) })
	time.Sleep(300 * time.Millisecond)
	s.stop()
	begun.Wait()
	if connection, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		connection.Close()
		t.Error("the service still listens")
	}
}

// Requests that take longer than the time of grace are cancelled.
func TestImpatientStop(t *testing.T) {
	s := start(t, "-timeout", "1h", "-grace", "200ms")
	var begun sync.WaitGroup
	background(&begun, func() { s.expect("/spin", nil, 503, nil) })
	time.Sleep(300 * time.Millisecond)
	s.stop()
	begun.Wait()
}

func TestMemoryStaysFlat(t *testing.T) {
	s := start(t)
	round := func() {
		for range 300 {
			s.expect("/upper", bytes.Repeat([]byte("memory "), 2000), 200, nil)
		}
	}
	resident := func() int {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
		if err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(string(status), "VmRSS:")
		kilobytes, _ := strconv.Atoi(strings.Fields(after)[0])
		return kilobytes
	}
	round()
	round()
	before := resident()
	for range 3 {
		round()
	}
	// The collector takes turns of its own.
	if after := resident(); after > before*5/4+16<<10 {
		t.Errorf("memory grows from %d to %d KiB", before, after)
	}
	s.stop()
}
