module wasmcell.test/go

go 1.24
