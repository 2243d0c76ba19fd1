// The benchmarks' work, done by wasmtime-go on a core module, with a deadline for each call and a
// limit for memory. See ../../README.md.
package main

import (
	"encoding/binary"
	"os"
	"time"

	"github.com/bytecodealliance/wasmtime-go/v39"

	"github.com/wasmcell/wasmcell/tests/bench/go/serve"
)

const (
	tick     = 10 * time.Millisecond
	deadline = uint64(600 * time.Second / tick)
	limit    = 256 << 20
)

type live struct {
	store                                *wasmtime.Store
	memory                               *wasmtime.Memory
	none, add, echo, ask, realloc, reset *wasmtime.Func
}

func start(
	engine *wasmtime.Engine, linker *wasmtime.Linker, module *wasmtime.Module,
) (*live, error) {
	store := wasmtime.NewStore(engine)
	store.Limiter(limit, -1, -1, -1, -1)
	store.SetEpochDeadline(deadline)
	instance, err := linker.Instantiate(store, module)
	if err != nil {
		return nil, err
	}
	function := func(name string) *wasmtime.Func { return instance.GetFunc(store, name) }
	return &live{
		store:   store,
		memory:  instance.GetExport(store, "memory").Memory(),
		none:    function("none"),
		add:     function("add"),
		echo:    function("echo"),
		ask:     function("ask"),
		realloc: function("realloc"),
		reset:   function("reset"),
	}, nil
}

// fresh makes an instance for one call, and looks up nothing that it does not need.
func fresh(engine *wasmtime.Engine, linker *wasmtime.Linker, module *wasmtime.Module) error {
	store := wasmtime.NewStore(engine)
	defer store.Close()
	store.Limiter(limit, -1, -1, -1, -1)
	store.SetEpochDeadline(deadline)
	instance, err := linker.Instantiate(store, module)
	if err != nil {
		return err
	}
	_, err = instance.GetFunc(store, "add").Call(store, 20, 22)
	return err
}

func (it *live) call(function *wasmtime.Func, args ...any) (any, error) {
	it.store.SetEpochDeadline(deadline)
	return function.Call(it.store, args...)
}

// bytes takes a list there and back, as the component model does.
func (it *live) bytes(data []byte) ([]byte, error) {
	at, err := it.call(it.realloc, 0, 0, 1, len(data))
	if err != nil {
		return nil, err
	}
	copy(it.memory.UnsafeData(it.store)[uint32(at.(int32)):], data)
	result, err := it.call(it.echo, at, len(data))
	if err != nil {
		return nil, err
	}
	memory := it.memory.UnsafeData(it.store)
	list := memory[uint32(result.(int32)):]
	from, len := binary.LittleEndian.Uint32(list), binary.LittleEndian.Uint32(list[4:])
	back := append([]byte(nil), memory[from:from+len]...)
	_, err = it.call(it.reset)
	return back, err
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
	config := wasmtime.NewConfig()
	config.SetEpochInterruption(true)
	engine := wasmtime.NewEngineWithConfig(config)
	go func() {
		for range time.Tick(tick) {
			engine.IncrementEpoch()
		}
	}()
	module, err := wasmtime.NewModule(engine, binary)
	serve.Check(err)
	linker := wasmtime.NewLinker(engine)
	serve.Check(linker.FuncWrap("host", "host", func(n int32) int32 { return n + 1 }))
	it, err := start(engine, linker, module)
	serve.Check(err)
	data := make([]byte, serve.Bytes)
	serve.Serve(serve.Works{
		"none": func(n int) error {
			return repeat(n, func() error { _, err := it.call(it.none); return err })
		},
		"fresh": func(n int) error {
			return repeat(n, func() error { return fresh(engine, linker, module) })
		},
		"bytes1048576": func(n int) error {
			return repeat(n, func() error { _, err := it.bytes(data); return err })
		},
		"ask": func(n int) error { _, err := it.call(it.ask, n); return err },
	})
}
