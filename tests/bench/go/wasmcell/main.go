// The benchmarks' work, done by wasmcell from Go. See ../../README.md.
package main

import (
	"context"
	"path/filepath"

	"github.com/wasmcell/wasmcell/bindings/go"

	"github.com/wasmcell/wasmcell/tests/bench/go/serve"
)

const slots = 1000

func repeat(n int, call func() error) error {
	for range n {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

// must ends the program if something went wrong.
func must[T any](it T, err error) T {
	serve.Check(err)
	return it
}

func main() {
	ctx := context.Background()
	runtime := must(wasmcell.NewRuntime(wasmcell.WithMaxComponents(slots)))
	linker := must(wasmcell.NewLinker())
	host := func(_ context.Context, n uint32) (uint32, error) { return n + 1, nil }
	serve.Check(linker.Define("host", wasmcell.Host1(host)))
	guest := filepath.Join(serve.Argument(), "guest.wat")
	component := must(runtime.LoadFile(guest, wasmcell.WithLinker(linker)))
	instance := must(component.Instantiate(ctx))
	none := must(wasmcell.Func0[struct{}](instance, "none"))
	fresh := must(wasmcell.Func2[uint32, uint32, uint32](component, "add"))
	bytes := must(wasmcell.Func1[[]byte, []byte](instance, "bytes"))
	kept := must(wasmcell.Func1[[]byte, *wasmcell.Buffer](instance, "bytes"))
	ask := must(wasmcell.Func1[uint32, uint32](instance, "ask"))
	direct := must(runtime.LoadFile(guest, wasmcell.WithLinker(linker), wasmcell.WithBlockingOnly()))
	askDirect := must(wasmcell.Func1[uint32, uint32](must(direct.Instantiate(ctx)), "ask"))
	data := make([]byte, serve.Bytes)
	reuse := wasmcell.CallWith(ctx, wasmcell.ReuseBuffer(make([]byte, serve.Bytes)))
	serve.Serve(serve.Works{
		"none": func(n int) error {
			return repeat(n, func() error { _, err := none(ctx); return err })
		},
		"fresh": func(n int) error {
			return repeat(n, func() error { _, err := fresh(ctx, 20, 22); return err })
		},
		"bytes1048576": func(n int) error {
			return repeat(n, func() error { _, err := bytes(ctx, data); return err })
		},
		"reused1048576": func(n int) error {
			return repeat(n, func() error { _, err := bytes(reuse, data); return err })
		},
		"kept1048576": func(n int) error {
			return repeat(n, func() error {
				it, err := kept(ctx, data)
				if err == nil {
					err = it.Close()
				}
				return err
			})
		},
		"ask":        func(n int) error { _, err := ask(ctx, uint32(n)); return err },
		"ask-direct": func(n int) error { _, err := askDirect(ctx, uint32(n)); return err },
	})
}
