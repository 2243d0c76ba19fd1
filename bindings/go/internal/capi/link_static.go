//go:build wasmcell_static

package capi

// Where libwasmcell.a and wasmcell.h are is up to CGO_LDFLAGS=-L... and CGO_CFLAGS=-I...; the
// libraries are those of Libs.private in wasmcell.pc.

/*
#cgo LDFLAGS: -l:libwasmcell.a -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
*/
import "C"
