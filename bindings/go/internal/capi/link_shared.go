//go:build !wasmcell_static

package capi

/*
#cgo pkg-config: wasmcell
*/
import "C"
