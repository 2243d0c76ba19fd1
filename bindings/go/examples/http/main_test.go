package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestServing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		ended <- serve(ctx, config{timeout: 300 * time.Millisecond, grace: 10 * time.Second,
			memory: 32 << 20, guests: 8, file: "../../../../tests/guests/http.wasm"}, listener)
	}()
	for path, want := range map[string]string{
		"/hello":       "200 OK Hello!\n",
		"/nowhere":     "404 Not Found not here\n",
		"/trap-before": "500 Internal Server Error Internal Server Error\n",
		"/spin-before": "504 Gateway Timeout Gateway Timeout\n",
	} {
		response, err := http.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if got := response.Status + " " + string(text); got != want || err != nil {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
