package wasmcell_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go"
)

func ExampleComponent_HTTPHandler() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "http.wasm")
	defer component.Close()

	handler, err := component.HTTPHandler(wasmcell.Timeout(10 * time.Second))
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(handler) // or http.ListenAndServe(":8080", handler)
	defer server.Close()

	for _, path := range []string{"/hello", "/trap-before"} {
		response, err := http.Get(server.URL + path)
		if err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		fmt.Printf("%s: %q %v\n", response.Status, text, err)
		response.Body.Close()
	}
	// Output:
	// 200 OK: "Hello!\n" <nil>
	// 500 Internal Server Error: "" <nil>
}

func ExampleHTTPHandler_RoundTrip() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "http.wasm")
	defer component.Close()
	handler, err := component.HTTPHandler()
	if err != nil {
		log.Fatal(err)
	}

	client := http.Client{Transport: handler}
	response, err := client.Get("http://anywhere.example/hello")
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	fmt.Printf("%s: %q %v\n", response.Status, text, err)
	// Output: 200 OK: "Hello!\n" <nil>
}
