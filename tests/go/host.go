// Package host is a Go program's view of the library: a host function in Go must run on a stack
// that Go knows. On a guest's fiber it ends the process ("morestack on g0").
package host

/*
#include "host.h"
*/
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

var sink []byte

// goAdd is the host function: it allocates, grows its stack, and now and then collects garbage.
//
//export goAdd
func goAdd(a, b C.uint32_t) C.uint32_t {
	sink = make([]byte, 4096)
	if a%256 == 0 {
		runtime.GC()
	}
	return C.uint32_t(deep(64, uint32(a))) + b
}

//go:noinline
func deep(depth int, value uint32) uint32 {
	var room [512]byte
	room[depth%512] = byte(value)
	if depth == 0 {
		return value
	}
	return deep(depth-1, value) + uint32(room[(depth+1)%512])
}

type guest struct {
	runtime   *C.runtime_t
	component *C.runtime_component_t
	sum       *C.runtime_function_t
}

func check(failure *C.runtime_error_t) error {
	if failure == nil {
		return nil
	}
	defer C.runtime_error_free(failure)
	return errors.New(C.GoString(C.runtime_error_message(failure)))
}

func newGuest() (*guest, error) {
	g := &guest{}
	builder := C.runtime_builder_new()
	defer C.runtime_builder_free(builder)
	C.runtime_builder_max_components(builder, 100)
	name := "sum"
	err := check(C.runtime_build(builder, &g.runtime))
	if err == nil {
		err = check(C.load(g.runtime, &g.component))
	}
	if err == nil {
		text := (*C.char)(unsafe.Pointer(unsafe.StringData(name)))
		err = check(C.runtime_component_function(g.component, text, 3, &g.sum))
	}
	return g, err
}

func (g *guest) add(a, b uint32) (uint32, error) {
	var sum C.uint32_t
	err := check(C.call(g.sum, C.uint32_t(a), C.uint32_t(b), &sum))
	return uint32(sum), err
}

func (g *guest) close() {
	C.runtime_function_free(g.sum)
	C.runtime_component_free(g.component)
	C.runtime_free(g.runtime)
}
