// Demo loads a component, calls it, gives it a function of the host, and limits and cancels it.
//
//	go run ./examples/demo ../../tests/guests
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: demo GUESTS")
	}
	if err := run(os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(guests string) error {
	runtime, err := wasmcell.NewRuntime(
		wasmcell.WithMaxLinearMemory(16<<20),
		wasmcell.WithMaxExecutionTime(10*time.Second),
	)
	if err != nil {
		return err
	}
	defer runtime.Close()

	// A call.
	greeter, err := runtime.LoadFile(filepath.Join(guests, "greeter.wasm"))
	if err != nil {
		return err
	}
	defer greeter.Close()
	greet, err := wasmcell.Func[func(context.Context, string) (string, error)](greeter, "greet")
	if err != nil {
		return err
	}
	answer, err := greet(context.Background(), "world")
	if err != nil {
		return err
	}
	fmt.Println(answer)

	// A function of the host.
	linker, err := wasmcell.NewLinker()
	if err != nil {
		return err
	}
	defer linker.Close()
	err = linker.Define("acme:shop/prices@1.0.0#price",
		func(_ context.Context, item string) (uint32, error) { return uint32(len(item)), nil })
	if err != nil {
		return err
	}
	shop, err := runtime.LoadFile(filepath.Join(guests, "wat", "prices.wat"),
		wasmcell.WithLinker(linker))
	if err != nil {
		return err
	}
	defer shop.Close()
	total, err := wasmcell.Func2[string, uint32, uint32](shop, "total")
	if err != nil {
		return err
	}
	price, err := total(context.Background(), "apple", 3)
	if err != nil {
		return err
	}
	fmt.Println("three apples cost", price)

	return limits(runtime, guests)
}

// limits ends a guest that would never end.
func limits(runtime *wasmcell.Runtime, guests string) error {
	spinner, err := runtime.LoadFile(filepath.Join(guests, "wat", "spin.wat"))
	if err != nil {
		return err
	}
	defer spinner.Close()
	spin, err := wasmcell.Func[func(context.Context) error](spinner, "spin")
	if err != nil {
		return err
	}

	limited, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	err = spin(limited)
	fmt.Println("out of time:", errors.Is(err, context.DeadlineExceeded))

	cancelled, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	err = spin(cancelled)
	fmt.Println("cancelled:", errors.Is(err, context.Canceled))
	return nil
}
