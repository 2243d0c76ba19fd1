// Package wasmcell runs WebAssembly components inside a Go program.
//
// A component is compiled once and called from any goroutine. Each call is isolated, and bounded
// in time and memory, and ends with its context. Nothing that a guest does ends the process.
//
//	package main
//
//	import (
//		"context"
//		"errors"
//		"fmt"
//		"log"
//		"time"
//
//		"github.com/wasmcell/wasmcell/bindings/go"
//	)
//
//	func main() {
//		runtime, err := wasmcell.NewRuntime(wasmcell.WithMaxLinearMemory(64 << 20))
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer runtime.Close()
//		component, err := runtime.LoadFile("greeter.wasm")
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer component.Close()
//		greet, err := wasmcell.Func[func(context.Context, string) (string, error)](
//			component, "greet")
//		if err != nil {
//			log.Fatal(err)
//		}
//
//		ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
//		defer cancel()
//		answer, err := greet(ctx, "world")
//		if errors.Is(err, context.DeadlineExceeded) {
//			log.Fatal("the guest takes too long")
//		}
//		if err != nil {
//			log.Fatal(err)
//		}
//		fmt.Println(answer)
//	}
//
// # Objects
//
// A [Runtime] is the compiler, the pool of instances, and the threads that watch deadlines. It
// loads a [Component] from a file, from bytes or text, or from an earlier compilation. What a
// component may import besides WASI is in a [Linker], and what it is granted of the world outside
// in a [Sandbox]; without one, nothing. [Func] looks up an exported function as a Go function, and
// [Func0] to [Func4] do so for the hot path; [Component.Call] and [Component.CallText] call with
// values whose types are known only then, and with text. Each call makes a fresh instance, in
// microseconds. An [Instance] keeps its state between calls.
//
// # Types
//
// Go types are checked against those of the component once: when a function is looked up, or when
// a component is loaded whose imports are Go functions. The error shows both.
//
//	WIT                Go                                    as an any
//	bool               bool                                  bool
//	s8 s16 s32 s64     int8 int16 int32 int64 (or int)       the same
//	u8 u16 u32 u64     uint8 uint16 uint32 uint64 (or uint)  the same
//	f32 f64            float32 float64                       the same
//	char               rune                                  rune
//	string             string                                string
//	list<T>            []T                                   []byte, []string, ... or []any
//	list<u8>           []byte, or *Buffer                    []byte
//	record             struct, fields by name                map[string]any
//	tuple              struct, fields by order               []any
//	option<T>          *T, or Option[T]                      nil or the value
//	result<T, E>       (T, error), or Result[T, E]           Result[any, any]
//	variant            struct, a field for each case         Variant
//	enum               string type, or integer type          string
//	flags              unsigned integer, or struct of bools  []string
//	own<R>, borrow<R>  *Resource; a type of DefineResource   *Resource
//
// Types may be named ones. A field of a struct stands for the WIT name in its tag, such as
// `wit:"http-code"`, or else for its own name in kebab case: HTTPCode for http-code. A field with
// the tag "-" and one that is not exported are left out. A field of type any takes every type.
//
// A variant is a struct with one field for each case: a bool for a case that carries nothing, and
// a pointer to what it carries otherwise. Exactly one of them is set:
//
//	type Size struct { // variant size { unknown, exact(u64), named(string) }
//		Unknown bool
//		Exact   *uint64
//		Named   *string
//	}
//
// An enum that is an integer has the number of its case, from 0, in the order of WIT, and bit i of
// flags is flag i.
//
// An option of an option is, as an any, an [Option][any], whose some(none) is not none.
//
// # Errors
//
// What the library reports is an [*Error]: errors.Is(err, [ErrTrap]) asks for its code, and so on.
// A call that its context ended is also [context.Canceled] or [context.DeadlineExceeded], and the
// cause of [context.Cause]. A call that a host function failed unwraps to the error which that
// returned. A function that gives result<T, E> returns the error case as a [*ResultError]. Using
// something closed is [ErrClosed].
//
// # Goroutines and threads
//
// Everything may be used by any goroutine, and everything but an instance by any number at once. A
// call blocks its goroutine, and runs on its thread: that is fastest. When more than
// [WithMaxBlockingCalls] are in flight, further ones run on the threads of the runtime, where a
// guest that waits takes none, so that a thousand guests asleep do not need a thousand threads.
// Components that are loaded [WithBlockingOnly] always block, and take less time for each call.
//
// Functions of the host are Go functions like others: they may block, call back in, use a deep
// stack, and panic, which becomes the error of the call. A call that is on the threads of the
// runtime runs them on goroutines of their own.
//
// Writers, loggers and destructors have nobody to return an error to: a panic in one ends the
// program, as it does in any goroutine.
//
// # Ownership
//
// Close is how everything is released: at any time, in any order, from any goroutine, and again
// without harm. What was made from an object goes on without it, and calls in flight end as they
// would. Functions belong to their component or instance. Forgotten objects are released by the
// collector, some time; that is a safety net and no plan. Values of Go are not kept: arguments
// must not change until the call returns, and results are copies that are the caller's own.
//
// # Options of a call
//
// Deadlines and cancellation are the context's. Everything else about one call is attached to its
// context by [CallWith]: a [Timeout] without a timer, its [Fuel], where its output goes, what it
// used, a buffer for its result.
//
// # HTTP
//
// A component that exports wasi:http/incoming-handler handles HTTP requests itself:
// [Component.HTTPHandler] makes it an [http.Handler] for the server of the program, whose bodies go
// through in pieces both ways, and an [http.RoundTripper] for its clients. A guest that fails
// before its response is a status, by [Error.HTTPStatus] or as the handler's ErrorHandler says; one
// that fails in the midst of it cuts it off.
//
//	handler, err := component.HTTPHandler(wasmcell.Timeout(10 * time.Second))
//	...
//	log.Fatal(http.ListenAndServe(":8080", handler))
//
// # Linking
//
// The package links libwasmcell by pkg-config; with -tags wasmcell_static the static library,
// where CGO_CFLAGS and CGO_LDFLAGS say where header and library are. At init it compares the ABI
// numbers of both, and panics if they differ.
//
// # Left out
//
// Everything in the C API is here in some form, except: clones of handles, because Go shares
// pointers; pending calls, because a goroutine waits for its call; runtime_call_alloc and
// runtime_call_context, because results and contexts are Go's own; and runtime_error_new, because
// Go has errors.
package wasmcell
