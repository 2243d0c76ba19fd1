/// @file
/// wasmcell: WebAssembly components inside C++ programs.
///
///     #include <wasmcell.hpp>
///
///     int main() {
///       using namespace wasmcell;
///       using namespace std::chrono_literals;
///       Runtime runtime = Builder().max_execution_time(500ms).build().value();
///       Component component = Component::from_file(runtime, "greeter.wasm").value();
///       auto greet = component.function<std::string(std::string_view)>("greet").value();
///       std::cout << greet("world").value() << "\n";
///     }
///
/// Everything that wasmcell.h has is here, in C++17 without anything to link but that library.
/// Chapters that hold for all of it:
///
/// RESULTS. What can fail gives a Result: a value, or an Error. `value()` throws the error where
/// exceptions are on; where they are off, look first. Nothing else throws, but for memory that
/// there is not, as in the standard library.
///
/// OWNERSHIP. Classes named after an object of the C API own it: movable, not copyable, a pointer
/// wide, released by the destructor, in any order. `clone()` makes another handle where C has one.
/// What is named a view, a Type or an Item borrows, as its doc says. `get()` lends the C object to
/// functions of wasmcell.h, `release()` gives it away; no conversion does that unasked.
///
/// TYPES. Function and Linker::define() know the types of C++, which are checked once: when a
/// function is looked up, and when a component is loaded. Codec has the table; describe.hpp has the
/// macros for types of your own. AnyFunction, Value and call_text() do without.
///
/// THREADS. As in C: what is const any number of threads may do with one object at once; everything
/// else, one at a time. Callbacks may run on any thread, several at once.
///
/// CALLBACKS. Any callable will do, and is kept as long as the library needs it. Exceptions do not
/// pass through the library: those of host functions and stdin callbacks become the error of the
/// call, with their text; those of an HttpReader end the request's body for the guest.
///
/// Functions of the C API without a counterpart: runtime_call_alloc(), because answers of host
/// functions are ordinary C++ values, and runtime_error_frame_count(), because Error::frames()
/// gives all of them.
#ifndef WASMCELL_HPP
#define WASMCELL_HPP

#include <wasmcell/builder.hpp>
#include <wasmcell/bytes.hpp>
#include <wasmcell/call.hpp>
#include <wasmcell/cancel.hpp>
#include <wasmcell/codec.hpp>
#include <wasmcell/codec_described.hpp>
#include <wasmcell/codec_list.hpp>
#include <wasmcell/codec_sum.hpp>
#include <wasmcell/component.hpp>
#include <wasmcell/component_options.hpp>
#include <wasmcell/describe.hpp>
#include <wasmcell/error.hpp>
#include <wasmcell/function.hpp>
#include <wasmcell/held.hpp>
#include <wasmcell/http.hpp>
#include <wasmcell/instance.hpp>
#include <wasmcell/linker.hpp>
#include <wasmcell/options.hpp>
#include <wasmcell/output.hpp>
#include <wasmcell/pending.hpp>
#include <wasmcell/resource.hpp>
#include <wasmcell/result.hpp>
#include <wasmcell/runtime.hpp>
#include <wasmcell/sandbox.hpp>
#include <wasmcell/span.hpp>
#include <wasmcell/type.hpp>
#include <wasmcell/value.hpp>
#include <wasmcell/version.hpp>

#endif
