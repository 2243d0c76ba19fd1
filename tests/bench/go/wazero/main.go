// The benchmarks' work, done by wazero on a core module, with a deadline for each call and a limit
// for memory. See ../../README.md.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmcell/wasmcell/tests/bench/go/serve"
)

const (
	deadline = 600 * time.Second
	pages    = 4096 // of 64 KiB
)

var errMemory = errors.New("outside of the guest's memory")

type live struct {
	memory                               api.Memory
	none, add, echo, ask, realloc, reset api.Function
}

func call(function api.Function, args ...uint64) (uint64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	results, err := function.Call(ctx, args...)
	if err != nil || len(results) == 0 {
		return 0, err
	}
	return results[0], nil
}

// bytes takes a list there and back, as the component model does.
func (it *live) bytes(data []byte) ([]byte, error) {
	at, err := call(it.realloc, 0, 0, 1, uint64(len(data)))
	if err != nil {
		return nil, err
	}
	if !it.memory.Write(uint32(at), data) {
		return nil, errMemory
	}
	result, err := call(it.echo, at, uint64(len(data)))
	if err != nil {
		return nil, err
	}
	list, ok := it.memory.Read(uint32(result), 8)
	if !ok {
		return nil, errMemory
	}
	back, ok := it.memory.Read(binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:]))
	if !ok {
		return nil, errMemory
	}
	back = append([]byte(nil), back...)
	_, err = call(it.reset)
	return back, err
}

func fresh(runtime wazero.Runtime, compiled wazero.CompiledModule) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	module, err := runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return err
	}
	defer module.Close(ctx)
	_, err = module.ExportedFunction("add").Call(ctx, 20, 22)
	return err
}

func repeat(n int, call func() error) error {
	for range n {
		if err := call(); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	binary, err := os.ReadFile(serve.Argument())
	serve.Check(err)
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithMemoryLimitPages(pages)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	host := func(_ context.Context, n uint32) uint32 { return n + 1 }
	builder := runtime.NewHostModuleBuilder("host")
	_, err = builder.NewFunctionBuilder().WithFunc(host).Export("host").Instantiate(ctx)
	serve.Check(err)
	compiled, err := runtime.CompileModule(ctx, binary)
	serve.Check(err)
	module, err := runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
	serve.Check(err)
	it := &live{
		memory:  module.Memory(),
		none:    module.ExportedFunction("none"),
		echo:    module.ExportedFunction("echo"),
		ask:     module.ExportedFunction("ask"),
		realloc: module.ExportedFunction("realloc"),
		reset:   module.ExportedFunction("reset"),
	}
	data := make([]byte, serve.Bytes)
	serve.Serve(serve.Works{
		"none": func(n int) error {
			return repeat(n, func() error { _, err := call(it.none); return err })
		},
		"fresh": func(n int) error {
			return repeat(n, func() error { return fresh(runtime, compiled) })
		},
		"bytes1048576": func(n int) error {
			return repeat(n, func() error { _, err := it.bytes(data); return err })
		},
		"ask": func(n int) error { _, err := call(it.ask, uint64(n)); return err },
	})
}
