//go:build !race && !wasmcell_gc

package wasmcell

const restless = false
