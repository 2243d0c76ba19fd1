package wasmcell_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go"
)

func ExampleNewLinker() {
	runtime := runtimeOf()
	defer runtime.Close()
	linker, err := wasmcell.NewLinker()
	if err != nil {
		log.Fatal(err)
	}
	defer linker.Close()
	err = linker.Define("acme:shop/prices@1.0.0#price",
		func(ctx context.Context, item string) (uint32, error) {
			if item == "pear" {
				return 0, errors.New("pears are out of stock")
			}
			return uint32(len(item)), nil
		})
	if err != nil {
		log.Fatal(err)
	}
	component := loaded(runtime, "wat/prices.wat", wasmcell.WithLinker(linker))
	defer component.Close()

	total, err := wasmcell.Func2[string, uint32, uint32](component, "total")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(total(context.Background(), "apple", 3))
	fmt.Println(total(context.Background(), "pear", 3))
	// Output:
	// 15 <nil>
	// 0 wasmcell: pears are out of stock
}

func ExampleDefineResource() {
	type account struct{ balance uint32 }
	linker, err := wasmcell.NewLinker()
	if err != nil {
		log.Fatal(err)
	}
	defer linker.Close()
	const bank = "acme:bank/accounts@1.0.0#"
	err = errors.Join(
		wasmcell.DefineResource(linker, bank+"account", func(a *account) {
			fmt.Println("closed with", a.balance)
		}),
		linker.Define(bank+"[constructor]account",
			func(_ context.Context, opening uint32) (*account, error) {
				return &account{opening}, nil
			}),
		linker.Define(bank+"[method]account.pay",
			func(_ context.Context, a *account, amount uint32) (uint32, error) {
				a.balance += amount
				return a.balance, nil
			}),
	)
	if err != nil {
		log.Fatal(err)
	}
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "wat/accounts.wat", wasmcell.WithLinker(linker))
	defer component.Close()
	fmt.Println(component.Call(context.Background(), "save", 100))
	// Output:
	// closed with 115
	// 115 <nil>
}

func ExampleHost2() {
	linker, err := wasmcell.NewLinker()
	if err != nil {
		log.Fatal(err)
	}
	defer linker.Close()
	add := wasmcell.Host2(func(_ context.Context, a, b uint32) (uint32, error) {
		return a + b, nil
	})
	fmt.Println(linker.Define("wasmcell:test/host@0.1.0#add", add))
	// Output: <nil>
}

func ExampleHostAny() {
	linker, err := wasmcell.NewLinker()
	if err != nil {
		log.Fatal(err)
	}
	defer linker.Close()
	err = linker.Define("acme:shop/prices@1.0.0#price", wasmcell.HostAny(
		func(_ context.Context, args []any) (any, error) {
			fmt.Printf("%T %v\n", args[0], args[0])
			return 7, nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "wat/prices.wat", wasmcell.WithLinker(linker))
	defer component.Close()
	fmt.Println(component.Call(context.Background(), "total", "apple", 3))
	// Output:
	// string apple
	// 21 <nil>
}

func ExampleAsync() {
	linker, err := wasmcell.NewLinker()
	if err != nil {
		log.Fatal(err)
	}
	defer linker.Close()
	slow, err := wasmcell.Async(func(ctx context.Context, item string) (uint32, error) {
		time.Sleep(10 * time.Second) // and the deadline of the call is met all the same
		return 1, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := linker.Define("acme:shop/prices@1.0.0#price", slow); err != nil {
		log.Fatal(err)
	}
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "wat/prices.wat", wasmcell.WithLinker(linker))
	defer component.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = component.Call(ctx, "total", "apple", 3)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), errors.Is(err, wasmcell.ErrTimeout))
	// Output: true true
}

func ExampleNewSandbox() {
	sandbox, err := wasmcell.NewSandbox(
		wasmcell.WithArgs("command"),
		wasmcell.WithStdin(strings.NewReader("some input\n")),
		wasmcell.WithStdout(os.Stdout),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "command.wasm", wasmcell.WithSandbox(sandbox))
	defer component.Close()

	status, err := component.Run(context.Background())
	fmt.Println("status", status, err)
	// Output:
	// arguments: command
	// some input
	// status 0 <nil>
}
