// Service is an HTTP server whose answers come from guests: each route is a function of a
// component that takes the body of a request and gives that of the answer.
//
//	go run ./examples/service -listen 127.0.0.1:8080 /upper=upper.wat#handle
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go"
)

// config is what the command line says.
type config struct {
	listen    string
	timeout   time.Duration
	grace     time.Duration
	memory    uint64
	body      int64
	instances uint64
	routes    []string
}

func main() {
	var c config
	flag.StringVar(&c.listen, "listen", "127.0.0.1:8080", "where to listen")
	flag.DurationVar(&c.timeout, "timeout", time.Second, "how long a guest may take")
	flag.DurationVar(&c.grace, "grace", 10*time.Second, "how long requests may go on at the end")
	flag.Uint64Var(&c.memory, "memory", 32<<20, "bytes of memory of a guest")
	flag.Int64Var(&c.body, "body", 8<<20, "bytes that a request may have")
	flag.Uint64Var(&c.instances, "instances", 64, "guests that may run at once")
	flag.Parse()
	c.routes = flag.Args()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, c); err != nil {
		slog.Error("the service ends", "error", err)
		os.Exit(1)
	}
}

// serve answers requests until ctx is done, and those that it has begun.
func serve(ctx context.Context, c config) error {
	runtime, err := wasmcell.NewRuntime(
		wasmcell.WithMaxLinearMemory(c.memory),
		wasmcell.WithMaxComponents(c.instances),
		wasmcell.WithMaxExecutionTime(c.timeout),
	)
	if err != nil {
		return err
	}
	defer runtime.Close()

	mux := http.NewServeMux()
	for _, route := range c.routes {
		guest, err := load(runtime, route, c.body)
		if err != nil {
			return fmt.Errorf("%s: %w", route, err)
		}
		defer guest.component.Close()
		mux.Handle(guest.path, guest)
	}

	// Requests outlive ctx, by the time of grace: then their calls are cancelled.
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler:           mux,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 10 * time.Second,
	}
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	slog.Info("listening", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()

	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("stopping")
	time.AfterFunc(c.grace, cancel)
	end, done := context.WithTimeout(context.WithoutCancel(ctx), c.grace+time.Second)
	defer done()
	if server.Shutdown(end) == nil {
		return nil
	}
	return server.Close() // clients that do not finish their requests
}

// guest answers the requests of a route.
type guest struct {
	path      string
	body      int64
	component *wasmcell.Component
	handle    func(context.Context, []byte) ([]byte, error)
}

// load makes a guest of a route such as /upper=upper.wat#handle. The type of the function is
// checked here, once.
func load(runtime *wasmcell.Runtime, route string, body int64) (*guest, error) {
	path, rest, _ := strings.Cut(route, "=")
	file, name, found := strings.Cut(rest, "#")
	if !found {
		return nil, errors.New("a route is PATH=FILE#FUNCTION")
	}
	component, err := runtime.LoadFile(file, wasmcell.WithName(file))
	if err != nil {
		return nil, err
	}
	handle, err := wasmcell.Func[func(context.Context, []byte) ([]byte, error)](component, name)
	if err != nil {
		component.Close()
		return nil, err
	}
	return &guest{path, body, component, handle}, nil
}

// ServeHTTP calls the guest in a fresh instance. The request's context cancels the call: when the
// client goes away, and when the service has waited long enough at its end.
func (g *guest) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.body))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	answer, err := g.handle(r.Context(), body)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(answer) // the client may be gone, which is not the service's business
}

// fail logs why there is no answer, and gives the status that stands for it.
func (g *guest) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(err, wasmcell.ErrTimeout):
		status = http.StatusGatewayTimeout
	case errors.Is(err, wasmcell.ErrInstanceLimit), errors.Is(err, context.Canceled):
		status = http.StatusServiceUnavailable
	}
	attributes := []any{"path", g.path, "status", status, "error", err}
	var failure *wasmcell.Error
	if errors.As(err, &failure) && len(failure.Frames) > 0 {
		attributes = append(attributes, "function", failure.Frames[0].Function)
	}
	slog.ErrorContext(r.Context(), "no answer", attributes...)
	http.Error(w, http.StatusText(status), status)
}
