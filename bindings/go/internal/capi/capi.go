// Package capi is libwasmcell as Go sees it: the only `import "C"` of the binding.
//
// It translates and decides nothing: a method is one crossing. Text and bytes go as pointer and
// length, without a copy; what C keeps is a [runtime/cgo.Handle]. Functions that C may call Go
// from (loading, calling, releasing) are neither `noescape` nor `nocallback`.
package capi

/*
#include "shim.h"

#cgo noescape runtime_abi_version
#cgo nocallback runtime_abi_version
#cgo noescape runtime_version
#cgo nocallback runtime_version
#cgo noescape runtime_wasmtime_version
#cgo nocallback runtime_wasmtime_version
#cgo noescape runtime_feature_name
#cgo nocallback runtime_feature_name
#cgo noescape runtime_feature_bit
#cgo nocallback runtime_feature_bit
#cgo noescape runtime_feature_parse
#cgo nocallback runtime_feature_parse
#cgo noescape runtime_bytes_data
#cgo nocallback runtime_bytes_data
#cgo noescape runtime_bytes_len
#cgo nocallback runtime_bytes_len
#cgo noescape runtime_bytes_free
#cgo nocallback runtime_bytes_free
*/
import "C"

import (
	"fmt"
	"unsafe"
)

func init() { checkABI(C.RUNTIME_ABI_VERSION, ABIVersion()) }

// checkABI panics if the header and the library are of different ABIs.
func checkABI(header, library uint32) {
	if header != library {
		panic(fmt.Sprintf("wasmcell: built for ABI %d, but the library that was loaded has %d",
			header, library))
	}
}

// HeaderVersion is the version of the header that the package was built with.
const HeaderVersion = C.RUNTIME_VERSION_STRING

// ABIVersion is the ABI number of the library.
func ABIVersion() uint32 { return uint32(C.runtime_abi_version()) }

// Version is the version of the library.
func Version() string { return C.GoString(C.runtime_version()) }

// WasmtimeVersion is the version of Wasmtime in the library.
func WasmtimeVersion() string { return C.GoString(C.runtime_wasmtime_version()) }

// Feature tells name and bit of an experimental feature; the name is empty if there is none.
func Feature(index int) (name string, bit uint64) {
	text := C.runtime_feature_name(C.size_t(index))
	if text == nil {
		return "", 0
	}
	return C.GoString(text), uint64(C.runtime_feature_bit(C.size_t(index)))
}

// ParseFeatures turns names into bits.
func ParseFeatures(names string) (uint64, *Failure) {
	var bits C.uint64_t
	err := C.runtime_feature_parse(chars(names), C.size_t(len(names)), &bits)
	return uint64(bits), takeError(err)
}

// empty is what pointers to nothing point to: C tells an empty text from a missing one.
var empty = [1]byte{}

// chars points to the bytes of a text, which C only reads.
func chars(text string) *C.char {
	if len(text) == 0 {
		return (*C.char)(unsafe.Pointer(&empty))
	}
	return (*C.char)(unsafe.Pointer(unsafe.StringData(text)))
}

// bytesOf points to bytes, which C only reads.
func bytesOf(bytes []byte) *C.uint8_t {
	if len(bytes) == 0 {
		return (*C.uint8_t)(unsafe.Pointer(&empty))
	}
	return (*C.uint8_t)(unsafe.Pointer(unsafe.SliceData(bytes)))
}

// takeBytes copies bytes of the library and releases them.
func takeBytes(bytes *C.runtime_bytes_t) []byte {
	if bytes == nil {
		return nil
	}
	data := unsafe.Pointer(C.runtime_bytes_data(bytes))
	out := append([]byte(nil), unsafe.Slice((*byte)(data), int(C.runtime_bytes_len(bytes)))...)
	C.runtime_bytes_free(bytes)
	return out
}

// takeText is takeBytes for text.
func takeText(bytes *C.runtime_bytes_t) string {
	if bytes == nil {
		return ""
	}
	data := unsafe.Pointer(C.runtime_bytes_data(bytes))
	out := string(unsafe.Slice((*byte)(data), int(C.runtime_bytes_len(bytes))))
	C.runtime_bytes_free(bytes)
	return out
}
