module github.com/wasmcell/wasmcell/tests/bench/go

go 1.25.0

require (
	github.com/bytecodealliance/wasmtime-go/v39 v39.0.1
	github.com/tetratelabs/wazero v1.12.0
)

require (
	github.com/wasmcell/wasmcell/bindings/go v0.0.0-00010101000000-000000000000
	golang.org/x/sys v0.44.0 // indirect
)

replace github.com/wasmcell/wasmcell/bindings/go => ../../../bindings/go
