package wasmcell

import "github.com/wasmcell/wasmcell/bindings/go/internal/capi"

// RestoreSignalHandlers puts the library's signal handlers back on top, for the whole process,
// after a library in C, such as a crash reporter, has installed its own. That one gets what no
// guest has raised, and Go what it passes on. It does nothing if they are on top, or if no runtime
// needs any.
//
// # Errors
//
// [ErrUnsupported] elsewhere than on Linux.
func RestoreSignalHandlers() error { return errorOf(capi.RestoreSignalHandlers()) }

// SignalHandlersInstalled tells whether signals of guests get to the library first: false before
// there is a runtime that needs handlers, and under somebody else's handler.
func SignalHandlersInstalled() bool { return capi.SignalHandlersInstalled() }
