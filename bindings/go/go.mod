module github.com/wasmcell/wasmcell/bindings/go

go 1.24
