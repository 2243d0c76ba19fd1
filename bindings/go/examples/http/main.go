// Http serves a component that handles HTTP requests itself, by its wasi:http/incoming-handler, in
// the server of net/http.
//
//	go run ./examples/http -listen 127.0.0.1:8080 ../../tests/guests/http.wasm
package main

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go"
)

// config is what the command line says.
type config struct {
	listen  string
	timeout time.Duration
	grace   time.Duration
	memory  uint64
	guests  uint64
	file    string
}

func main() {
	var c config
	flag.StringVar(&c.listen, "listen", "127.0.0.1:8080", "where to listen")
	flag.DurationVar(&c.timeout, "timeout", 10*time.Second, "how long a request may take")
	flag.DurationVar(&c.grace, "grace", 10*time.Second, "how long requests may go on at the end")
	flag.Uint64Var(&c.memory, "memory", 32<<20, "bytes of memory of a guest")
	flag.Uint64Var(&c.guests, "guests", 64, "requests that may be handled at once")
	flag.Parse()
	c.file = flag.Arg(0)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", c.listen)
	if err == nil {
		slog.Info("listening", "address", listener.Addr().String())
		err = serve(ctx, c, listener)
	}
	if err != nil {
		slog.Error("the service ends", "error", err)
		os.Exit(1)
	}
}

// serve answers requests until ctx is done, and those that it has begun.
func serve(ctx context.Context, c config, listener net.Listener) error {
	defer listener.Close()
	runtime, err := wasmcell.NewRuntime(
		wasmcell.WithMaxLinearMemory(c.memory),
		wasmcell.WithMaxComponents(c.guests),
		wasmcell.WithMaxExecutionTime(c.timeout),
	)
	if err != nil {
		return err
	}
	defer runtime.Close()
	component, err := runtime.LoadFile(c.file)
	if err != nil {
		return err
	}
	defer component.Close()
	handler, err := component.HTTPHandler()
	if err != nil {
		return err
	}
	handler.ErrorHandler = fail

	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Guests that go on after this are cancelled.
	end, done := context.WithTimeout(context.WithoutCancel(ctx), c.grace)
	defer done()
	_ = server.Shutdown(end)
	return errors.Join(runtime.Shutdown(context.WithoutCancel(ctx)), server.Close())
}

// fail logs why there is no response, and answers with the status that stands for it.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	if failure := (*wasmcell.Error)(nil); errors.As(err, &failure) {
		status = failure.HTTPStatus()
	}
	slog.ErrorContext(r.Context(), "no response", "path", r.URL.Path, "status", status,
		"error", err)
	http.Error(w, http.StatusText(status), status)
}
