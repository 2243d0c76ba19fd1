/*
 * wasmcell: WebAssembly components inside C, C++ and Go programs.
 *
 *     runtime_builder_t *builder = runtime_builder_new();
 *     runtime_t *runtime = NULL;
 *     runtime_component_t *component = NULL;
 *     runtime_bytes_t *answer = NULL;
 *     runtime_error_t *error = NULL;
 *
 *     runtime_builder_max_execution_time(builder, 500);
 *     error = runtime_build(builder, &runtime);
 *     if (!error)
 *       error = runtime_component_from_file(runtime, "greeter.wasm", 12, NULL, &component);
 *     if (!error)
 *       error = runtime_component_call_text(component, "greet(\"world\")", 14, NULL, &answer);
 *     if (error) fprintf(stderr, "%s\n", runtime_error_message(error));
 *     else puts((const char *)runtime_bytes_data(answer));
 *
 *     runtime_error_free(error);
 *     runtime_bytes_free(answer);
 *     runtime_component_free(component);
 *     runtime_free(runtime);
 *     runtime_builder_free(builder);
 *
 * Eleven short chapters hold for everything below; then come constants, types, and the functions of
 * each object in the order in which a program meets them.
 *
 * OWNERSHIP. What a function hands over through `out`, or returns and calls owned, belongs to the
 * caller, who releases it once with the `_free` function of its type. Every `_free` accepts NULL.
 * Objects keep what they need of those they were made from, so they may be released in any order.
 * Arguments are borrowed: they need to live and stay unchanged until the call returns, and no
 * longer. A `const` pointer that a getter returns is borrowed from the object it was asked of, and
 * lives as long as that object. Nobody releases memory of the other side in any other way.
 *
 * ERRORS. A function that can fail returns `runtime_error_t *`: NULL for success, otherwise an
 * error that the caller owns. The code says what kind of failure it is and is for programs; the
 * message names the argument, limit or name concerned and is for people. Outputs are cleared
 * before anything else, so after a failure they hold NULL or 0. NULL for an argument that is
 * needed is RUNTIME_ERROR_INVALID_ARGUMENT, or a neutral answer that the function documents. A bug
 * in the library is RUNTIME_ERROR_PANIC, from any function: it never ends the host, never unwinds
 * into it, and prints nothing.
 *
 * THREADS. There is no state per thread: any thread may use, pass on or release any object. What a
 * function does with `const T *` any number of threads may do with the same object at once; what it
 * does with `T *`, one at a time, while no other thread uses that object. Releasing an object
 * counts as the latter. Calls block and run on the thread that calls. Functions may be called where
 * threads and the process begin and end, in constructors, in destructors of thread-local data and
 * in atexit() handlers; where a thread's own data is gone already, another thread does the work,
 * with the callbacks that belong to it, and the caller waits.
 *
 * FORKS. After fork(), whatever the threads of the parent were doing, the child may release what it
 * inherited, in any order, build runtimes of its own, also from an inherited builder, and end in
 * any way; what it tries to run of the parent's is RUNTIME_ERROR_FORKED. Threads that did not come
 * along may have been using a runtime and what was made from it, so these are left as they are: the
 * child's memory for them, their descriptors, and the finalizers in them, which do not run there. A
 * call whose callback returns in the child ends there with RUNTIME_ERROR_FORKED; a completion
 * callback, and any callback on a thread of the library, must not return in the child. A fork waits
 * while another thread builds a runtime, makes a pool for a processor or is just done with
 * compiling. The child of vfork() must not call the library.
 *
 * STACKS. A function needs 12 KiB of its thread's stack, one that runs a guest 20 KiB, and within a
 * callback 128 KiB if the whole stack has 256 KiB or more; callbacks get what is left. With less it
 * is RUNTIME_ERROR_STACK_OVERFLOW. What takes more (building, loading, text, deeply nested values)
 * is done by another thread where there is less than that, with the callbacks that belong to it,
 * while the caller waits; so is releasing. Guests have stacks of their own, unless they import
 * nothing or were loaded for blocking calls only; then they run on their caller's if that has room.
 * On a stack that is not the thread's own, a coroutine's, the library cannot tell how much there
 * is: leave 48 KiB. Such a stack must not be part of the thread's own, for which it would be taken.
 * How deep calls may be within each other is runtime_builder_max_call_depth().
 *
 * NUMBERS. Guests compute as WebAssembly says, whatever the floating-point environment of the
 * thread that calls: how it rounds, whether tiny numbers count, which results are signals.
 * Callbacks and the caller find the thread's own environment, flags included, and a change that a
 * callback makes stays. Callbacks on threads of the library find what threads start with. The x87
 * unit is left alone.
 *
 * PROPOSALS. Guests may use WebAssembly 2.0 with vectors, and of what came after it relaxed
 * vectors, tail calls, several memories, extended constant expressions and typed function
 * references; and, if runtime_builder_proposals() switches them on, exceptions, garbage collection,
 * and memories and tables with 64-bit indices. A component that uses another proposal, or one that
 * is off, is refused with RUNTIME_ERROR_UNSUPPORTED, and the message names it: threads, stack
 * switching, wide arithmetic, custom page sizes, memory control; of the component model async
 * functions, streams and futures, error contexts, threads, lists of fixed length, maps, imports of
 * values, and values in memories of 64 bits or in what is collected.
 *
 * STRINGS. All text is UTF-8. Text that goes in is a pointer and a length in bytes, without a NUL
 * at the end; NULL with length 0 is the empty text. Text that comes out of a getter is
 * NUL-terminated; guests choose some of it, so NUL bytes inside are replaced by U+FFFD. Text in
 * runtime_bytes_t and runtime_value_t has its length, and a NUL after its end that the length does
 * not count.
 *
 * CALLBACKS. A callback comes with `user_data`, which the library passes on and never looks
 * behind, and with a finalizer, which runs exactly once when the library needs `user_data` no
 * more: also when registering the callback fails, on an unspecified thread, and never while the
 * callback is running. Callbacks may run on any thread, several at once, so `user_data` must be
 * fit for that. They must return: no longjmp, no C++ exception, no unwinding of any kind. They may
 * call every function of this header, except where one says otherwise.
 *
 * VERSIONS. A program keeps working with every later library of the same RUNTIME_ABI_VERSION,
 * which is also in the name of the shared library. Functions and numbers are added, never changed
 * or taken away. Structs that can grow begin with `struct_size` and have an _INIT macro, so that
 * either side knows which fields the other one has; set fields after that. Ignore codes, kinds and
 * flags that you do not know. `@since` names the version that brought something.
 *
 * SIGNALS. Guests raise SIGSEGV and SIGILL, on x86-64 also SIGFPE, when they break a rule, unless
 * runtime_builder_signal_handlers() says otherwise. The library's handlers turn them into errors,
 * on every thread and whatever it blocks. All others go to the handler that was there before, as
 * if the system had called it: with its mask, its kind of arguments, once if it asked for that
 * (SA_RESETHAND), on x86-64 on the stack that it asked for; SIG_DFL and SIG_IGN are done as the
 * system does them. A handler installed later should pass on what is not its own, with all three
 * arguments, or runtime_signal_handlers_restore() has to follow. A guest that writes where nobody
 * reads, or beyond `ulimit -f`, is told so by its stream or file: SIGPIPE and SIGXFSZ reach nobody.
 *
 * THE PROCESS gets this from the library, and nothing else. When the first runtime is built whose
 * guests raise signals, and for good: handlers for SIGSEGV and SIGILL, and on x86-64 for SIGFPE.
 * When the first runtime is built, and for good: one descriptor of /proc/self/pagemap; one page of
 * memory; handlers of pthread_atfork(); and the library itself, which stays after dlclose(). Each
 * thread that runs guests and has no alternate signal stack that is large enough gets one, until it
 * ends. A runtime has, until it and all that was made from it are gone: the threads wasmcell-epoch,
 * wasmcell-reactor, wasmcell-deadline, as many wasmcell-worker as runtime_builder_worker_threads()
 * says, and, while they have something to do and some seconds longer, as many more
 * wasmcell-deadline, which end calls that are late or cancelled, two more wasmcell-reactor, which
 * watch an inherited stdin, and wasmcell-file, wasmcell-lookup and wasmcell-host, at most
 * runtime_builder_file_threads(), runtime_builder_lookup_threads() and
 * runtime_builder_host_threads(); while something is compiled, one wasmcell-compile for each
 * processor, one wasmcell-pool while a processor gets a pool of its own, and at the end one
 * wasmcell-shutdown; a wasmcell-helper for each caller that has too little stack or is about to
 * end; descriptors of two epolls and their eventfds; at most seven mappings for each of
 * runtime_builder_max_components(), two of which the first pool takes from the start, and for those
 * of runtime_builder_max_pools() as many again at most; and temporary files in
 * runtime_builder_cache_directory() while it writes there, other files in it for good. A component
 * has mappings of its code and its data, and of some of them a descriptor of a file in memory
 * (memfd), and the same once more in each other pool that its instances come from; a sandbox that
 * was given to it, descriptors of its directories; a guest, of what it opens. All descriptors close
 * on exec. Nothing is registered with atexit(), and
 * neither the environment nor the locale, the directory, the umask or the disposition of any other
 * signal is changed.
 */

#ifndef WASMCELL_H
#define WASMCELL_H

/* Generated from src/capi by cbindgen; do not edit. `make bless` rewrites it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Version of this header; runtime_version() tells that of the library. */
#define RUNTIME_VERSION_MAJOR 0
#define RUNTIME_VERSION_MINOR 1
#define RUNTIME_VERSION_PATCH 0
#define RUNTIME_VERSION_STRING "0.1.0"
/** The version as one number, for comparisons in #if. */
#define RUNTIME_VERSION \
  ((RUNTIME_VERSION_MAJOR << 16) | (RUNTIME_VERSION_MINOR << 8) | RUNTIME_VERSION_PATCH)
/** The ABI this header describes; runtime_abi_version() tells that of the library. */
#define RUNTIME_ABI_VERSION 0

/* Define RUNTIME_STATIC to link the static library on Windows. */
#if defined(_WIN32) && !defined(RUNTIME_STATIC)
#define RUNTIME_API __declspec(dllimport)
#else
#define RUNTIME_API
#endif

/* The compiler warns when the answer is ignored, unless a program defines this otherwise first:
   as nothing, or as what its own compiler and style want. */
#ifndef RUNTIME_NODISCARD
#if defined(__GNUC__)
#define RUNTIME_NODISCARD __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#define RUNTIME_NODISCARD _Check_return_
#else
#define RUNTIME_NODISCARD
#endif
#endif

/* Constants and types -------------------------------------------------------------------------- */

/**
 * The experimental interfaces `wasmcloud:messaging/{producer,request-reply,types}@0.3.0`;
 * by name `wasmcloud-messaging-v3`.
 */
#define RUNTIME_FEATURE_WASMCLOUD_MESSAGING_V3 1

/**
 * The experimental interface `wasmcloud:identity/store@0.0.1`; by name
 * `workload-identity-interface`.
 */
#define RUNTIME_FEATURE_WORKLOAD_IDENTITY_INTERFACE 2

/** The experimental interfaces `wrpc:rpc/...@0.1.0`; by name `rpc-interface`. */
#define RUNTIME_FEATURE_RPC_INTERFACE 4

/** The proposal of exceptions, with `try_table` and `exnref`: for runtime_builder_proposals(). */
#define RUNTIME_PROPOSAL_EXCEPTIONS 1

/** The proposal of garbage collection, with structs, arrays and casts. */
#define RUNTIME_PROPOSAL_GC 2

/** The proposal of memories and tables with addresses of 64 bits. */
#define RUNTIME_PROPOSAL_MEMORY64 4

/** The right to read files and symbolic links, for runtime_sandbox_directory(). */
#define RUNTIME_RIGHT_READ 1

/** The right to create, change, rename and remove, for runtime_sandbox_directory(). */
#define RUNTIME_RIGHT_WRITE 2

/** The right to learn which names there are, for runtime_sandbox_directory(). */
#define RUNTIME_RIGHT_LIST 4

/**
 * The callback gets one line at a time, with its line feed. The last line of a call may lack
 * that, and a line of more than 64 KiB comes in pieces.
 */
#define RUNTIME_WRITE_WHOLE_LINES 1

/** More of the request's body follows, by `read` or by runtime_http_exchange_write(). */
#define RUNTIME_HTTP_MORE 1

/**
 * What kind of failure an error is.
 *
 * Numbers are stable and never reused; families have gaps: 1 to 15 the caller, 16 to 31 the
 * component, 32 to 47 limits, 48 to 63 the surroundings. Expect numbers that this header does
 * not list: a newer library may have more.
 *
 * @since 0.1
 */
enum runtime_error_code_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /** No error: what runtime_error_code() answers for NULL. */
  RUNTIME_ERROR_NONE = 0,
  /** An argument or setting is unusable; the message names it. */
  RUNTIME_ERROR_INVALID_ARGUMENT = 1,
  /** A name is not there. */
  RUNTIME_ERROR_NOT_FOUND = 2,
  /** A value does not have the type that is wanted, or there are too few or too many. */
  RUNTIME_ERROR_TYPE_MISMATCH = 3,
  /** The instance is in another call. */
  RUNTIME_ERROR_BUSY = 4,
  /** The bytes are not a component. */
  RUNTIME_ERROR_COMPILE = 16,
  /** An import of the component is missing or has another type. */
  RUNTIME_ERROR_LINK = 17,
  /** The guest trapped; see runtime_error_trap() and runtime_error_frame(). */
  RUNTIME_ERROR_TRAP = 18,
  /** The guest ended itself; see runtime_error_exit_status(). */
  RUNTIME_ERROR_EXIT = 19,
  /** The instance failed in an earlier call and can no longer be used. */
  RUNTIME_ERROR_POISONED = 20,
  /**
   * The guest gave no response, an error in the place of one, or one that is not HTTP; see
   * runtime_error_http().
   */
  RUNTIME_ERROR_HTTP = 21,
  /** The call took longer than it may. */
  RUNTIME_ERROR_TIMEOUT = 32,
  /** The call was cancelled. */
  RUNTIME_ERROR_CANCELLED = 33,
  /** The guest wanted more memory or table elements than it may have, or than the system has. */
  RUNTIME_ERROR_MEMORY_LIMIT = 34,
  /** The binary is larger than runtime_builder_max_component_size() allows. */
  RUNTIME_ERROR_COMPONENT_TOO_LARGE = 35,
  /** As many instances are alive as runtime_builder_max_components() allows. */
  RUNTIME_ERROR_INSTANCE_LIMIT = 36,
  /** The call used up its fuel. */
  RUNTIME_ERROR_FUEL = 37,
  /** The guest used up its stack. */
  RUNTIME_ERROR_STACK_OVERFLOW = 38,
  /** The guest wanted more of the host's own memory or handles than it may have. */
  RUNTIME_ERROR_RESOURCE_LIMIT = 39,
  /**
   * The guest, or the directories it is granted, wanted more descriptors than
   * runtime_builder_max_descriptors() or runtime_builder_max_total_descriptors() allows.
   */
  RUNTIME_ERROR_DESCRIPTOR_LIMIT = 40,
  /** The guest wanted more name look-ups at once than runtime_builder_max_lookups() allows. */
  RUNTIME_ERROR_LOOKUP_LIMIT = 41,
  /** The guest wanted to add more to a directory than runtime_sandbox_directory_limit() allows. */
  RUNTIME_ERROR_DISK_QUOTA = 42,
  /** A file or directory could not be used. */
  RUNTIME_ERROR_IO = 48,
  /** The pool could not be reserved. */
  RUNTIME_ERROR_POOL = 49,
  /** A signature is missing or wrong. */
  RUNTIME_ERROR_SIGNATURE = 50,
  /** The process is a fork of the one that built the runtime. */
  RUNTIME_ERROR_FORKED = 51,
  /** This version of the library cannot do that. */
  RUNTIME_ERROR_UNSUPPORTED = 52,
  /** The runtime was shut down by runtime_shutdown(). */
  RUNTIME_ERROR_SHUTDOWN = 53,
  /** A callback of the host failed; the message is its own. See runtime_error_new(). */
  RUNTIME_ERROR_HOST = 64,
  /** A bug in this library, caught before it reached the host. Please report it. */
  RUNTIME_ERROR_PANIC = 127,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_error_code_t runtime_error_code_t;
#else
typedef int32_t runtime_error_code_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which rule of WebAssembly a trapping guest broke.
 *
 * Expect numbers that this header does not list: a newer library may have more.
 *
 * @since 0.1
 */
enum runtime_trap_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /** The error is not a trap. */
  RUNTIME_TRAP_NONE = 0,
  /** An `unreachable` instruction: how most languages abort. */
  RUNTIME_TRAP_UNREACHABLE = 1,
  /** A memory access out of bounds. */
  RUNTIME_TRAP_MEMORY_OUT_OF_BOUNDS = 2,
  /** A table access out of bounds. */
  RUNTIME_TRAP_TABLE_OUT_OF_BOUNDS = 3,
  /** An indirect call to an empty table element. */
  RUNTIME_TRAP_INDIRECT_CALL_TO_NULL = 4,
  /** An indirect call to a function of another type. */
  RUNTIME_TRAP_BAD_SIGNATURE = 5,
  /** Integer arithmetic overflowed. */
  RUNTIME_TRAP_INTEGER_OVERFLOW = 6,
  /** An integer was divided by zero. */
  RUNTIME_TRAP_INTEGER_DIVISION_BY_ZERO = 7,
  /** A float has no integer counterpart. */
  RUNTIME_TRAP_BAD_CONVERSION_TO_INTEGER = 8,
  /** The call stack was used up; the code is RUNTIME_ERROR_STACK_OVERFLOW. */
  RUNTIME_TRAP_STACK_OVERFLOW = 9,
  /** The guest broke the canonical ABI: pointers, lengths, cases, handles or text it gave. */
  RUNTIME_TRAP_CANONICAL_ABI = 10,
  /** Something was done with a reference to nothing. */
  RUNTIME_TRAP_NULL_REFERENCE = 11,
  /** An array access out of bounds. */
  RUNTIME_TRAP_ARRAY_OUT_OF_BOUNDS = 12,
  /** A reference is not to what it was cast to. */
  RUNTIME_TRAP_CAST_FAILURE = 13,
  /** An exception that its component did not catch. */
  RUNTIME_TRAP_UNCAUGHT_EXCEPTION = 14,
  /** Any other rule; the message says which. */
  RUNTIME_TRAP_OTHER = 31,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_trap_t runtime_trap_t;
#else
typedef int32_t runtime_trap_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a log record matters.
 *
 * @since 0.1
 */
enum runtime_log_level_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /** Something is broken. */
  RUNTIME_LOG_LEVEL_ERROR = 1,
  /** Something is not as asked for, such as a pool that did not fit. */
  RUNTIME_LOG_LEVEL_WARN = 2,
  /** Something worth knowing once. */
  RUNTIME_LOG_LEVEL_INFO = 3,
  /** Something worth knowing when looking for a fault. */
  RUNTIME_LOG_LEVEL_DEBUG = 4,
  /** Everything. */
  RUNTIME_LOG_LEVEL_TRACE = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_log_level_t runtime_log_level_t;
#else
typedef int32_t runtime_log_level_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What an import or export is.
 *
 * Expect numbers that this header does not list: a newer library may have more.
 *
 * @since 0.1
 */
enum runtime_item_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /** No item: what runtime_item_kind() answers for NULL. */
  RUNTIME_ITEM_KIND_NONE = 0,
  /** A function. */
  RUNTIME_ITEM_KIND_FUNCTION = 1,
  /** A resource. */
  RUNTIME_ITEM_KIND_RESOURCE = 2,
  /** A type that is given a name. */
  RUNTIME_ITEM_KIND_TYPE = 3,
  /** A core module. */
  RUNTIME_ITEM_KIND_MODULE = 4,
  /** A component. */
  RUNTIME_ITEM_KIND_COMPONENT = 5,
  /** A core function. */
  RUNTIME_ITEM_KIND_CORE_FUNCTION = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_item_kind_t runtime_item_kind_t;
#else
typedef int32_t runtime_item_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Which constructor a type has, and which field of a runtime_value_t counts.
 *
 * Expect numbers that this header does not list: a newer library may have more.
 *
 * @since 0.1
 */
enum runtime_kind_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /** No type: what runtime_type_kind() answers for NULL. */
  RUNTIME_KIND_NONE = 0,
  /** `bool`. */
  RUNTIME_KIND_BOOL = 1,
  /** `s8`. */
  RUNTIME_KIND_S8 = 2,
  /** `u8`. */
  RUNTIME_KIND_U8 = 3,
  /** `s16`. */
  RUNTIME_KIND_S16 = 4,
  /** `u16`. */
  RUNTIME_KIND_U16 = 5,
  /** `s32`. */
  RUNTIME_KIND_S32 = 6,
  /** `u32`. */
  RUNTIME_KIND_U32 = 7,
  /** `s64`. */
  RUNTIME_KIND_S64 = 8,
  /** `u64`. */
  RUNTIME_KIND_U64 = 9,
  /** `f32`. */
  RUNTIME_KIND_F32 = 10,
  /** `f64`. */
  RUNTIME_KIND_F64 = 11,
  /** `char`: a Unicode scalar value. */
  RUNTIME_KIND_CHAR = 12,
  /** `string`. */
  RUNTIME_KIND_STRING = 13,
  /** `list<...>`; child 0 is the type of the elements. */
  RUNTIME_KIND_LIST = 14,
  /** `record`; the children are its fields. */
  RUNTIME_KIND_RECORD = 15,
  /** `tuple<...>`; the children are its fields, which have no names. */
  RUNTIME_KIND_TUPLE = 16,
  /** `variant`; the children are its cases. */
  RUNTIME_KIND_VARIANT = 17,
  /** `enum`; the children are its cases, which carry nothing. */
  RUNTIME_KIND_ENUM = 18,
  /** `option<...>`; child 0 is what it may hold. */
  RUNTIME_KIND_OPTION = 19,
  /** `result<...>`; child 0 is what success carries, child 1 what failure carries. */
  RUNTIME_KIND_RESULT = 20,
  /** `flags`; the children are its flags, which have no types. */
  RUNTIME_KIND_FLAGS = 21,
  /** `own<...>`: a handle that owns its resource. */
  RUNTIME_KIND_OWN = 22,
  /** `borrow<...>`: a handle that its owner lends for one call. */
  RUNTIME_KIND_BORROW = 23,
  /** `func`; the children are its parameters, and runtime_type_result() is its result. */
  RUNTIME_KIND_FUNCTION = 32,
  /** A type whose values this version does not support; runtime_type_text() spells it. */
  RUNTIME_KIND_UNSUPPORTED = 33,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_kind_t runtime_kind_t;
#else
typedef uint8_t runtime_kind_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Why HTTP failed, in the words and the order of `error-code` of wasi:http 0.2.
 *
 * Expect numbers that this header does not list: a newer library may have more.
 *
 * @since 0.1
 */
enum runtime_http_error_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /** It is not HTTP that failed. */
  RUNTIME_HTTP_ERROR_NONE = 0,
  /** Looking a name up took too long. */
  RUNTIME_HTTP_ERROR_DNS_TIMEOUT = 1,
  /** A name could not be looked up. */
  RUNTIME_HTTP_ERROR_DNS_ERROR = 2,
  /** There is no such server. */
  RUNTIME_HTTP_ERROR_DESTINATION_NOT_FOUND = 3,
  /** The server cannot be reached. */
  RUNTIME_HTTP_ERROR_DESTINATION_UNAVAILABLE = 4,
  /** The address may not be connected to. */
  RUNTIME_HTTP_ERROR_DESTINATION_IP_PROHIBITED = 5,
  /** No way leads to the address. */
  RUNTIME_HTTP_ERROR_DESTINATION_IP_UNROUTABLE = 6,
  /** The server refused the connection. */
  RUNTIME_HTTP_ERROR_CONNECTION_REFUSED = 7,
  /** The connection ended in the midst of something. */
  RUNTIME_HTTP_ERROR_CONNECTION_TERMINATED = 8,
  /** Connecting took too long. */
  RUNTIME_HTTP_ERROR_CONNECTION_TIMEOUT = 9,
  /** Reading took too long. */
  RUNTIME_HTTP_ERROR_CONNECTION_READ_TIMEOUT = 10,
  /** Writing took too long. */
  RUNTIME_HTTP_ERROR_CONNECTION_WRITE_TIMEOUT = 11,
  /** There are as many connections as there may be. */
  RUNTIME_HTTP_ERROR_CONNECTION_LIMIT_REACHED = 12,
  /** One of both sides broke the rules of TLS. */
  RUNTIME_HTTP_ERROR_TLS_PROTOCOL_ERROR = 13,
  /** A certificate is not to be trusted. */
  RUNTIME_HTTP_ERROR_TLS_CERTIFICATE_ERROR = 14,
  /** The other side ended TLS with an alert. */
  RUNTIME_HTTP_ERROR_TLS_ALERT_RECEIVED = 15,
  /** The request is not allowed. */
  RUNTIME_HTTP_ERROR_REQUEST_DENIED = 16,
  /** The request has to say how long its body is. */
  RUNTIME_HTTP_ERROR_REQUEST_LENGTH_REQUIRED = 17,
  /** The request's body is larger than allowed, or not as long as it says. */
  RUNTIME_HTTP_ERROR_REQUEST_BODY_SIZE = 18,
  /** The request's method is not one. */
  RUNTIME_HTTP_ERROR_REQUEST_METHOD_INVALID = 19,
  /** The request's target is not one. */
  RUNTIME_HTTP_ERROR_REQUEST_URI_INVALID = 20,
  /** The request's target is too long. */
  RUNTIME_HTTP_ERROR_REQUEST_URI_TOO_LONG = 21,
  /** The request's headers are too large together. */
  RUNTIME_HTTP_ERROR_REQUEST_HEADER_SECTION_SIZE = 22,
  /** A header of the request is too large. */
  RUNTIME_HTTP_ERROR_REQUEST_HEADER_SIZE = 23,
  /** The request's trailers are too large together. */
  RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SECTION_SIZE = 24,
  /** A trailer of the request is too large. */
  RUNTIME_HTTP_ERROR_REQUEST_TRAILER_SIZE = 25,
  /** The response ended too soon, or there was none. */
  RUNTIME_HTTP_ERROR_RESPONSE_INCOMPLETE = 26,
  /** The response's headers are too large together. */
  RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SECTION_SIZE = 27,
  /** A header of the response is too large. */
  RUNTIME_HTTP_ERROR_RESPONSE_HEADER_SIZE = 28,
  /** The response's body is larger than allowed, or not as long as it says. */
  RUNTIME_HTTP_ERROR_RESPONSE_BODY_SIZE = 29,
  /** The response's trailers are too large together. */
  RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SECTION_SIZE = 30,
  /** A trailer of the response is too large. */
  RUNTIME_HTTP_ERROR_RESPONSE_TRAILER_SIZE = 31,
  /** The response's transfer coding is unknown or damaged. */
  RUNTIME_HTTP_ERROR_RESPONSE_TRANSFER_CODING = 32,
  /** The response's content coding is unknown or damaged. */
  RUNTIME_HTTP_ERROR_RESPONSE_CONTENT_CODING = 33,
  /** The response took too long. */
  RUNTIME_HTTP_ERROR_RESPONSE_TIMEOUT = 34,
  /** The protocol could not be changed. */
  RUNTIME_HTTP_ERROR_UPGRADE_FAILED = 35,
  /** One of both sides broke the rules of HTTP. */
  RUNTIME_HTTP_ERROR_PROTOCOL_ERROR = 36,
  /** The request came back to where it was. */
  RUNTIME_HTTP_ERROR_LOOP_DETECTED = 37,
  /** A setting is wrong. */
  RUNTIME_HTTP_ERROR_CONFIGURATION_ERROR = 38,
  /** Anything else. */
  RUNTIME_HTTP_ERROR_INTERNAL_ERROR = 39,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_http_error_t runtime_http_error_t;
#else
typedef int32_t runtime_http_error_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where a runtime takes the memory of its instances from. See runtime_info().
 *
 * @since 0.1
 */
enum runtime_allocator_t
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * A pool whose slots are large enough to leave bounds checks out of the guest's code: the
   * fastest.
   */
  RUNTIME_ALLOCATOR_POOLING = 1,
  /** A pool whose slots are only as large as the limits need; bounds checks are compiled in. */
  RUNTIME_ALLOCATOR_POOLING_SHRUNK = 2,
  /** No pool: memory is mapped for each instance when it is made. */
  RUNTIME_ALLOCATOR_ON_DEMAND = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum runtime_allocator_t runtime_allocator_t;
#else
typedef uint32_t runtime_allocator_t;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The settings of a runtime, before it is built.
 *
 * The caller owns it and releases it with runtime_builder_free(), before or after the
 * runtimes built from it; they keep what they need. One thread at a time may use it.
 *
 * Setters return nothing and accept a NULL builder, which they ignore: the first unusable value
 * is remembered, and runtime_build() reports it with the name of the setting. A setter called
 * twice overrides what it set before, unless it says that it adds to it.
 *
 * @since 0.1
 */
typedef struct runtime_builder_t runtime_builder_t;

/**
 * Bytes that the library made: text, or a compiled component.
 *
 * The caller owns it and releases it with runtime_bytes_free(). It refers to nothing
 * else and may outlive every other object. It does not change, so any number of threads may
 * read it at once.
 *
 * @since 0.1
 */
typedef struct runtime_bytes_t runtime_bytes_t;

/**
 * What a host function is told about the call that it is part of.
 *
 * Borrowed by the callback, and gone when it returns. It belongs to the thread of the callback;
 * others may ask it questions meanwhile, as far as these take `const runtime_call_t *`.
 *
 * @since 0.1
 */
typedef struct runtime_call_t runtime_call_t;

/**
 * Cancels calls: give it to any number of them in runtime_call_options_t, and trigger it.
 *
 * The caller owns it and releases it with runtime_cancel_free(). It is sticky: once
 * triggered it stays so, and also cancels the calls that it is given to later. It belongs to no
 * runtime. Calls keep what they need of it, so it may be freed before or after them. Any number
 * of threads may use it at once.
 *
 * @since 0.1
 */
typedef struct runtime_cancel_t runtime_cancel_t;

/**
 * A component, compiled and linked once.
 *
 * The caller owns it and releases it with runtime_component_free(). It keeps what it
 * needs of its runtime, so it may be freed before or after it. Any number of threads may use it
 * at once.
 *
 * @since 0.1
 */
typedef struct runtime_component_t runtime_component_t;

/**
 * Why something failed: a code, one line of text, and what is known about the guest.
 *
 * The caller owns it and releases it with runtime_error_free(). It refers to nothing
 * else and may outlive every other object. An error does not change after it is made, so any
 * number of threads may read it at once.
 *
 * @since 0.1
 */
typedef struct runtime_error_t runtime_error_t;

/**
 * One exported function of a component, looked up and type-checked once.
 *
 * The caller owns it and releases it with runtime_function_free(). It keeps its
 * component, so it may be freed before or after it. Any number of threads may call it at once:
 * each call runs in an instance of its own, and leaves nothing behind.
 *
 * @since 0.1
 */
typedef struct runtime_function_t runtime_function_t;

/**
 * One request and its response, in a guest of its own.
 *
 * The caller owns it and releases it with runtime_http_exchange_free(). It keeps what it needs, so
 * it may outlive everything else. Nothing of it runs unless one of its functions asks for
 * something: then the guest goes on, on the calling thread, until that is there, and stands still
 * again. So the host sets the pace, and neither side buffers more than 64 KiB of a body. The time
 * that the call has, from its beginning to its end, runs on meanwhile: when it is up, the guest is
 * given up also where it stands still, and the next function says so.
 *
 * One thread at a time may use it, not always the same one; another one meanwhile gets
 * RUNTIME_ERROR_BUSY. A cancel token ends it from any thread. It counts as a call in
 * runtime_stats_t, and as an instance that is alive once it has begun.
 *
 * @since 0.1
 */
typedef struct runtime_http_exchange_t runtime_http_exchange_t;

/**
 * A component that handles HTTP requests: its `wasi:http/incoming-handler`, looked up once.
 *
 * For hosts that have a server of their own. The caller owns it and releases it with
 * runtime_http_handler_free(). It keeps its component, so it may be freed before or after it. Any
 * number of threads may use it at once.
 *
 * @since 0.1
 */
typedef struct runtime_http_handler_t runtime_http_handler_t;

/**
 * An instance of a component that keeps its state from one call to the next.
 *
 * For guests that need it; a call by runtime_function_call() leaves nothing behind. The
 * caller owns it and releases it with runtime_instance_free(). It keeps its component, so it
 * may be freed before or after it, and counts as alive for runtime_builder_max_components(). Any
 * thread may use it, but it takes one call at a time: another one meanwhile is RUNTIME_ERROR_BUSY.
 * Once a call has failed in it, by a trap or a limit or because it was cancelled, the guest may
 * have stopped anywhere, and every later call is RUNTIME_ERROR_POISONED. Time between calls does
 * not count towards any limit.
 *
 * @since 0.1
 */
typedef struct runtime_instance_t runtime_instance_t;

/**
 * One thing that a component imports or exports.
 *
 * Borrowed from the runtime_component_t that it was asked of, never released by the caller, and
 * alive as long as that handle. It does not change, so any number of threads may read it at
 * once.
 *
 * @since 0.1
 */
typedef struct runtime_item_t runtime_item_t;

/**
 * What the host provides to components: functions and resources, by interface and name.
 *
 * The caller owns it and releases it with runtime_linker_free(). A component that is
 * loaded with it, by runtime_component_options_t, copies what is in it, so it may be changed or
 * released afterwards, and serve any number of components. What no component imports does no
 * harm. One thread at a time may change it; loading components only reads it.
 *
 * @since 0.1
 */
typedef struct runtime_linker_t runtime_linker_t;

/**
 * What the guest of a call printed. See runtime_call_options_t.
 *
 * The caller owns it and releases it with runtime_output_free(), also while a call writes
 * to it. It holds the output of one call, since a call that it is given to empties it first; or of
 * several, by runtime_output_collect(). It belongs to no runtime. While a call that it was given
 * to is in flight only that call may use it; otherwise any number of threads may read it at once.
 *
 * @since 0.1
 */
typedef struct runtime_output_t runtime_output_t;

/**
 * An asynchronous call, load or instance on its way, or its outcome.
 *
 * The caller owns it and releases it with runtime_pending_free(), at any time. What is on its way
 * keeps nothing of the runtime by it; an outcome that nobody took is there until then, and a
 * component or an instance keeps what it always does. It may be freed before or after everything
 * else. Any number of threads may use it at once. In a fork of the process, waiting is
 * RUNTIME_ERROR_FORKED.
 *
 * @since 0.1
 */
typedef struct runtime_pending_t runtime_pending_t;

/**
 * The answer that a host function still owes. See runtime_call_defer().
 *
 * The host function that receives it owns it, and passes it on to runtime_reply_complete(), or
 * releases it with runtime_reply_free(). Any thread may do so, at any time: also when the call is
 * over, the callback's `user_data` has been released, or nothing is left of the runtime.
 *
 * @since 0.1
 */
typedef struct runtime_reply_t runtime_reply_t;

/**
 * What a guest is granted of the world outside: see runtime_component_options_t.
 *
 * The caller owns it and releases it with runtime_sandbox_free(). Components copy it, so it
 * may change, or be freed, after they were made. One thread at a time may use it.
 *
 * Nothing is granted unless one of these functions does so: no arguments, environment, files,
 * stdio or network. Clocks and random numbers are real.
 *
 * @since 0.1
 */
typedef struct runtime_sandbox_t runtime_sandbox_t;

/**
 * A place where components are compiled and run: the engine, the pool, and the threads that
 * keep time.
 *
 * The caller owns it and releases it with runtime_free(). Objects made from it keep what
 * they need of it, so it may be freed before or after them. Any number of threads may use it at
 * once. In a fork of the process, using it is RUNTIME_ERROR_FORKED.
 *
 * @since 0.1
 */
typedef struct runtime_t runtime_t;

/**
 * A type of the component model.
 *
 * Borrowed from the runtime_component_t or runtime_function_t that it was asked of, directly or
 * through an item or another type; never released by the caller, and alive as long as that
 * handle. It does not change, so any number of threads may read it at once.
 *
 * @since 0.1
 */
typedef struct runtime_type_t runtime_type_t;

/**
 * The results of one call, or a value that was read from text, with everything they point to.
 *
 * The caller owns it and releases it with runtime_values_free(), which releases every
 * string and list in it. It refers to nothing else and may outlive every other object. It does
 * not change, so any number of threads may read it at once.
 *
 * @since 0.1
 */
typedef struct runtime_values_t runtime_values_t;

/**
 * What an error is about, as far as it is known: for programs, where the message is for people.
 *
 * Initialise with RUNTIME_ERROR_DETAILS_INIT; filled in by runtime_error_details(). The strings
 * are NUL-terminated, never NULL after success, and borrowed from the error: they live as long as
 * it does. One of more than 1000 bytes is cut, and ends in U+2026. Fields are only ever appended,
 * so a program built against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_error_details_t {
  /** sizeof(runtime_error_details_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * The import of the component that is missing, has another type, or was answered wrongly, such
   * as `ns:pkg/iface@1.0.0#get`; empty if it is not about one.
   */
  const char *import;
  /**
   * What was passed and cannot be used: the name of a parameter of this library's or of a
   * setting, or the place in the arguments of a guest's function or in the result of a host's,
   * such as `names[2]` or `result.x`; empty if it is not about one.
   */
  const char *argument;
  /**
   * The setting whose limit was met: the name of its function without `runtime_builder_`, or
   * `max_bytes` or `max_entries` of runtime_sandbox_directory_limit(); empty if none was.
   */
  const char *setting;
  /** How much there would have been of what `setting` limits, in its unit; 0 if it is not known. */
  uint64_t asked;
  /** How much `setting` allows, in its unit; 0 also if it is not known. */
  uint64_t allowed;
} runtime_error_details_t;
/** Defaults for a runtime_error_details_t. */
#define RUNTIME_ERROR_DETAILS_INIT {sizeof(runtime_error_details_t), NULL, NULL, NULL, 0, 0}

/**
 * One function on the guest's stack when it trapped.
 *
 * Initialise with RUNTIME_FRAME_INIT; filled in by runtime_error_frame(). The strings are
 * NUL-terminated, never NULL after success, and borrowed from the error: they live as long as
 * it does. Fields are only ever appended, so a program built against an older header keeps
 * working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_frame_t {
  /** sizeof(runtime_frame_t), as the caller was compiled. */
  size_t struct_size;
  /** Name of the function, demangled; empty where the component carries no names. */
  const char *function;
  /** Name of the core module; empty where it has none. */
  const char *module;
  /** Offset of the instruction in the core module's binary, in bytes; UINT64_MAX if unknown. */
  uint64_t offset;
  /** Source file; empty without debug information. See runtime_builder_backtrace_details(). */
  const char *file;
  /** Line in `file`, from 1; 0 if unknown. */
  uint32_t line;
  /** Column in `line`, from 1; 0 if unknown. */
  uint32_t column;
} runtime_frame_t;
/** Defaults for a runtime_frame_t. */
#define RUNTIME_FRAME_INIT {sizeof(runtime_frame_t), NULL, NULL, 0, NULL, 0, 0}

/**
 * Receives one log record of a runtime. See runtime_builder_log().
 *
 * May be called by several threads at once, from any thread that uses the runtime and from the
 * runtime's own. Must not unwind. May call any function of this library; records about what it
 * does itself are left out.
 *
 * @param user_data    What was registered. Borrowed for the call.
 * @param level        How much it matters.
 * @param target       Where it comes from, such as `wasmcell::pool`. Borrowed for the call;
 *                     not NUL-terminated.
 * @param target_len   Length of `target`.
 * @param message      One record as text, then its fields as `name=value`. Borrowed for the
 *                     call; not NUL-terminated. Guests choose parts of it, so treat it as
 *                     untrusted. At most 64 KiB, and a U+2026 for each part that was cut.
 * @param message_len  Length of `message`.
 *
 * @since 0.1
 */
typedef void (*runtime_log_fn_t)(void *user_data,
                                 runtime_log_level_t level,
                                 const char *target,
                                 size_t target_len,
                                 const char *message,
                                 size_t message_len);

/**
 * Releases the `user_data` of a callback.
 *
 * Runs exactly once, also when registering the callback fails; on an unspecified thread; never
 * while the callback is running. See chapter Callbacks above.
 *
 * @param user_data  What was registered with the callback. Owned by the finalizer.
 *
 * @since 0.1
 */
typedef void (*runtime_finalizer_t)(void *user_data);

/**
 * What a runtime got of what was asked for, and why.
 *
 * Initialise with RUNTIME_INFO_INIT; filled in by runtime_info(). Fields are only ever appended,
 * so a program built against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_info_t {
  /** sizeof(runtime_info_t), as the caller was compiled. */
  size_t struct_size;
  /** A runtime_allocator_t. */
  uint32_t allocator;
  /** 0. */
  uint32_t reserved;
  /** Instances that may be alive at once, each counted once for each of its linear memories. */
  uint64_t max_components;
  /** Linear memories that the pool holds; 0 without a pool. */
  uint64_t total_memories;
  /** Bytes of address space for each of them, without guard pages. */
  uint64_t memory_reservation;
  /**
   * Bytes of address space that the pool reserves; 0 without a pool. Reserved is not used:
   * memory is committed as guests touch it.
   */
  uint64_t address_space;
  /**
   * Why `allocator` is not RUNTIME_ALLOCATOR_POOLING, in one line; empty if it is. Borrowed
   * from the runtime and NUL-terminated.
   */
  const char *reason;
} runtime_info_t;
/** Defaults for a runtime_info_t. */
#define RUNTIME_INFO_INIT {sizeof(runtime_info_t), 0, 0, 0, 0, 0, 0, NULL}

/**
 * What a runtime is doing and has done.
 *
 * Initialise with RUNTIME_STATS_INIT; filled in by runtime_stats(). Each number is right by
 * itself; two of them may be from moments that a call lies between. Once no call is in flight,
 * `started` is the sum of `finished`, `trapped`, `timed_out`, `cancelled` and `failed`. Fields are
 * only ever appended, so a program built against an older header keeps working with a newer
 * library.
 *
 * @since 0.1
 */
typedef struct runtime_stats_t {
  /** sizeof(runtime_stats_t), as the caller was compiled. */
  size_t struct_size;
  /** Calls that began; making an instance counts as one. */
  uint64_t started;
  /** Calls that gave results. */
  uint64_t finished;
  /** Calls that trapped, also by using up their stack or fuel. */
  uint64_t trapped;
  /** Calls that ran out of time. */
  uint64_t timed_out;
  /** Calls that were cancelled. */
  uint64_t cancelled;
  /** Calls that failed in any other way. */
  uint64_t failed;
  /** Instances alive. */
  uint64_t instances;
  /** Most instances alive at once. */
  uint64_t instances_peak;
  /** Bytes of linear memories and tables alive. */
  uint64_t memory;
  /** Most such bytes at once. */
  uint64_t memory_peak;
  /** Growths of memories and tables that a limit denied. */
  uint64_t denied;
  /** Slots for instances of the pool in use; 0 without a pool. */
  uint64_t pool_slots;
  /** Ticks of the thread that looks at the clock; it rests while no call is in flight. */
  uint64_t ticks;
  /** Descriptors that guests hold, and those of granted directories. */
  uint64_t descriptors;
  /** Most such descriptors at once. */
  uint64_t descriptors_peak;
  /** How often a limit denied a descriptor. */
  uint64_t descriptors_denied;
  /** Bytes that streams of guests have read ahead or not yet written. */
  uint64_t buffers;
  /** Most such bytes at once. */
  uint64_t buffers_peak;
  /** Name look-ups without an answer. */
  uint64_t lookups;
  /** How often a limit denied a name look-up. */
  uint64_t lookups_denied;
  /** File operations of guests that run or wait for a thread. */
  uint64_t file_operations;
  /** How often a directory's limit denied a guest to add to it. */
  uint64_t disk_denied;
  /**
   * Bytes that instances alive have besides memories and tables: globals, function references
   * and the like. An upper bound.
   */
  uint64_t instance_state;
  /** Most such bytes at once. */
  uint64_t instance_state_peak;
  /** Loads that wait for one of runtime_builder_max_compile_threads(). */
  uint64_t loads_waiting;
  /** Loads at work, those included that nobody waits for. */
  uint64_t loads_running;
  /** Loads at work that nobody waits for, because they were cancelled or late. */
  uint64_t loads_abandoned;
  /** Loads that a limit refused. */
  uint64_t loads_refused;
  /**
   * Functions of the host that asynchronous calls run, or that wait for one of
   * runtime_builder_host_threads().
   */
  uint64_t host_functions;
  /**
   * Instances that wait for another call of their component: see runtime_component_reuse_t. They
   * count in `instances` and `memory`, too.
   */
  uint64_t resting;
  /** Calls that found such an instance. */
  uint64_t reused;
  /** Pools that were made: see runtime_builder_max_pools(). 0 without a pool. */
  uint64_t pools;
} runtime_stats_t;
/** Defaults for a runtime_stats_t. */
#define RUNTIME_STATS_INIT {sizeof(runtime_stats_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * Provides what a guest reads from stdin, see runtime_sandbox_stdin_callback(); or of a request's
 * body, see runtime_http_request_t.
 *
 * Runs on the thread that makes the call, or on one of runtime_builder_host_threads() for an
 * asynchronous one, while the guest waits; several may run at once if there are several calls. It
 * may wait for input, but nothing else of the call goes on meanwhile, and its deadline is met
 * afterwards. Must not unwind. May call any function of this library.
 *
 * @param user_data     What was registered. Borrowed for the call.
 * @param context       The `context` in the runtime_call_options_t of the call; NULL if it has
 *                      none.
 * @param buffer        Where to put the bytes. Borrowed for the call.
 * @param capacity      How many there is room for.
 * @param[out] len_out  How many there are; 0, as which it starts, for the end of the input.
 *
 * @return NULL on success, otherwise an error that the library owns from here on, such as one from
 *         runtime_error_new(): it ends the call, and comes out of it untouched; or else it ends
 *         the request's body.
 *
 * @since 0.1
 */
typedef struct runtime_error_t *(*runtime_read_fn_t)(void *user_data,
                                                     void *context,
                                                     uint8_t *buffer,
                                                     size_t capacity,
                                                     size_t *len_out);

/**
 * Receives what a guest printed. See runtime_sandbox_stdout_callback().
 *
 * Runs on the thread that makes the call, or on one of runtime_builder_host_threads() for an
 * asynchronous one, while the guest waits; several may run at once if there are several calls.
 * The time that it takes counts for the call. Must not unwind. May call any function of this
 * library.
 *
 * @param user_data  What was registered. Borrowed for the call.
 * @param context    The `context` in the runtime_call_options_t of the call; NULL if it has none.
 * @param data       The bytes, in the order in which they were printed; not NUL-terminated, and
 *                   any bytes, not only UTF-8. Borrowed for the call.
 * @param data_len   Length of `data`; at least 1.
 *
 * @since 0.1
 */
typedef void (*runtime_write_fn_t)(void *user_data,
                                   void *context,
                                   const uint8_t *data,
                                   size_t data_len);

/**
 * What one component may take, where that is less than its runtime allows. NULL in its place means
 * as much as that.
 *
 * Each number limits as the setting of the same name does for the whole runtime, and errors name
 * that setting. 0, the default of each, stands for the runtime's own, which a larger number cannot
 * exceed.
 *
 * Initialise with RUNTIME_COMPONENT_LIMITS_INIT. Fields are only ever appended, so a program built
 * against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_component_limits_t {
  /** sizeof(runtime_component_limits_t), as the caller was compiled. */
  size_t struct_size;
  /** Bytes of each linear memory: runtime_builder_max_linear_memory(). */
  uint64_t max_linear_memory;
  /** Bytes of all memories and tables of an instance: runtime_builder_max_instance_memory(). */
  uint64_t max_instance_memory;
  /** Elements of each table: runtime_builder_max_table_elements(). */
  uint64_t max_table_elements;
  /** Bytes that are copied for a guest at a time: runtime_builder_max_hostcall_memory(). */
  uint64_t max_hostcall_memory;
  /** Resources of an instance: runtime_builder_max_resources(). */
  uint64_t max_resources;
  /** Random bytes at a time: runtime_builder_max_random_size(). */
  uint64_t max_random_size;
  /** Descriptors of an instance: runtime_builder_max_descriptors(). */
  uint64_t max_descriptors;
  /** Bytes in buffers of an instance: runtime_builder_max_buffers(). */
  uint64_t max_buffers;
  /** Name look-ups of an instance without an answer: runtime_builder_max_lookups(). */
  uint64_t max_lookups;
  /**
   * Instances of the component that may be alive at once, each counted once: so that one
   * component cannot take all of runtime_builder_max_components(). Calls that find none free
   * wait for one as runtime_builder_instance_wait() says, and then for one of the runtime's, and
   * are RUNTIME_ERROR_INSTANCE_LIMIT, which names `max_instances`, when that takes longer. At
   * most 4,294,967,295.
   */
  uint64_t max_instances;
  /** Milliseconds that a call may take: runtime_builder_max_execution_time(). */
  uint64_t max_execution_time_ms;
  /**
   * Fuel that a call may use: runtime_builder_fuel(). In a runtime without fuel any number but 0
   * is RUNTIME_ERROR_INVALID_ARGUMENT.
   */
  uint64_t fuel;
  /**
   * Bytes of stack that a guest may use, from 16,384: runtime_builder_max_stack(). A component
   * that has less than its runtime allows has instances without the pool, as by
   * RUNTIME_ALLOCATOR_ON_DEMAND, and its code is mapped once more. A runtime has at most 16 such
   * sizes at a time; one more is RUNTIME_ERROR_RESOURCE_LIMIT.
   */
  uint64_t max_stack;
} runtime_component_limits_t;
/** Defaults for a runtime_component_limits_t. */
#define RUNTIME_COMPONENT_LIMITS_INIT {sizeof(runtime_component_limits_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}

/**
 * What a call used. See runtime_call_options_t.
 *
 * Initialise with RUNTIME_CALL_REPORT_INIT. Fields are only ever appended, so a program built
 * against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_call_report_t {
  /** sizeof(runtime_call_report_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * Fuel that the call used; 0 in a runtime without fuel. The same in every run, unless the
   * call was stopped from outside.
   */
  uint64_t fuel_used;
  /**
   * 1 if the guest took the resources that it was to own among the arguments: they are the
   * caller's no more, also if the call failed, and those of the host are dropped by their
   * destructor or come back. 0 if the call ended before that, or its function takes none.
   */
  uint64_t resources_taken;
} runtime_call_report_t;
/** Defaults for a runtime_call_report_t. */
#define RUNTIME_CALL_REPORT_INIT {sizeof(runtime_call_report_t), 0, 0}

/**
 * Tells whether a call may go on. See `interrupt` in runtime_call_options_t.
 *
 * Runs on the thread that made the call, on that thread's own stack: at its full depth, unless the
 * guest runs on the same stack, because its component was loaded for blocking calls only or
 * imports nothing; then at least 256 KiB are left. First after the first tick of the call, then at
 * most once in each tick of runtime_builder_epoch_tick(), whether the guest computes or waits; not
 * while a host function runs. Its time is the call's. It may call every function of this library,
 * with the handles of its own caller too, and release them; calls of the instance that the guest
 * runs in are RUNTIME_ERROR_BUSY. It must return: neither unwind, nor longjmp() out of it, nor end
 * its thread. A host whose own check does so, such as PostgreSQL's CHECK_FOR_INTERRUPTS(), only
 * looks here, and runs that check when the call has returned.
 *
 * @param user_data  `interrupt_user_data` of the call. Borrowed for the call.
 *
 * @return NULL if the call may go on. Otherwise an error, which the library owns from then on. It
 *         ends the guest's call, and its caller gets it untouched: one of runtime_error_new() with
 *         RUNTIME_ERROR_HOST and its message, one that a function of this library returned with
 *         its own code.
 *
 * @since 0.1
 */
typedef struct runtime_error_t *(*runtime_interrupt_fn_t)(void *user_data);

/**
 * How one call is to be made. NULL in its place means defaults.
 *
 * Initialise with RUNTIME_CALL_OPTIONS_INIT. Fields are only ever appended, so a program built
 * against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_call_options_t {
  /** sizeof(runtime_call_options_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * Milliseconds that the call may take; 0, the default, stands for
   * runtime_builder_max_execution_time(), which a larger number cannot exceed. Rounded up to
   * whole ticks of runtime_builder_epoch_tick().
   */
  uint64_t timeout_ms;
  /**
   * Fuel that the call may use; 0, the default, stands for runtime_builder_fuel(), which a
   * larger number cannot exceed. In a runtime without fuel any other number is
   * RUNTIME_ERROR_INVALID_ARGUMENT.
   */
  uint64_t fuel;
  /**
   * What may cancel the call, borrowed until the function returns: an asynchronous call keeps
   * its own reference. NULL, the default, if nothing may.
   */
  const struct runtime_cancel_t *cancel;
  /**
   * Where to put what the call used, or NULL, the default. Owned by the caller, and filled in
   * when the call ends, whether it succeeds or fails. For an asynchronous call it must live,
   * untouched, until the completion callback is called or the outcome is waited for; a function
   * that fails to start the call does not need it afterwards.
   */
  struct runtime_call_report_t *report;
  /**
   * Where to put what the guest prints, if its sandbox captures that; borrowed until the
   * function returns: an asynchronous call keeps its own reference. NULL, the default, drops it.
   * See runtime_sandbox_stdout_capture().
   */
  struct runtime_output_t *output;
  /**
   * What host functions get by runtime_call_context(), or NULL, the default. The library passes
   * it on and never looks behind it. It is up to the caller that it lives until the call has
   * ended, and that the thread of the call may use it.
   */
  void *context;
  /**
   * Asked on the thread of the call, at most once a tick, whether the call may go on; NULL, the
   * default, if nobody is asked. What it returns ends the call. Only for calls that block: with
   * an asynchronous one it is RUNTIME_ERROR_INVALID_ARGUMENT.
   */
  runtime_interrupt_fn_t interrupt;
  /**
   * What `interrupt` gets. The library passes it on and never looks behind it; it must live
   * until the call has ended.
   */
  void *interrupt_user_data;
} runtime_call_options_t;
/** Defaults for a runtime_call_options_t. */
#define RUNTIME_CALL_OPTIONS_INIT {sizeof(runtime_call_options_t), 0, 0, NULL, NULL, NULL, NULL, NULL, NULL}

/**
 * How long instances of a component are used again, instead of a fresh one for each call.
 *
 * WARNING: what one call leaves in the guest's memory, the next call finds, whoever makes it: a
 * secret that was not wiped, a cache that was poisoned, a position in a file. Ask for it only
 * where all who call the component may know of each other. A fresh instance for each call, which
 * is what there is without this, leaves nothing.
 *
 * After a call by runtime_function_call() or runtime_function_call_async() that ended well, its
 * instance waits for the next call of the same component. It never does so after a trap, a limit,
 * a time-out, a cancellation or any other failure, nor while it owns a resource of the host. Calls
 * with text, runtime_component_run() and runtime_instance_new() make instances of their own. What
 * waits counts for runtime_builder_max_components(), `max_instances` and all other limits, and in
 * runtime_stats(); it is ended as soon as a call of another component finds no place, and with its
 * component. Clocks go on, random numbers and what the guest has read of stdin are not repeated.
 *
 * Initialise with RUNTIME_COMPONENT_REUSE_INIT. Fields are only ever appended, so a program built
 * against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_component_reuse_t {
  /** sizeof(runtime_component_reuse_t), as the caller was compiled. */
  size_t struct_size;
  /** Instances that may wait for calls. 0, the default, stands for 16. */
  uint64_t max_instances;
  /** Calls that each instance may have. 0, the default, stands for 1,000. */
  uint64_t max_calls;
  /**
   * Milliseconds that each may wait for a call, at most 31,622,400,000: 366 days. 0, the
   * default, stands for 10,000.
   */
  uint64_t max_idle_ms;
  /**
   * Bytes by which its memories and tables may have grown since its start. 0, the default,
   * stands for 16 MiB.
   */
  uint64_t max_growth;
} runtime_component_reuse_t;
/** Defaults for a runtime_component_reuse_t. */
#define RUNTIME_COMPONENT_REUSE_INIT {sizeof(runtime_component_reuse_t), 0, 0, 0, 0}

/**
 * How a component is to be loaded. NULL in its place means defaults.
 *
 * Initialise with RUNTIME_COMPONENT_OPTIONS_INIT. Fields are only ever appended, so a program
 * built against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_component_options_t {
  /** sizeof(runtime_component_options_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * What to call the component in log records, UTF-8. Copied. May be NULL if `name_len` is 0;
   * default none.
   */
  const char *name;
  /** Length of `name`. */
  size_t name_len;
  /**
   * What the component is granted, borrowed for the call and copied. NULL, the default, grants
   * nothing.
   */
  const struct runtime_sandbox_t *sandbox;
  /** What the host provides to the component, or NULL, the default, for nothing but WASI. Copied. */
  const struct runtime_linker_t *linker;
  /**
   * 1 if all calls of the component will be blocking ones; asynchronous ones are
   * RUNTIME_ERROR_UNSUPPORTED then. 0, the default, if not; anything else is
   * RUNTIME_ERROR_INVALID_ARGUMENT.
   *
   * A component that imports nothing of WASI then runs on its caller's stack, and calls the
   * host's functions right there: a call takes about two thirds of the time, a host function
   * half. What it costs: the thread needs `max_stack` (runtime_builder_max_stack()) and 512 KiB
   * of stack, otherwise calls are RUNTIME_ERROR_STACK_OVERFLOW, and of these the guest leaves at
   * least 256 KiB to a host function. A component that imports WASI, and every component outside
   * Linux, is run as ever.
   */
  uint64_t blocking_only;
  /**
   * How long loading may take, in milliseconds by the clock on the wall, rounded up to whole
   * ticks; then it is RUNTIME_ERROR_TIMEOUT. 0, the default, is as long as it takes. See
   * runtime_component_new() for what is done about the compiler.
   */
  uint64_t timeout_ms;
  /**
   * What cancels the load, borrowed for the call and copied: triggered, the load is
   * RUNTIME_ERROR_CANCELLED. It has no effect on the component. NULL, the default, if nothing
   * does.
   */
  const struct runtime_cancel_t *cancel;
  /**
   * What the component may take where that is less than the runtime allows, borrowed for the
   * call and copied. NULL, the default, for as much as the runtime allows.
   */
  const struct runtime_component_limits_t *limits;
  /**
   * What calls of the component go by, each as far as its own options are NULL, 0 or have
   * nothing there; borrowed for the call and copied. `cancel` and `interrupt` of a call take the
   * place of these; asynchronous calls leave out this `interrupt`. `context` and
   * `interrupt_user_data` must live until the component has ended, with all its calls. `report`
   * and `output` must be NULL, otherwise it is RUNTIME_ERROR_INVALID_ARGUMENT. NULL, the
   * default, for the defaults of runtime_call_options_t.
   */
  const struct runtime_call_options_t *call_defaults;
  /**
   * 1 if the component is only to be looked at: to be asked for its imports and exports, WIT and
   * compiled code. `linker` and `sandbox` then mean nothing, nothing has to provide the imports,
   * and calls and instances are RUNTIME_ERROR_LINK; runtime_component_link() makes of it
   * components that can be called. 0, the default, if not; anything else is
   * RUNTIME_ERROR_INVALID_ARGUMENT.
   */
  uint64_t unlinked;
  /**
   * How long its instances are used again, borrowed for the call and copied. NULL, the default,
   * for a fresh one in each call.
   */
  const struct runtime_component_reuse_t *reuse;
} runtime_component_options_t;
/** Defaults for a runtime_component_options_t. */
#define RUNTIME_COMPONENT_OPTIONS_INIT {sizeof(runtime_component_options_t), NULL, 0, NULL, NULL, 0, 0, NULL, NULL, NULL, 0, NULL}

/**
 * Receives the outcome of an asynchronous load.
 *
 * As runtime_completion_fn_t for a call: it runs exactly once for each load that was started, on a
 * worker thread of the runtime, must not block for long and must not unwind, and may call any
 * function of this library.
 *
 * @param user_data  What was passed with the callback. Borrowed for the call.
 * @param component  The component, owned by the callback: release it with
 *                   runtime_component_free(). NULL if the load failed.
 * @param error      Why the load failed, as runtime_component_new() would have returned it; owned
 *                   by the callback: release it with runtime_error_free(). NULL if `component` is
 *                   not, and only then.
 *
 * @since 0.1
 */
typedef void (*runtime_component_completion_fn_t)(void *user_data,
                                                  struct runtime_component_t *component,
                                                  struct runtime_error_t *error);

/**
 * What is to happen when an asynchronous load ends. It needs `callback`, `pending_out` or both.
 *
 * Initialise with RUNTIME_COMPONENT_COMPLETION_INIT. Fields are only ever appended, so a program
 * built against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_component_completion_t {
  /** sizeof(runtime_component_completion_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * Receives the outcome. NULL, the default, leaves it for runtime_pending_wait_component().
   * Not called if starting the load fails.
   */
  runtime_component_completion_fn_t callback;
  /** Passed to `callback`. Owned by the library from here on, whatever happens; may be NULL. */
  void *user_data;
  /**
   * Runs once with `user_data`: after `callback`, or when starting the load fails. NULL if
   * there is nothing to release.
   */
  runtime_finalizer_t finalizer;
  /**
   * Receives the load, for runtime_pending_wait_component(); owned by the caller, who releases
   * it with runtime_pending_free(). It is there before `callback` runs. Set to NULL on failure.
   * NULL, the default, if nobody waits.
   */
  struct runtime_pending_t **pending_out;
} runtime_component_completion_t;
/** Defaults for a runtime_component_completion_t. */
#define RUNTIME_COMPONENT_COMPLETION_INIT {sizeof(runtime_component_completion_t), NULL, NULL, NULL, NULL}

/**
 * UTF-8 text: `len` bytes at `ptr`.
 *
 * Text that the library hands out is followed by a NUL byte that `len` does not count; text that
 * is passed in needs none, and may contain NUL bytes. `ptr` may be NULL if `len` is 0.
 *
 * Borrows the text, which must live as long as this does.
 *
 * @since 0.1
 */
typedef struct runtime_string_t {
  /** First byte; NULL is allowed if `len` is 0. */
  const char *ptr;
  /** Number of bytes. */
  size_t len;
} runtime_string_t;

/**
 * The elements of a list: `len` of them at `ptr`, in a row, aligned as C aligns their type.
 *
 * What `ptr` points to is said by `element` of the runtime_value_t around it.
 *
 * Borrows the elements, which must live as long as this does.
 *
 * @since 0.1
 */
typedef struct runtime_list_t {
  /** First element; NULL is allowed if `len` is 0. */
  const void *ptr;
  /** Number of elements, not bytes. */
  size_t len;
} runtime_list_t;

/**
 * Values in a row: `len` of them at `ptr`.
 *
 * Borrows the values, which must live as long as this does.
 *
 * @since 0.1
 */
typedef struct runtime_slice_t {
  /** First value; NULL is allowed if `len` is 0. */
  const struct runtime_value_t *ptr;
  /** Number of values. */
  size_t len;
} runtime_slice_t;

/**
 * A set of flags: `len` words at `ptr`; bit `i % 32` of word `i / 32` is flag `i`, in the order
 * in which WIT declares them.
 *
 * Words that are missing count as 0, so `{NULL, 0}` is the empty set. Bits that no flag belongs
 * to must be 0.
 *
 * Borrows the words, which must live as long as this does.
 *
 * @since 0.1
 */
typedef struct runtime_flags_t {
  /** First word; NULL is allowed if `len` is 0. */
  const uint32_t *ptr;
  /** Number of words: the number of flags divided by 32, rounded up. */
  size_t len;
} runtime_flags_t;

/**
 * What a runtime_value_t holds. Its `kind` says which field counts; the others are not read.
 *
 * @since 0.1
 */
typedef union runtime_value_of_t {
  /** RUNTIME_KIND_BOOL: 0 is false and 1 is true; any other number is an error. */
  uint8_t boolean;
  /** RUNTIME_KIND_S8. */
  int8_t s8;
  /** RUNTIME_KIND_U8. */
  uint8_t u8;
  /** RUNTIME_KIND_S16. */
  int16_t s16;
  /** RUNTIME_KIND_U16. */
  uint16_t u16;
  /** RUNTIME_KIND_S32. */
  int32_t s32;
  /** RUNTIME_KIND_U32. */
  uint32_t u32;
  /** RUNTIME_KIND_S64. */
  int64_t s64;
  /** RUNTIME_KIND_U64. */
  uint64_t u64;
  /** RUNTIME_KIND_F32. */
  float f32;
  /** RUNTIME_KIND_F64. */
  double f64;
  /** RUNTIME_KIND_CHAR: a Unicode scalar value, that is, a code point but no surrogate. */
  uint32_t character;
  /** RUNTIME_KIND_STRING. */
  struct runtime_string_t string;
  /** RUNTIME_KIND_LIST. */
  struct runtime_list_t list;
  /**
   * RUNTIME_KIND_RECORD and RUNTIME_KIND_TUPLE: one value for each field, in the order in
   * which WIT declares them.
   */
  struct runtime_slice_t values;
  /**
   * RUNTIME_KIND_VARIANT, RUNTIME_KIND_OPTION and RUNTIME_KIND_RESULT: what the case `index`
   * carries; NULL if it carries nothing. Borrowed, like everything a value points to.
   */
  const struct runtime_value_t *payload;
  /** RUNTIME_KIND_FLAGS. */
  struct runtime_flags_t flags;
  /** RUNTIME_KIND_OWN and RUNTIME_KIND_BORROW: a handle. */
  uint64_t resource;
} runtime_value_of_t;

/**
 * One value of any type a component can take or give: 24 bytes that hold a number, or point to
 * the rest.
 *
 * A value owns nothing. The caller keeps what an argument points to alive and unchanged until
 * the call returns; what a result points to lives in its runtime_values_t and goes with it.
 * Values may be copied like any C struct, and read by any number of threads at once.
 *
 * Set the fields that `kind` has no use for to 0, for example with a designated initialiser:
 *
 *     const runtime_value_t answer = {.kind = RUNTIME_KIND_U32, .of = {.u32 = 42}};
 *
 * Pointers must be aligned for what they point to. A value is checked against the type that is
 * wanted, completely and before the guest runs: RUNTIME_ERROR_TYPE_MISMATCH means that `kind`,
 * `element` or the number of fields differs from the type, RUNTIME_ERROR_INVALID_ARGUMENT that
 * the content is unusable. The message names the place, for example `point.x` or `names[3]`.
 *
 * @since 0.1
 */
typedef struct runtime_value_t {
  /** A runtime_kind_t: which type this is a value of, and so which field of `of` counts. */
  uint8_t kind;
  /**
   * For RUNTIME_KIND_LIST, what `of.list` points to. A runtime_kind_t means a C array of that
   * type: RUNTIME_KIND_BOOL and RUNTIME_KIND_U8 `uint8_t`, RUNTIME_KIND_S8 `int8_t`,
   * RUNTIME_KIND_U16 `uint16_t`, RUNTIME_KIND_S16 `int16_t`, RUNTIME_KIND_CHAR and
   * RUNTIME_KIND_U32 `uint32_t`, RUNTIME_KIND_S32 `int32_t`, RUNTIME_KIND_U64 `uint64_t`,
   * RUNTIME_KIND_S64 `int64_t`, RUNTIME_KIND_F32 `float`, RUNTIME_KIND_F64 `double`.
   * 0 means an array of runtime_value_t. Results of the types above always come as C arrays;
   * arguments may be given either way, and C arrays are much faster.
   * For every other kind, 0.
   */
  uint8_t element;
  /** 0. */
  uint16_t reserved;
  /**
   * For RUNTIME_KIND_VARIANT and RUNTIME_KIND_ENUM the number of the case, from 0, in the
   * order in which WIT declares them; for RUNTIME_KIND_OPTION 0 is none and 1 is some; for
   * RUNTIME_KIND_RESULT 0 is ok and 1 is the error. For every other kind, 0.
   */
  uint32_t index;
  /** The value itself, or where it is. */
  union runtime_value_of_t of;
} runtime_value_t;

/**
 * Receives the outcome of an asynchronous call.
 *
 * Runs exactly once for each call that was started, on a worker thread of the runtime, when the
 * call has ended; several may run at once. It holds up other calls on the same workers, so it must
 * not block for long. It may call any function of this library: release every handle, the
 * runtime's last included, and start calls. Must not unwind.
 *
 * @param user_data  What was passed with the callback. Borrowed for the call.
 * @param results    The results, owned by the callback: release them with
 *                   runtime_values_free(). NULL if the call failed.
 * @param error      Why the call failed, as runtime_function_call() would have returned it; owned
 *                   by the callback: release it with runtime_error_free(). NULL if `results` is
 *                   not, and only then.
 *
 * @since 0.1
 */
typedef void (*runtime_completion_fn_t)(void *user_data,
                                        struct runtime_values_t *results,
                                        struct runtime_error_t *error);

/**
 * What is to happen when an asynchronous call ends. It needs `callback`, `pending_out` or both.
 *
 * Initialise with RUNTIME_COMPLETION_INIT. Fields are only ever appended, so a program built
 * against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_completion_t {
  /** sizeof(runtime_completion_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * Receives the outcome. NULL, the default, leaves it for runtime_pending_wait(). Not called if
   * starting the call fails.
   */
  runtime_completion_fn_t callback;
  /** Passed to `callback`. Owned by the library from here on, whatever happens; may be NULL. */
  void *user_data;
  /**
   * Runs once with `user_data`: after `callback`, or when starting the call fails. NULL if
   * there is nothing to release.
   */
  runtime_finalizer_t finalizer;
  /**
   * Receives the call, for runtime_pending_wait(); owned by the caller, who releases it with
   * runtime_pending_free(). It is there before `callback` runs. Set to NULL on failure. NULL,
   * the default, if nobody waits.
   */
  struct runtime_pending_t **pending_out;
} runtime_completion_t;
/** Defaults for a runtime_completion_t. */
#define RUNTIME_COMPLETION_INIT {sizeof(runtime_completion_t), NULL, NULL, NULL, NULL}

/**
 * Receives the outcome of runtime_instance_new_async().
 *
 * As runtime_completion_fn_t for a call: it runs exactly once for each instance that was started,
 * on a worker thread of the runtime, must not block for long and must not unwind, and may call any
 * function of this library.
 *
 * @param user_data  What was passed with the callback. Borrowed for the call.
 * @param instance   The instance, owned by the callback: release it with runtime_instance_free().
 *                   NULL if it could not be made.
 * @param error      Why, as runtime_instance_new() would have returned it; owned by the callback:
 *                   release it with runtime_error_free(). NULL if `instance` is not, and only
 *                   then.
 *
 * @since 0.1
 */
typedef void (*runtime_instance_completion_fn_t)(void *user_data,
                                                 struct runtime_instance_t *instance,
                                                 struct runtime_error_t *error);

/**
 * What is to happen when an instance has been made. It needs `callback`, `pending_out` or both.
 *
 * Initialise with RUNTIME_INSTANCE_COMPLETION_INIT. Fields are only ever appended, so a program
 * built against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_instance_completion_t {
  /** sizeof(runtime_instance_completion_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * Receives the outcome. NULL, the default, leaves it for runtime_pending_wait_instance(). Not
   * called if starting fails.
   */
  runtime_instance_completion_fn_t callback;
  /** Passed to `callback`. Owned by the library from here on, whatever happens; may be NULL. */
  void *user_data;
  /**
   * Runs once with `user_data`: after `callback`, or when starting fails. NULL if there is
   * nothing to release.
   */
  runtime_finalizer_t finalizer;
  /**
   * Receives what is on its way, for runtime_pending_wait_instance(); owned by the caller, who
   * releases it with runtime_pending_free(). It is there before `callback` runs. Set to NULL on
   * failure. NULL, the default, if nobody waits.
   */
  struct runtime_pending_t **pending_out;
} runtime_instance_completion_t;
/** Defaults for a runtime_instance_completion_t. */
#define RUNTIME_INSTANCE_COMPLETION_INIT {sizeof(runtime_instance_completion_t), NULL, NULL, NULL, NULL}

/**
 * A function that the host provides to guests. See runtime_linker_define().
 *
 * Runs on the thread of the call that the guest is in, at the full depth of its stack; for an
 * asynchronous call that is one of runtime_builder_host_threads(), with 8 MiB of stack, and each
 * time perhaps another. Where a component was loaded for blocking calls only, the guest has used
 * some of that stack, and left at least 256 KiB. It may block: the guest waits, and its time runs
 * on. A call is never over before a function of the host that it called has returned. It may call
 * every function of this library, with the handles of its own caller too, and release them; calls
 * of the instance that the guest runs in are RUNTIME_ERROR_BUSY. Several may run at once, on
 * different threads. It leaves the thread's mask of signals as it found it: SIGSEGV, SIGBUS,
 * SIGILL and SIGFPE are let through during a call, and blocked again afterwards where the caller
 * blocks them. Must not unwind.
 *
 * What `results` point to is read right after the callback has returned, on the same thread, so
 * it must outlive the callback: memory from runtime_call_alloc(), memory behind `args`, or the
 * host's own that nobody changes or releases until the callback is called again or the call ends.
 * Results are checked against the type that the guest imports; what is wrong with them is an error
 * of the guest's caller that names this function. An owned resource in them belongs to the guest
 * from then on, unless they are refused.
 *
 * @param user_data    What was passed with the callback. Borrowed for the call.
 * @param call         The call, borrowed until the callback returns.
 * @param args         What the guest passes: of the type that the definition says, or else of the
 *                     type that the guest imports. Borrowed with everything they point to. Owned
 *                     resources belong to the callback, borrowed ones still to the guest.
 * @param args_len     Number of arguments.
 * @param results      Where to put the results, all zero. NULL if `results_len` is 0.
 * @param results_len  1, or 0 if the function gives nothing.
 *
 * @return NULL if `results` are filled in, or come later by runtime_call_defer(). Otherwise an
 *         error, which the library owns from then on. It ends the guest's call, and its caller
 *         gets it untouched: one of runtime_error_new() with RUNTIME_ERROR_HOST and its message,
 *         one that a function of this library returned with its own code.
 *
 * @since 0.1
 */
typedef struct runtime_error_t *(*runtime_host_fn_t)(void *user_data,
                                                     struct runtime_call_t *call,
                                                     const struct runtime_value_t *args,
                                                     size_t args_len,
                                                     struct runtime_value_t *results,
                                                     size_t results_len);

/**
 * Releases a resource of the host that a guest owned.
 *
 * Runs once for each time a guest was given the resource to own, by a result of a host function or
 * an argument of a call: when the guest drops it, on the thread of the call that the guest is in,
 * or, if the guest still owns it then, when the guest's instance ends, on the thread that ends it.
 * It does not run for a resource that the guest gave back, unless the host never gets it, since
 * the call failed after that or nobody took its outcome. Several may run at once, on different
 * threads. Must not unwind. May call any function of this library.
 *
 * @param user_data  What was passed with the callback. Borrowed for the call.
 * @param resource   The number that the host chose for the resource; the callback owns what it
 *                   stands for.
 *
 * @since 0.1
 */
typedef void (*runtime_resource_drop_fn_t)(void *user_data,
                                           uint32_t resource);

/**
 * One function of the host, in an array for runtime_linker_define_all().
 *
 * Initialise with RUNTIME_DEFINITION_INIT, or a row of a table as
 * `{sizeof(runtime_definition_t), "acme:shop/prices@1.0.0#lookup", 0, lookup}`. Fields are only
 * ever appended, so a program built against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_definition_t {
  /** sizeof(runtime_definition_t), as the caller was compiled: the same in all of an array. */
  size_t struct_size;
  /**
   * What the function is called, and its type, as for runtime_linker_define(). Borrowed for the
   * call.
   */
  const char *path;
  /** Length of `path`; 0, the default, if a NUL ends it. */
  size_t path_len;
  /** The function. */
  runtime_host_fn_t callback;
} runtime_definition_t;
/** Defaults for a runtime_definition_t. */
#define RUNTIME_DEFINITION_INIT {sizeof(runtime_definition_t), NULL, 0, NULL}

/**
 * What of a component serves the imports of others. NULL in its place means defaults.
 *
 * Initialise with RUNTIME_PROVIDER_OPTIONS_INIT. Fields are only ever appended, so a program built
 * against an older header keeps working with a newer library.
 *
 * @since 0.1
 */
typedef struct runtime_provider_options_t {
  /** sizeof(runtime_provider_options_t), as the caller was compiled. */
  size_t struct_size;
  /**
   * One interface that the component exports, such as `acme:shop/prices@1.0.0`, with the
   * interfaces within it; `outer#inner` is one within another. A compatible version serves where
   * that one is not exported, and where the version is left out, the only one. Borrowed for the
   * call. NULL, the default, for all interfaces that it exports.
   */
  const char *interface_name;
  /** Length of `interface_name`; 0 for all. */
  size_t interface_name_len;
  /**
   * What that interface is imported as, if by another name than its own: with another version or
   * another package. Needs `interface_name`. Borrowed for the call. NULL, the default, for its
   * own name.
   */
  const char *import_name;
  /** Length of `import_name`; 0 for its own name. */
  size_t import_name_len;
} runtime_provider_options_t;
/** Defaults for a runtime_provider_options_t. */
#define RUNTIME_PROVIDER_OPTIONS_INIT {sizeof(runtime_provider_options_t), NULL, 0, NULL, 0}

/**
 * One field of a head, or a trailer. Several may have the same name, and keep their order; that of
 * different names may change.
 *
 * @since 0.1
 */
typedef struct runtime_http_field_t {
  /** The name; in lower case where the library hands it out. Not NUL-terminated. */
  const char *name;
  /** Length of `name`. */
  size_t name_len;
  /** The value: any bytes but control characters. Not NUL-terminated. */
  const char *value;
  /** Length of `value`; if it is 0, `value` may be NULL. */
  size_t value_len;
} runtime_http_field_t;

/**
 * A request. Initialise with RUNTIME_HTTP_REQUEST_INIT. Fields are only ever appended, so a
 * program built against an older header keeps working with a newer library.
 *
 * What breaks the rules of HTTP is RUNTIME_ERROR_INVALID_ARGUMENT, so that a guest never sees it:
 * a host name that is none or has a user in front, two host names, a target with blanks, `#` or
 * what is not ASCII, control characters in anything, lengths that are no numbers or contradict
 * each other.
 *
 * @since 0.1
 */
typedef struct runtime_http_request_t {
  /** sizeof(runtime_http_request_t), as the caller was compiled. */
  size_t struct_size;
  /** Any method of at most 32 bytes but CONNECT, TRACE and PRI; NULL, the default, is `GET`. */
  const char *method;
  /** Length of `method`. */
  size_t method_len;
  /** `http` or `https`, as the client has come; NULL, the default, is `http`. */
  const char *scheme;
  /** Length of `scheme`. */
  size_t scheme_len;
  /**
   * Host, and port unless it is the scheme's own, at most 255 bytes. NULL, the default, takes
   * the field `host`, which must not say anything else.
   */
  const char *authority;
  /** Length of `authority`. */
  size_t authority_len;
  /**
   * Path and query, such as `/a?b`, at most 16 KiB, as the client sent it; NULL, the default, is
   * `/`. `*` is for OPTIONS.
   */
  const char *path;
  /** Length of `path`. */
  size_t path_len;
  /**
   * The headers, borrowed for the call. What is for one connection only does not get to the
   * guest: connection and what it names, keep-alive, transfer-encoding, upgrade, host,
   * http2-settings, proxy-connection, proxy-authenticate, proxy-authorization, expect, and te
   * but for `trailers`.
   */
  const struct runtime_http_field_t *fields;
  /** Number of `fields`. */
  size_t fields_len;
  /** The body, or its beginning. Copied. */
  const uint8_t *body;
  /** Length of `body`. */
  size_t body_len;
  /** RUNTIME_HTTP_MORE, or 0, the default. */
  uint64_t flags;
  /**
   * With RUNTIME_HTTP_MORE: provides what follows `body`, when the guest waits for it, on the
   * thread that waits for the guest. What it returns as an error ends the body for the guest
   * (`connection-terminated`), and nothing else. It may release the exchange, but what the
   * function that it runs in gives then is gone. NULL, the default, if
   * runtime_http_exchange_write() does.
   */
  runtime_read_fn_t read;
  /**
   * What `read` gets. The library passes it on and never looks behind it; it must live until the
   * exchange has ended or is released.
   */
  void *read_user_data;
} runtime_http_request_t;
/** Defaults for a runtime_http_request_t. */
#define RUNTIME_HTTP_REQUEST_INIT {sizeof(runtime_http_request_t), NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, NULL, 0, 0, NULL, NULL}

/**
 * The head of a response.
 *
 * @since 0.1
 */
typedef struct runtime_http_response_t {
  /** sizeof(runtime_http_response_t), as the library was compiled: a newer one has more fields. */
  size_t struct_size;
  /** The status, from 200 to 599. */
  uint64_t status;
  /** The headers, borrowed. */
  const struct runtime_http_field_t *fields;
  /** Number of `fields`. */
  size_t fields_len;
  /**
   * Bytes of the body; 0 if there is none, as after HEAD and for 204, 205 and 304; UINT64_MAX if
   * that is not known.
   */
  uint64_t body_len;
} runtime_http_response_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* Versions and features ------------------------------------------------------------------------ */

/**
 * Tells the ABI number of the library that is loaded.
 *
 * It differs from RUNTIME_ABI_VERSION only if a program loads a library it was not built for;
 * bindings compare the two once at start. It is also the number in the SONAME.
 *
 * @return The library's RUNTIME_ABI_VERSION.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API uint32_t runtime_abi_version(void);

/**
 * Tells the version of the library that is loaded.
 *
 * @return Such as `0.1.0`, NUL-terminated and static.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_version(void);

/**
 * Tells the version of Wasmtime inside the library.
 *
 * Security advisories name it, and runtime_component_deserialize() takes what the same version
 * wrote.
 *
 * @return Such as `48.0.8`, NUL-terminated and static.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_wasmtime_version(void);

/**
 * Counts the experimental features that the library knows.
 *
 * With runtime_feature_name() and runtime_feature_bit(), lists them for a `--help`.
 *
 * @return How many there are; the RUNTIME_FEATURE_ constants are those of this header.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_feature_count(void);

/**
 * Tells the name of an experimental feature.
 *
 * @param index  Which one, from 0.
 *
 * @return In lower case with dashes, NUL-terminated and static; NULL if `index` is not less
 *         than runtime_feature_count().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_feature_name(size_t index);

/**
 * Tells the bit of an experimental feature.
 *
 * @param index  Which one, from 0.
 *
 * @return The bit, as for runtime_builder_experimental_features(); 0 if `index` is not less
 *         than runtime_feature_count().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API uint64_t runtime_feature_bit(size_t index);

/**
 * Turns names of experimental features into a set of bits.
 *
 * @param names              Names separated by commas, in any case, with dashes or underscores.
 *                           Borrowed for the call; may be NULL if `names_len` is 0.
 * @param names_len          Length of `names`; no names are the empty set.
 * @param[out] features_out  Receives the set, owned by the caller. Set to 0 on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `names` is not UTF-8 or has an unknown name, or if
 *         `features_out` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_feature_parse(
    const char *names,
    size_t names_len,
    uint64_t *features_out);

/* Errors --------------------------------------------------------------------------------------- */

/**
 * Spells a code as text, such as `TRAP` for RUNTIME_ERROR_TRAP.
 *
 * For logs and metrics, where a number would have to be looked up.
 *
 * @param code  A runtime_error_code_t, or any other number.
 *
 * @return The name without its prefix, NUL-terminated and static; `UNKNOWN` if there is none.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_error_code_name(int32_t code);

/**
 * Makes an error of the host's own, for a callback to return.
 *
 * The error passes through the library untouched: the call that ran the callback returns it,
 * with code RUNTIME_ERROR_HOST and this message, of which 4092 bytes are kept.
 *
 * @param message      What went wrong, in one line. Copied. May be NULL if `message_len` is 0.
 *                     Bytes that are not UTF-8 become U+FFFD; this function never fails.
 * @param message_len  Length of `message`.
 *
 * @return The error, never NULL, owned by the caller until a callback returns it; release it
 *         with runtime_error_free().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_error_new(
    const char *message,
    size_t message_len);

/**
 * Makes an error of the host's own, for a callback to return, with a code of the host's choice.
 *
 * As runtime_error_new(), but for the code: the call that ran the callback fails with it, and
 * runtime_stats() counts it so.
 *
 * @param code         A runtime_error_code_t. RUNTIME_ERROR_NONE, RUNTIME_ERROR_PANIC and numbers
 *                     that are no code stand for RUNTIME_ERROR_HOST; this function never fails.
 * @param message      What went wrong, in one line. Copied. May be NULL if `message_len` is 0.
 *                     Bytes that are not UTF-8 become U+FFFD.
 * @param message_len  Length of `message`.
 *
 * @return The error, never NULL, owned by the caller until a callback returns it; release it
 *         with runtime_error_free().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_error_of_code(
    int32_t code,
    const char *message,
    size_t message_len);

/**
 * Makes another error that says the same: for two that each want to own one.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return The error, owned by the caller: release it with runtime_error_free(), in any order with
 *         the first. NULL if `error` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_error_clone(const runtime_error_t *error);

/**
 * Releases an error.
 *
 * @param error  The error, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, for different errors.
 * @since 0.1
 */
RUNTIME_API void runtime_error_free(runtime_error_t *error);

/**
 * Tells what kind of failure an error is.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return The code; RUNTIME_ERROR_NONE if `error` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API runtime_error_code_t runtime_error_code(const runtime_error_t *error);

/**
 * Says in one line what went wrong.
 *
 * The text is for people, in English, and may change between versions; decide by code instead. It
 * has at most 4095 bytes, whatever a guest calls itself; where that is not all, it ends in U+2026.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return UTF-8, NUL-terminated, borrowed from the error and alive as long as it is; the empty
 *         string if `error` is NULL. NUL bytes inside, which only guests put there, are shown
 *         as U+FFFD.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_error_message(const runtime_error_t *error);

/**
 * Tells how long the message is.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return Bytes in runtime_error_message(), without the NUL; 0 if `error` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_error_message_len(const runtime_error_t *error);

/**
 * Tells with which status the guest ended itself.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return The status if the code is RUNTIME_ERROR_EXIT, otherwise 0.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API int32_t runtime_error_exit_status(const runtime_error_t *error);

/**
 * Tells which rule of WebAssembly the guest broke.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return The rule; RUNTIME_TRAP_NONE if `error` is NULL or no trap.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API runtime_trap_t runtime_error_trap(const runtime_error_t *error);

/**
 * Tells what an error is about.
 *
 * @param error         The error, borrowed for the call; NULL is allowed.
 * @param[out] details  Filled in; its strings are borrowed from the error. Initialise it with
 *                      RUNTIME_ERROR_DETAILS_INIT. Zeroed after `struct_size` on failure.
 *
 * @return true on success; false if `error` or `details` is NULL, or if `struct_size` is not set.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API bool runtime_error_details(
    const runtime_error_t *error,
    runtime_error_details_t *details);

/**
 * Counts the functions on the guest's stack when it trapped.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return How many frames runtime_error_frame() can tell about; 0 if `error` is NULL, or if it
 *         did not happen inside a guest.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_error_frame_count(const runtime_error_t *error);

/**
 * Describes one function on the guest's stack when it trapped.
 *
 * @param error       The error, borrowed for the call; NULL is allowed.
 * @param index       Which frame, from 0, the innermost.
 * @param[out] frame  Filled in; its strings are borrowed from the error. Initialise it with
 *                    RUNTIME_FRAME_INIT. Zeroed after `struct_size` on failure.
 *
 * @return true on success; false if `error` or `frame` is NULL, if `struct_size` is not set, or
 *         if there is no such frame.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API bool runtime_error_frame(
    const runtime_error_t *error,
    size_t index,
    runtime_frame_t *frame);

/* Bytes ---------------------------------------------------------------------------------------- */

/**
 * Releases bytes.
 *
 * @param bytes  The bytes, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, for different bytes.
 * @since 0.1
 */
RUNTIME_API void runtime_bytes_free(runtime_bytes_t *bytes);

/**
 * Points to the contents.
 *
 * Text is UTF-8. A NUL byte that the length does not count always follows, so text without
 * NUL bytes of its own is also a C string after a cast to `const char *`.
 *
 * @param bytes  The bytes, borrowed for the call; NULL is allowed.
 *
 * @return The first byte, borrowed from `bytes` and alive as long as it is; NULL if `bytes` is
 *         NULL, and only then.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const uint8_t *runtime_bytes_data(const runtime_bytes_t *bytes);

/**
 * Tells how many bytes there are.
 *
 * @param bytes  The bytes, borrowed for the call; NULL is allowed.
 *
 * @return The length without the NUL that follows; 0 if `bytes` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_bytes_len(const runtime_bytes_t *bytes);

/* Builder -------------------------------------------------------------------------------------- */

/**
 * Makes a builder with every setting at its default.
 *
 * @return The builder, never NULL, owned by the caller; release it with runtime_builder_free().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_builder_t *runtime_builder_new(void);

/**
 * Releases a builder.
 *
 * @param builder  The builder, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, for different builders.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_free(runtime_builder_t *builder);

/**
 * Sets how many instances may be alive at once.
 *
 * Each call of a function makes an instance, so this bounds the calls in flight. One with several
 * linear memories counts once for each; a component with more of them than this is refused when it
 * is loaded, by RUNTIME_ERROR_RESOURCE_LIMIT. It holds with the pool and without it. When all are
 * taken a call waits for runtime_builder_instance_wait(), then fails with
 * RUNTIME_ERROR_INSTANCE_LIMIT.
 *
 * It bounds also what guests take of the mappings of the process: at most seven for each, two for
 * a stack and up to five for a memory. The pool takes the two for all of them when it is built,
 * and the others when a place is first used, for as long as the runtime is there; without a pool
 * an instance takes what it needs and gives it back. Linux lets a process have 65530 mappings,
 * unless `vm.max_map_count` says otherwise: a host that has more than some 4000 instances alive at
 * once, or several runtimes, raises that, or sets this to what it needs. Once all are taken,
 * guests that want memory fail with RUNTIME_ERROR_MEMORY_LIMIT, and the host gets no memory and no
 * thread either.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 10000; from 1 to 1000000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_components(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many pools instances may come from.
 *
 * The first has room for all of runtime_builder_max_components(), and is the only one as long as
 * calls are made one after the other. Once there are several at once, each processor gets a pool
 * of its own, so that calls of functions in fresh instances hardly wait for each other: measured
 * on two processors (AMD EPYC, Linux 6.18), two threads do 1.6 to 1.9 times what one does, and 0.7
 * to 0.8 times with the first pool alone.
 *
 * What such a pool takes: as much address space as its part of `max_components` (all together at
 * most as much as the first), some 2 MiB of memory, and for each component that is called there a
 * copy of its machine code and of what the library knows of it, and a descriptor. An eighth of the
 * descriptors that the process may open is the most that copies take. A copy is made when more
 * than 16 calls of the same code have met others, by a call of a component that is not the first
 * there to do so, if it has 50 ms left and as many more for each MiB of machine code; that takes
 * about as long as runtime_component_share() and runtime_component_from_shared() together, the
 * first one on a processor some milliseconds more, and nothing interrupts it.
 *
 * Memory of ended instances goes back to the system up to 16 regions at a time, so up to 32 MiB of
 * each such pool may wait for that; an instance with more than 2 MiB goes back at once. That is
 * done by process_madvise(2) where Linux has it for that (6.13). A process that ends for system
 * calls which it does not expect has to expect this one, sched_setaffinity(2) on a thread of the
 * library and memfd_create(2), or sets 1 here.
 *
 * Kept instances, those of providers, those of components with a smaller stack of their own, and
 * those of components whose instances have more than 2 MiB come from the first pool, as do others
 * where their processor's has no room, or copies too many descriptors. A process whose address
 * space or data is limited (RLIMIT_AS, RLIMIT_DATA; `ulimit -v` and `-d`) has the first pool only,
 * and so has a runtime without a pool. `pools` of runtime_stats_t tells how many there are.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 65, which is the first and one for each processor; from 1, which is the
 *                 first alone, to 65.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_pools(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many core instances may make up one component.
 *
 * A component with more is refused when it is loaded or called.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 30; from 1 to 10000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_core_instances_per_component(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many linear memories one component may have.
 *
 * Each counts for runtime_builder_max_components(), so that fewer instances of a component with
 * several can be alive at once.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 30; from 1 to 10000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_memories_per_component(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many tables one component may have.
 *
 * The pool has this many for each of runtime_builder_max_components(), but at most four if it is
 * RUNTIME_ALLOCATOR_POOLING_SHRUNK.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 20; from 1 to 10000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_tables_per_component(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many elements each table may have.
 *
 * A guest that wants more is refused; what it does then is up to it, usually a trap.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 15000; from 1 to 10000000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_table_elements(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how large a component's binary may be.
 *
 * A larger one is RUNTIME_ERROR_COMPONENT_TOO_LARGE before anything looks inside.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 50 MiB; from 1 byte to 4 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_component_size(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how large each linear memory may grow.
 *
 * A component that starts with more is refused; a guest that grows beyond it is told that it
 * cannot. See runtime_builder_max_instance_memory() for the sum.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 256 MiB; from 64 KiB to 4 GiB, which is what a 32-bit memory can
 *                  address. Rounded down to whole pages of 64 KiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_linear_memory(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how much memory all linear memories and tables of one instance may take together.
 *
 * Without it, a component with 30 memories would get 30 times the limit of one.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 512 MiB; from 64 KiB to 128 TiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_instance_memory(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how much stack a guest may use.
 *
 * A guest that needs more ends with RUNTIME_ERROR_STACK_OVERFLOW.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 512 KiB; from 16 KiB to 64 MiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_stack(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how many calls may be within each other on one thread.
 *
 * A guest that calls a host function, which calls a guest again, and so on, uses up the stack of
 * the thread. A call that would be deeper, in whichever instance, and by whichever callback, is
 * RUNTIME_ERROR_STACK_OVERFLOW. Calls of components that provide for others
 * (runtime_linker_component()) count as well. Calls that other threads make on behalf of a host
 * function are not counted; each has a thread of its own.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 128; from 1, which allows none within another, to 10000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_call_depth(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how much of the host's own memory one transfer from a guest may take.
 *
 * A transfer is the arguments of one host function, or the result of one call. A guest that gives
 * more does not get it through, and its call fails; so does a call by text whose result takes
 * 64 KiB more as text.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 128 MiB; from 1 byte to 4 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_hostcall_memory(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how many handles to resources one instance may hold at once.
 *
 * This number also bounds the entries of WASI's own table for the instance.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 10000; from 1 to 10000000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_resources(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many random bytes a guest may ask for at a time.
 *
 * They are made in the host's memory, so without a limit a guest could ask for all of it.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 64 MiB; from 1 byte to 1 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_random_size(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how much fuel each call gets, and makes guests count it.
 *
 * A call that uses it up ends with RUNTIME_ERROR_FUEL. Unlike time, fuel is the same in every run,
 * about one unit an instruction; counting it makes guests slower.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param units    Default none, and nothing is counted; from 1 to UINT64_MAX.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_fuel(
    runtime_builder_t *builder,
    uint64_t units);

/**
 * Sets how large the arguments, the environment and the configuration of a sandbox may be
 * together.
 *
 * A guest may ask for them as often as it likes, and each time they are copied. A component with a
 * larger sandbox is refused with RUNTIME_ERROR_RESOURCE_LIMIT when it is made.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 1 MiB; from 1 byte to 1 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_environment(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how many threads there may be that wait for the system's resolver.
 *
 * A look-up cannot be stopped: it takes as long as the resolver does, also after its call has
 * ended. Components take turns, and none has more than half of the threads. Threads start as they
 * are needed and end when they are not.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 16; from 1 to 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_lookup_threads(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many name look-ups of one instance may be unanswered at once.
 *
 * A guest that wants more is told `temporary-resolver-failure`; if it gives up by a trap, the call
 * is RUNTIME_ERROR_LOOKUP_LIMIT.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 16; from 1 to 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_lookups(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many threads there may be for file operations of guests.
 *
 * Components take turns, and none has more than half of the threads, so that a file system that
 * hangs under one guest holds up no other. Threads start as they are needed and end when they are
 * not.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 32; from 1 to 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_file_threads(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many threads there may be for functions of the host that asynchronous calls run.
 *
 * Callbacks for what such a guest reads from stdin and prints run there too. Components take
 * turns, and none has more than half of the threads, so that a function that blocks under one
 * guest holds up no other component. What finds no thread waits, and its call's time runs on: if
 * half as many functions as there are threads wait for other asynchronous calls of their own
 * component, they wait until their time is over. What a late call has printed, and no thread is
 * free to tell, is left out. Threads start as they are needed, end when they are not, and have
 * 8 MiB of stack.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 64; from 1 to 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_host_threads(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many file operations of one instance may run at once.
 *
 * A guest has several only if it reads or writes by several streams; the others wait their turn.
 * What a call leaves behind when it is stopped counts until it is done.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 8; from 1 to 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_file_operations(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how much the streams of all instances may have read ahead or not yet written.
 *
 * A stream without room fails with `insufficient-memory`.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 256 MiB; from 1 MiB to 128 TiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_total_buffers(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how much the streams of one instance may have read ahead or not yet written.
 *
 * Streams of files count; a socket has 128 KiB at most, and counts as a descriptor. A stream
 * without room fails with `insufficient-memory`.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 4 MiB; from 128 KiB to 1 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_buffers(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how many descriptors all instances and granted directories of a runtime may hold together.
 *
 * So that guests leave some to the process. A component whose granted directories would be too
 * many is refused with RUNTIME_ERROR_DESCRIPTOR_LIMIT; a guest is told the same as by
 * runtime_builder_max_descriptors().
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default half of what the process may open; from 1 to 1000000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_total_descriptors(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how many descriptors of the process one instance may hold at once.
 *
 * Files, directories, streams of directory entries, sockets and accepted connections count, one
 * each, and two for a socket that listens. Granted directories are opened once for a component and
 * count for the runtime only. A guest that wants more is told `insufficient-memory` for a file and
 * `new-socket-limit` for a socket; if it gives up by a trap, the call is
 * RUNTIME_ERROR_DESCRIPTOR_LIMIT.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 64; from 1 to 1000000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_descriptors(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how much all instances of a runtime may have together besides memories and tables.
 *
 * A call or an instance that would be too much is refused with RUNTIME_ERROR_MEMORY_LIMIT; see
 * runtime_builder_max_instance_state(), and `instance_state` of runtime_stats().
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 4 GiB; from 1 MiB to 128 TiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_total_instance_state(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how much one instance may have besides memories and tables: 16 bytes for each
 * global, 32 for each function that is referred to, 64 for each import, 16 for each element that
 * waits to be copied into a table, and 1 KiB for each core instance.
 *
 * It is counted from the component before there is an instance, for all its core instances, and
 * rather too high than too low. A component with more is refused with RUNTIME_ERROR_MEMORY_LIMIT
 * when it is loaded. Most programs have some hundred KiB, DuckDB 2.5 MiB.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 8 MiB; from 4 KiB to 1 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_instance_state(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how many bytes the names of all that a component imports and exports may have together.
 *
 * What is in an interface is named with it, `ns:pkg/iface@1.0.0#greet`, and counts so: a short
 * component can declare an interface with a long name and a million members. One that has more is
 * refused with RUNTIME_ERROR_RESOURCE_LIMIT when it is loaded.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 4 MiB; from 1 KiB to 1 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_names_size(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets how large a component may be that is given as WebAssembly text.
 *
 * Text grows when it is read, so it has a limit of its own. A larger one is
 * RUNTIME_ERROR_COMPONENT_TOO_LARGE before anything looks inside. Whatever this says, one in text
 * of more than 12,000 imports, types and the like is RUNTIME_ERROR_RESOURCE_LIMIT.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 1 MiB; from 0, which takes no text, to 4 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_text_size(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Sets what compiling a component may cost beyond what ordinary code of its size does.
 *
 * A few bytes can keep a compiler busy for minutes, so everything in a binary is priced before it
 * is compiled, in units: each is about a microsecond of one processor, and at most some 200 bytes
 * of memory meanwhile. Ordinary code costs from 0.7 to 2.2 units a byte (CPython 0.7, SpiderMonkey
 * 1.4, ITK 2.0, SQLite 2.1); 2.2 are always allowed, and 4 for each of the first 400000 bytes.
 * This is what may come on top, for the component and, at 5 units a byte, for each of its
 * functions. What costs more is RUNTIME_ERROR_RESOURCE_LIMIT, and the message has the figures.
 * Large programs that were built without any optimisation may cost more; raise it for them.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param units    Default 500000, half a second; from 0 to 1000000000000000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_compile_cost(
    runtime_builder_t *builder,
    uint64_t units);

/**
 * Sets how many threads compile at once, for all loads of the runtime together.
 *
 * A load takes the threads that are free when it starts, at least one; without one it waits. They
 * exist only while something is loaded.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 0, which is one for each processor; at most 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_compile_threads(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets how long one call may take.
 *
 * Wall-clock time from entry to return, whether the guest computes or waits; then the call ends
 * with RUNTIME_ERROR_TIMEOUT, and no other call notices. runtime_call_options_t can shorten it.
 * What a guest does in one step, such as filling a memory or asking for random bytes, is not
 * interrupted: such a call comes back late, and ends with RUNTIME_ERROR_TIMEOUT all the same.
 *
 * @param builder       The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param milliseconds  Default 600000, ten minutes; from 1 to 31622400000, a year. Rounded up
 *                       to whole ticks of runtime_builder_epoch_tick().
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_max_execution_time(
    runtime_builder_t *builder,
    uint64_t milliseconds);

/**
 * Sets how precise time limits are.
 *
 * While a guest computes, the clock is looked at once a tick. A limit is rounded up to whole
 * ticks, at least one. While no call is in flight nothing ticks.
 *
 * @param builder       The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param milliseconds  Default 10; from 1 to 10000.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_epoch_tick(
    runtime_builder_t *builder,
    uint64_t milliseconds);

/**
 * Sets how long a call waits for a free instance.
 *
 * It matters when as many are alive as runtime_builder_max_components() allows; afterwards the
 * call fails with RUNTIME_ERROR_INSTANCE_LIMIT.
 *
 * @param builder       The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param milliseconds  Default 1000; from 0, which does not wait, to 31622400000, a year.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_instance_wait(
    runtime_builder_t *builder,
    uint64_t milliseconds);

/**
 * Sets how much of each pooled memory and table stays resident between two instances.
 *
 * That much is zeroed instead of given back to the system, which takes a system call and
 * interrupts every processor that runs another thread of the process: in the first pool for each
 * instance, in others for several at a time (runtime_builder_max_pools()). So for small guests
 * without data of their own, in many threads, the size of their memory is a good value. The price
 * is memory that stays in use, in each slot that was ever taken. Without the pool it has no
 * effect.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 10 KiB; from 0 to 1 GiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_pool_keep_resident(
    runtime_builder_t *builder,
    uint64_t bytes);

/**
 * Makes runtime_build() fail rather than run without the pool.
 *
 * Without this setting a runtime whose pool does not fit into the address space gets a smaller
 * one, or none: slower to instantiate, equally safe. runtime_info() tells which it is.
 *
 * Default: off. With it, runtime_build() reports RUNTIME_ERROR_POOL if even the smaller pool
 * does not fit.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_force_pooling_allocator(runtime_builder_t *builder);

/**
 * Makes the runtime run without the pool, also where there is room for one.
 *
 * Instances are slower to make, and no address space is reserved for those that do not exist.
 *
 * Default: off. Together with runtime_builder_force_pooling_allocator() it is an error that
 * runtime_build() reports.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_force_on_demand_allocator(runtime_builder_t *builder);

/**
 * Sets whether traps are told by signals of the system.
 *
 * With true, the first such runtime installs handlers for SIGSEGV and SIGILL, and on x86-64 for
 * SIGFPE, which stay for the life of the process: see THE PROCESS, and
 * runtime_signal_handlers_restore() for hosts that have handlers of their own. With false, this
 * runtime needs none: guests check for themselves what would raise a signal, so that a host's
 * handlers, crash reporters and masks of signals are left as they are. Handlers that another
 * runtime of the process has installed stay. Traps are the same errors, and every other setting
 * works as it does.
 *
 * Guests are slower without: by how much, docs/in-servers.md says. The pool is
 * RUNTIME_ALLOCATOR_POOLING_SHRUNK, since its slots need not be larger, and code of guests lacks
 * mitigations against Spectre, which work by signals: see SECURITY.md. Code that was compiled for
 * the other setting is refused by runtime_component_deserialize(); a cache directory keeps both.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param enable   Default true.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_signal_handlers(
    runtime_builder_t *builder,
    bool enable);

/**
 * Takes the host's word that its threads let the signals of traps through.
 *
 * A guest's trap is a signal, and one that its thread blocks ends the process. So each call looks
 * at its thread's mask first, by a system call, and lets SIGSEGV, SIGBUS, SIGILL and SIGFPE
 * through while the guest runs. With true calls do not look, which makes the shortest ones a third
 * faster: see docs/in-servers.md. It is for hosts that know every thread that makes calls, and
 * every callback that runs in one.
 *
 * WARNING: if a guest traps on a thread that blocks one of these signals all the same, the process
 * ends.
 *
 * It is of no account with runtime_builder_signal_handlers() off, when no call looks.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param trust    Default false.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_trust_signal_masks(
    runtime_builder_t *builder,
    bool trust);

/**
 * Has the pool find the pages that a guest wrote to, instead of giving back all that it might
 * have.
 *
 * An instance of a component that writes here and there, as most that were made by toolchains do,
 * then takes about half the time; tests/bench/README.md has figures. It is the system call
 * PAGEMAP_SCAN of Linux 6.7 and later; where the system lacks it, runtime_build() is
 * RUNTIME_ERROR_UNSUPPORTED. Without a pool it is of no account.
 *
 * WARNING: for hosts that do not fork, or that exec at once. The process gets, for good, an open
 * descriptor of /proc/self/pagemap, and a handler that wasmtime 48 runs in every child that it
 * forks, whether that one uses this library or not: it opens the file anew over that descriptor's
 * number, without close-on-exec, and ends the child if it cannot. A child that has closed the
 * descriptor, and uses its number for something else, loses that when it forks again.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param enable   Default false.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_pool_scan(
    runtime_builder_t *builder,
    bool enable);

/**
 * Sets how many threads the runtime keeps for timers, sockets and asynchronous calls.
 *
 * Guests of blocking calls run on the thread that calls.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param count    Default 0, which is one for each processor; at most 1024.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_worker_threads(
    runtime_builder_t *builder,
    uint64_t count);

/**
 * Sets where the runtime's log records go.
 *
 * There is one callback for each runtime, and never a process-wide one: the library leaves the
 * host's own logging alone. Setting it again replaces it. By default records go nowhere.
 *
 * @param builder    The builder, borrowed for the call; NULL is allowed: then nothing is set, and
 *                   `finalizer` runs at once.
 * @param level      A runtime_log_level_t: records of this level and of more important ones. Any
 *                   other number is reported by runtime_build().
 * @param callback   Receives the records, on any thread. NULL is reported by runtime_build().
 * @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens;
 *                   may be NULL.
 * @param finalizer  Runs once with `user_data` when the builder and every runtime built from it
 *                   are gone, or when registration fails. NULL if there is nothing to release.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_log(
    runtime_builder_t *builder,
    int32_t level,
    runtime_log_fn_t callback,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Sets whether components must be signed.
 *
 * If so, loading a component without an embedded signature by one of the keys given to
 * runtime_builder_trusted_key() is RUNTIME_ERROR_SIGNATURE, whatever caches hold; and
 * runtime_build() fails unless there is such a key.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param require  Default false.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_require_signature(
    runtime_builder_t *builder,
    bool require);

/**
 * Adds a public key whose signatures count.
 *
 * See runtime_builder_require_signature(). Keys add up; there are none by default.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param key      The public key in PEM, DER or OpenSSH form. Copied. Anything else is reported
 *                 by runtime_build() as `trusted_key`.
 * @param key_len  Length of `key`.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_trusted_key(
    runtime_builder_t *builder,
    const uint8_t *key,
    size_t key_len);

/**
 * Sets whether a trap's backtrace has source files and lines.
 *
 * They come from the guest's own debug information, which is read at each trap, and may then take
 * a tenth of a second beyond the time limit of a call. A component that has more than 16 MiB of
 * it, or whose debug information is damaged, nests functions more than 64 levels deep, has names
 * of more than 16 KiB or would take longer to read, is compiled without, with a warning in the
 * log. Function names are there in any case.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param enable   Default false.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_backtrace_details(
    runtime_builder_t *builder,
    bool enable);

/**
 * Adds experimental features, by bit.
 *
 * Components may import a feature's interfaces only if it is on.
 *
 * @param builder   The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param features  RUNTIME_FEATURE_ constants, united with `|`; default 0. A bit that stands for
 *                   nothing is reported by runtime_build().
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_experimental_features(
    runtime_builder_t *builder,
    uint64_t features);

/**
 * Adds experimental features, by name.
 *
 * As runtime_builder_experimental_features(), for names from a command line or a configuration
 * file.
 *
 * @param builder    The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param names      As for runtime_feature_parse(): separated by commas, in any case, with
 *                   dashes or underscores. Copied; may be NULL if `names_len` is 0. An unknown
 *                   name is reported by runtime_build().
 * @param names_len  Length of `names`.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_experimental_feature_names(
    runtime_builder_t *builder,
    const char *names,
    size_t names_len);

/**
 * Adds proposals of WebAssembly that guests may use.
 *
 * Everything else that wasmtime has on by default is on: SIMD, tail calls, several memories, typed
 * function references and the like. A component that needs one of these proposals is refused with
 * RUNTIME_ERROR_UNSUPPORTED where it is off, and the message names the constant that switches it
 * on. What is not listed here, threads for one, cannot be switched on.
 *
 * Exceptions and GC give each instance that uses them a heap besides its memories. That counts
 * like one more linear memory, for `max_linear_memory` and `max_instance_memory`, which say how
 * far it grows; it grows by doubling, and half of it is kept free for the collector. A guest that
 * finds no room in it fails with RUNTIME_ERROR_MEMORY_LIMIT. So that a heap always finds a place,
 * each instance of such a runtime counts for `max_components` once more. A collection goes on to
 * its end, also when the call is cancelled or late meanwhile; it takes about a second for each
 * 1 GiB of heap.
 *
 * An exception ends at the border of the component that threw it: the host gets
 * RUNTIME_ERROR_TRAP with RUNTIME_TRAP_UNCAUGHT_EXCEPTION, and another guest that called it traps.
 * One that a guest's own allocator throws, while WASI gives the guest a result, that guest may
 * catch. Memories of 64 bits are bounded as others are; what a component passes through its
 * interface lies in a memory of 32 bits.
 *
 * @param builder    The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param proposals  RUNTIME_PROPOSAL_ constants, united with `|`; default 0. A bit that stands for
 *                   nothing is reported by runtime_build(). Compiled code is for runtimes with the
 *                   same proposals.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_proposals(
    runtime_builder_t *builder,
    uint64_t proposals);

/**
 * Sets the directory where compiled code is kept from one process to the next.
 *
 * Compiling is the slow part of loading a component. What lies in the directory is run as
 * machine code, so nobody else may be able to write there: runtime_build() refuses a directory
 * that belongs to another user or that its group or others may write to. Damaged files are
 * compiled again.
 *
 * @param builder   The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param path      The directory, as UTF-8; made if it is missing. Copied. Default: none, and
 *                  nothing is kept. An unusable directory is reported by runtime_build().
 * @param path_len  Length of `path`.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_cache_directory(
    runtime_builder_t *builder,
    const char *path,
    size_t path_len);

/**
 * Sets how much compiled code stays in memory although no component uses it.
 *
 * Components loaded from the same bytes share their code while one of them lives in any case.
 *
 * @param builder  The builder, borrowed for the call; NULL is allowed and does nothing.
 * @param bytes    Default 64 MiB; from 0, which keeps none, to 128 TiB.
 *
 * @threadsafe One thread at a time for each builder.
 * @since 0.1
 */
RUNTIME_API void runtime_builder_cache_memory(
    runtime_builder_t *builder,
    uint64_t bytes);

/* Runtime -------------------------------------------------------------------------------------- */

/**
 * Builds a runtime.
 *
 * Reserves the pool and starts the threads. This is the place where an unusable setting is
 * reported, whichever setter it was given to.
 *
 * @param builder   The settings, borrowed for the call; it can build again.
 * @param[out] out  Receives the runtime, owned by the caller: release it with runtime_free().
 *                  Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `builder` or `out` is NULL, or naming the first
 *         unusable setting,
 *         RUNTIME_ERROR_POOL if runtime_builder_force_pooling_allocator() was called and no pool
 *         fits,
 *         RUNTIME_ERROR_IO if the cache directory or a thread cannot be made.
 *
 * @threadsafe Yes, while no thread changes the builder.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_build(
    const runtime_builder_t *builder,
    runtime_t **out);

/**
 * Releases a runtime.
 *
 * What was made from it goes on working. Once that is released too, no thread of the library
 * remains: the last release waits for them to end, unless it happens on one of them.
 *
 * @param runtime  The runtime, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, for different runtimes.
 * @since 0.1
 */
RUNTIME_API void runtime_free(runtime_t *runtime);

/**
 * Ends all that a runtime does, while its handles are still there.
 *
 * From the first moment new calls and loads are RUNTIME_ERROR_SHUTDOWN, and calls in flight end
 * with RUNTIME_ERROR_CANCELLED: blocking ones, asynchronous ones, and those that wait for
 * runtime_reply_complete(); those that compute within two ticks of runtime_builder_epoch_tick().
 * Loads under way end by themselves. Then this waits until every callback has returned, every
 * completion was delivered, and every thread of the runtime has ended.
 *
 * Once it has returned NULL, nothing of the runtime calls the host any more, whatever is released
 * later, so a plugin whose callbacks it had can be unloaded. Components and instances have given
 * up what they kept: destructors of resources that guests owned have run, and so have the
 * finalizers of whatever the host itself has released. What it still owns of its own making
 * (builders, linkers, sandboxes, replies that it owes, outcomes of asynchronous calls that it has
 * not taken, with the resources in them) runs its finalizers and destructors when the host
 * releases that, in the host's own call. Threads of the host that are about to return from this
 * library, or that wait in runtime_pending_wait(), are the host's to wait for. All handles have to
 * be released as ever; what only reads, such as runtime_info() or runtime_component_serialize(),
 * still works.
 *
 * It may be called any number of times, by any number of threads at once. A shutdown that ran out
 * of time goes on; call again to wait for its end. Once it began, there is no way back.
 *
 * @param runtime     The runtime, borrowed for the call.
 * @param timeout_ms  Milliseconds to wait at most; 0 only begins, or looks whether it is done;
 *                    UINT64_MAX waits for ever.
 *
 * @return NULL once nothing of the runtime runs, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` is NULL,
 *         RUNTIME_ERROR_TIMEOUT if something runs on after `timeout_ms`; the message says what: a
 *         callback that does not return, a load, or a thread that waits for the system,
 *         RUNTIME_ERROR_BUSY within any callback of this library, of whichever runtime, for which
 *         it would have to wait; nothing was begun,
 *         RUNTIME_ERROR_IO if there is no thread to be had for it; nothing was begun,
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime, where nothing of
 *         it runs.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_shutdown(
    const runtime_t *runtime,
    uint64_t timeout_ms);

/**
 * Tells what a runtime got of what was asked for, and why.
 *
 * The pool needs much address space; where the machine, a container or `ulimit -v` refuses it,
 * the runtime takes a smaller pool or none. Limits hold in any case.
 *
 * @param runtime    The runtime, borrowed for the call.
 * @param[out] info  Filled in, as far as its `struct_size` goes; owned by the caller. Initialise
 *                   it with RUNTIME_INFO_INIT. Zeroed after `struct_size` on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` or `info` is NULL, or if `struct_size` is
 *         not set.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_info(
    const runtime_t *runtime,
    runtime_info_t *info);

/**
 * Tells whether the runtime leaves an interface to the host because it belongs to an
 * experimental feature that is on.
 *
 * A component may import such an interface although nothing provides it yet; calling into it
 * traps. Without the feature, importing it is RUNTIME_ERROR_LINK.
 *
 * @param runtime   The runtime, borrowed for the call; NULL is allowed.
 * @param name      The interface with its version, such as `wrpc:rpc/transport@0.1.0`. Borrowed
 *                  for the call.
 * @param name_len  Length of `name`.
 *
 * @return true if the interface is skipped; false if not, if `runtime` is NULL, or if `name` is
 *         NULL or not UTF-8.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API bool runtime_skip_feature_gated_instance(
    const runtime_t *runtime,
    const char *name,
    size_t name_len);

/* Signals -------------------------------------------------------------------------------------- */

/**
 * Puts the library's signal handlers back on top.
 *
 * A host or a crash reporter that installs its handler for SIGSEGV, SIGILL or SIGFPE after the
 * first runtime was built gets the signals of guests: if it does not pass on what is not its own,
 * the next trap ends the process. Call this afterwards. The handler that was on top is kept: it
 * gets what no guest has raised, with the mask, the stack and the kind of arguments that it asked
 * for, and by passing on what it does not know it gets to the handler that was there before it.
 *
 * For the whole process. Does nothing if the handlers are on top, or if there are none because no
 * runtime needed them: see runtime_builder_signal_handlers().
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_UNSUPPORTED where the library does not know how, which is elsewhere than
 *         on Linux.
 *
 * @threadsafe Yes; a handler must not be installed by another thread meanwhile.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_signal_handlers_restore(void);

/**
 * Tells whether the library's signal handlers are on top.
 *
 * A host can ask after each part of it that may install handlers. Installed above them may be one
 * that passes on what is not its own, as it should: then this is false and all is well.
 *
 * @return true if signals of guests get to the library first; false if not, if no runtime needed
 *         handlers yet, and elsewhere than on Linux.
 *
 * @threadsafe Yes, and async-signal-safe.
 * @since 0.1
 */
RUNTIME_API bool runtime_signal_handlers_installed(void);

/* Statistics ----------------------------------------------------------------------------------- */

/**
 * Tells what a runtime is doing and has done.
 *
 * Takes no lock that a call takes, so it may be asked as often as one likes.
 *
 * @param runtime     The runtime, borrowed for the call.
 * @param[out] stats  Filled in, as far as its `struct_size` goes; owned by the caller. Initialise
 *                    it with RUNTIME_STATS_INIT. Zeroed after `struct_size` on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` or `stats` is NULL, or if `struct_size` is
 *         not set.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_stats(
    const runtime_t *runtime,
    runtime_stats_t *stats);

/* Sandbox -------------------------------------------------------------------------------------- */

/**
 * Makes a sandbox that grants nothing.
 *
 * A guest has then, as without a sandbox, no arguments, environment, files or network; its stdin
 * is at its end from the start, and what it prints is dropped. Clocks and random numbers it has.
 *
 * @param[out] out  Receives the sandbox, owned by the caller: release it with
 *                  runtime_sandbox_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_new(runtime_sandbox_t **out);

/**
 * Releases a sandbox.
 *
 * @param sandbox  The sandbox, owned; NULL is allowed and does nothing. Components made with it
 *                 keep what it granted.
 *
 * @threadsafe Yes, for different sandboxes.
 * @since 0.1
 */
RUNTIME_API void runtime_sandbox_free(runtime_sandbox_t *sandbox);

/**
 * Adds a command-line argument.
 *
 * The first is by custom the name of the program.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 * @param arg      The argument, UTF-8. Copied.
 * @param arg_len  Length of `arg`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `arg` is NULL, or if `arg` is
 *         not UTF-8 or contains a NUL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_arg(
    runtime_sandbox_t *sandbox,
    const char *arg,
    size_t arg_len);

/**
 * Sets an environment variable.
 *
 * A later value for the same key replaces it. Variables of the host are never passed on by
 * themselves.
 *
 * @param sandbox    The sandbox, borrowed for the call.
 * @param key        Name of the variable, UTF-8. Copied.
 * @param key_len    Length of `key`.
 * @param value      Its value, UTF-8. Copied.
 * @param value_len  Length of `value`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox`, `key` or `value` is NULL, or if they
 *         are not UTF-8, contain a NUL, or `key` is empty or contains `=`.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_env(
    runtime_sandbox_t *sandbox,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len);

/**
 * Tells the guest which directory it starts in.
 *
 * That grants no access to it; see runtime_sandbox_directory().
 *
 * @param sandbox   The sandbox, borrowed for the call.
 * @param path      Path in the guest, UTF-8. Copied.
 * @param path_len  Length of `path`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `path` is NULL, or if `path` is
 *         empty, not UTF-8 or contains a NUL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_initial_directory(
    runtime_sandbox_t *sandbox,
    const char *path,
    size_t path_len);

/**
 * Grants a directory and all that is in it.
 *
 * The guest cannot leave it: not by `..`, by absolute paths, by symbolic links, or by renaming or
 * linking from one granted directory to another. It opens files and directories only, no FIFO and
 * no device. Sizes and times may be looked at with any right, by name. The directory is opened
 * when a component is made, and stays the same one if it is renamed afterwards.
 *
 * @param sandbox         The sandbox, borrowed for the call.
 * @param host_path       Path on the host, UTF-8; a relative one is resolved now. Copied.
 * @param host_path_len   Length of `host_path`.
 * @param guest_path      Its path in the guest, UTF-8. Copied.
 * @param guest_path_len  Length of `guest_path`.
 * @param rights          What the guest may do: RUNTIME_RIGHT_READ, RUNTIME_RIGHT_WRITE and
 *                        RUNTIME_RIGHT_LIST, combined with |. At least one.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or a path is NULL, if a path is empty
 *         or not UTF-8, if `guest_path` is granted already, or if `rights` are none or unknown,
 *         RUNTIME_ERROR_IO if `host_path` is not a directory that can be opened.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_directory(
    runtime_sandbox_t *sandbox,
    const char *host_path,
    size_t host_path_len,
    const char *guest_path,
    size_t guest_path_len,
    uint64_t rights);

/**
 * Limits what guests may add to a directory that runtime_sandbox_directory() granted.
 *
 * Counted is what all instances of a component together do there: by how many bytes the lengths of
 * files and symbolic links grow, and how many names they make. What they shorten or remove counts
 * back, so that the directory never holds more than it did when the component was loaded and the
 * limit; a file that is removed while a guest has it open counts until that is closed. These are
 * not the blocks that the file system takes: `du` may say more for many small files, and less for
 * files with holes. A guest that wants more is told `quota`, and nothing of that write is done; if
 * it gives up by a trap, the call is RUNTIME_ERROR_DISK_QUOTA. Other components have limits of
 * their own.
 *
 * The limit is the directory's, whatever it is granted as: what guests do through other grants of
 * this sandbox counts as well, if these are of the same directory or of one that lies in it when
 * the component is loaded, symbolic links resolved. Of two limits of one directory the lower one
 * holds. A directory in it can have a limit besides, which holds for what is done through its own
 * grant, not for what reaches it through this one.
 *
 * @param sandbox         The sandbox, borrowed for the call.
 * @param guest_path      What the directory was granted as, UTF-8. Borrowed for the call.
 * @param guest_path_len  Length of `guest_path`.
 * @param max_bytes       Default none; from 0 to UINT64_MAX, which stands for none.
 * @param max_entries     Names of files, directories and links. Default none; from 0 to
 *                        UINT64_MAX, which stands for none.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL, or if `guest_path` is NULL, not
 *         UTF-8 or not granted.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_directory_limit(
    runtime_sandbox_t *sandbox,
    const char *guest_path,
    size_t guest_path_len,
    uint64_t max_bytes,
    uint64_t max_entries);

/**
 * Sets a value that the guest finds by wasi:config.
 *
 * A later value for the same key replaces it.
 *
 * @param sandbox    The sandbox, borrowed for the call.
 * @param key        The key, UTF-8. Copied.
 * @param key_len    Length of `key`.
 * @param value      The value, UTF-8. Copied.
 * @param value_len  Length of `value`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox`, `key` or `value` is NULL or not UTF-8.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_config(
    runtime_sandbox_t *sandbox,
    const char *key,
    size_t key_len,
    const char *value,
    size_t value_len);

/**
 * Gives the guest these bytes as stdin, in each instance from the start.
 *
 * @param sandbox    The sandbox, borrowed for the call.
 * @param bytes      The bytes. Copied.
 * @param bytes_len  Length of `bytes`; may be 0, in which case `bytes` may be NULL.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `bytes` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stdin_bytes(
    runtime_sandbox_t *sandbox,
    const uint8_t *bytes,
    size_t bytes_len);

/**
 * Gives the guest what a callback provides as stdin.
 *
 * It is asked when the guest waits for input. Each instance starts where the callback is.
 *
 * @param sandbox    The sandbox, borrowed for the call.
 * @param callback   Provides the bytes.
 * @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
 *                   be NULL.
 * @param finalizer  Runs once with `user_data`, when the last sandbox and component that know
 *                   `callback` are gone, or when this fails. NULL if there is nothing to release.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `callback` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stdin_callback(
    runtime_sandbox_t *sandbox,
    runtime_read_fn_t callback,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Gives the guest the stdin of this process.
 *
 * One instance at a time should have it. Waiting for input ends at the deadline.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stdin_inherit(
    runtime_sandbox_t *sandbox);

/**
 * Puts what the guest prints to stdout into the runtime_output_t of the call.
 *
 * It is there however the call ends. What a call without one prints is dropped.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stdout_capture(
    runtime_sandbox_t *sandbox);

/**
 * Sends what the guest prints to stdout to a callback.
 *
 * It gets what was printed as soon as the guest flushes, which most languages do at every line or
 * write, or when 64 KiB are waiting; and what is left when the call ends, however it ends.
 *
 * @param sandbox    The sandbox, borrowed for the call.
 * @param callback   Receives the bytes.
 * @param flags      RUNTIME_WRITE_WHOLE_LINES, or 0.
 * @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
 *                   be NULL.
 * @param finalizer  Runs once with `user_data`, when the last sandbox and component that know
 *                   `callback` are gone, or when this fails. NULL if there is nothing to release.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `callback` is NULL, or if `flags` has
 *         unknown bits.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stdout_callback(
    runtime_sandbox_t *sandbox,
    runtime_write_fn_t callback,
    uint64_t flags,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Sends what the guest prints to stdout to the stdout of this process.
 *
 * Nothing is buffered, so flush what the host has printed itself first. A pipe that is full holds
 * up the call, also beyond its deadline.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stdout_inherit(
    runtime_sandbox_t *sandbox);

/**
 * Puts what the guest prints to stderr into the runtime_output_t of the call.
 *
 * It is there however the call ends. What a call without one prints is dropped.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stderr_capture(
    runtime_sandbox_t *sandbox);

/**
 * Sends what the guest prints to stderr to a callback.
 *
 * It gets what was printed as soon as the guest flushes, which most languages do at every line or
 * write, or when 64 KiB are waiting; and what is left when the call ends, however it ends.
 *
 * @param sandbox    The sandbox, borrowed for the call.
 * @param callback   Receives the bytes.
 * @param flags      RUNTIME_WRITE_WHOLE_LINES, or 0.
 * @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
 *                   be NULL.
 * @param finalizer  Runs once with `user_data`, when the last sandbox and component that know
 *                   `callback` are gone, or when this fails. NULL if there is nothing to release.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `callback` is NULL, or if `flags` has
 *         unknown bits.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stderr_callback(
    runtime_sandbox_t *sandbox,
    runtime_write_fn_t callback,
    uint64_t flags,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Sends what the guest prints to stderr to the stderr of this process.
 *
 * Nothing is buffered, so flush what the host has printed itself first. A pipe that is full holds
 * up the call, also beyond its deadline.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_stderr_inherit(
    runtime_sandbox_t *sandbox);

/**
 * Allows the guest TCP connections and UDP datagrams to some addresses and ports.
 *
 * Each call allows more. See runtime_sandbox_allow_name() for names.
 *
 * @param sandbox        The sandbox, borrowed for the call.
 * @param addresses      An IP address, or a range such as `10.0.0.0/8` or `fd00::/8`, UTF-8.
 *                       Copied.
 * @param addresses_len  Length of `addresses`.
 * @param first_port     The lowest port.
 * @param last_port      The highest port; not below `first_port`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `addresses` is NULL, if `addresses`
 *         is not an IP address or a range of them, or if there is no port between `first_port` and
 *         `last_port`.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_allow_connect(
    runtime_sandbox_t *sandbox,
    const char *addresses,
    size_t addresses_len,
    uint16_t first_port,
    uint16_t last_port);

/**
 * Allows the guest to listen at some addresses and ports, for anyone who connects there.
 *
 * Each call allows more. Port 0, by which a guest asks for any free port, must be among the ports
 * as well as the port that is found. Answering datagrams takes runtime_sandbox_allow_connect(),
 * too.
 *
 * @param sandbox        The sandbox, borrowed for the call.
 * @param addresses      A local IP address, or a range of them, UTF-8. Copied.
 * @param addresses_len  Length of `addresses`.
 * @param first_port     The lowest port.
 * @param last_port      The highest port; not below `first_port`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `addresses` is NULL, if `addresses`
 *         is not an IP address or a range of them, or if there is no port between `first_port` and
 *         `last_port`.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_allow_bind(
    runtime_sandbox_t *sandbox,
    const char *addresses,
    size_t addresses_len,
    uint16_t first_port,
    uint16_t last_port);

/**
 * Allows the guest to look up a name.
 *
 * Each call allows more. The addresses that are found can be used if
 * runtime_sandbox_allow_connect() allows them.
 *
 * @param sandbox   The sandbox, borrowed for the call.
 * @param name      A host name, UTF-8, which is looked up as IDNA writes it in ASCII; an IP
 *                  address, which is found as it is; `*.` and a host name for all names below it;
 *                  or `*` for everything. Copied.
 * @param name_len  Length of `name`.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` or `name` is NULL, or if `name` is none
 *         of these.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_allow_name(
    runtime_sandbox_t *sandbox,
    const char *name,
    size_t name_len);

/**
 * Makes the guest's clocks the same in each run.
 *
 * The wall clock starts at `wall_ns` and the monotonic clock at 0, in each instance anew, and
 * every reading of either moves both by `step_ns`. A guest that waits in a loop for clocks that
 * stand still waits until its deadline. Sleeping takes real time.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 * @param wall_ns  What the wall clock shows at first, in nanoseconds since 1970 in UTC.
 * @param step_ns  Nanoseconds that each reading moves both clocks; 0 for clocks that stand still.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_clock_fixed(
    runtime_sandbox_t *sandbox,
    uint64_t wall_ns,
    uint64_t step_ns);

/**
 * Makes the guest's random numbers the same in each instance, run and version of this library.
 *
 * Anyone who knows the seed can predict them, so keys that such a guest makes are worthless.
 *
 * @param sandbox  The sandbox, borrowed for the call.
 * @param seed     Any number.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `sandbox` is NULL.
 *
 * @threadsafe One thread at a time for each sandbox.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_sandbox_random_seed(
    runtime_sandbox_t *sandbox,
    uint64_t seed);

/* Components ----------------------------------------------------------------------------------- */

/**
 * Loads a component from its bytes: compiles it, or takes it from the cache, and links it.
 *
 * This is the expensive step: load once, then call as often as you like. WASI 0.2 is linked, so
 * ordinary components load; they find no files, no environment and no network, except what the
 * sandbox in `options` grants.
 *
 * The work is done on threads of the library, whose number runtime_builder_max_compile_threads()
 * bounds, while this one waits. When the load is cancelled, or late by `timeout_ms`, this
 * function returns within two ticks, and the threads end as soon as the compiler can be stopped:
 * until then runtime_stats() counts the load as abandoned, and it keeps what it needs of the
 * runtime alive. What loading a component may cost at most, for its size, is up to
 * runtime_builder_max_compile_cost().
 *
 * @param runtime    Where to load it. Borrowed for the call; the component keeps what it needs,
 *                   so either may be freed first.
 * @param bytes      The binary, or WebAssembly text. Borrowed for the call.
 * @param bytes_len  Length of `bytes`.
 * @param options    How to load, borrowed for the call; NULL means defaults.
 * @param[out] out   Receives the component, owned by the caller: release it with
 *                   runtime_component_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `bytes` or `out` is NULL, or if `options`
 *         is unusable,
 *         RUNTIME_ERROR_COMPONENT_TOO_LARGE if `bytes_len` is above
 *         runtime_builder_max_component_size(), or for text runtime_builder_max_text_size(),
 *         RUNTIME_ERROR_SIGNATURE if the runtime requires a signature that `bytes` lacks,
 *         RUNTIME_ERROR_COMPILE if `bytes` is not a valid component,
 *         RUNTIME_ERROR_UNSUPPORTED if it uses a proposal that is off: see PROPOSALS,
 *         RUNTIME_ERROR_LINK if nothing provides one of its imports,
 *         RUNTIME_ERROR_IO if a directory of the sandbox cannot be opened,
 *         RUNTIME_ERROR_MEMORY_LIMIT or RUNTIME_ERROR_RESOURCE_LIMIT if it needs more than the
 *         runtime allows,
 *         RUNTIME_ERROR_TIMEOUT or RUNTIME_ERROR_CANCELLED as `options` ask for,
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_new(
    const runtime_t *runtime,
    const uint8_t *bytes,
    size_t bytes_len,
    const runtime_component_options_t *options,
    runtime_component_t **out);

/**
 * Loads a component from a file.
 *
 * As reading the file and calling runtime_component_new() would; but a file that is too large is
 * not read.
 *
 * @param runtime   Where to load it. Borrowed for the call; the component keeps what it needs,
 *                  so either may be freed first.
 * @param path      Path of the file, UTF-8. Borrowed for the call.
 * @param path_len  Length of `path`.
 * @param options   How to load, borrowed for the call; NULL means defaults.
 * @param[out] out  Receives the component, owned by the caller: release it with
 *                  runtime_component_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `path` or `out` is NULL, if `path` is not
 *         UTF-8, or if `options` is unusable,
 *         RUNTIME_ERROR_IO if the file cannot be read,
 *         and as for runtime_component_new().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_from_file(
    const runtime_t *runtime,
    const char *path,
    size_t path_len,
    const runtime_component_options_t *options,
    runtime_component_t **out);

/**
 * Releases a component.
 *
 * @param component  The component, owned; NULL is allowed and does nothing. Functions of it, and
 *                   calls in flight, go on.
 *
 * @threadsafe Yes, for different handles.
 * @since 0.1
 */
RUNTIME_API void runtime_component_free(runtime_component_t *component);

/**
 * Makes another handle to the same component.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 *
 * @return The handle, owned by the caller: release it with runtime_component_free(), in any
 *         order with the first. NULL if `component` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_component_t *runtime_component_clone(
    const runtime_component_t *component);

/**
 * Gives a component's compiled code, for runtime_component_deserialize().
 *
 * Loading compiled code takes microseconds instead of seconds. It depends on this version of the
 * library, on the kind of processor, and on the runtime's settings.
 *
 * @param component  The component, borrowed for the call.
 * @param[out] out   Receives the bytes, owned by the caller: release them with
 *                   runtime_bytes_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL,
 *         RUNTIME_ERROR_RESOURCE_LIMIT if there is no memory for it.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_serialize(
    const runtime_component_t *component,
    runtime_bytes_t **out);

/**
 * Loads a component from its compiled code.
 *
 * WARNING: the bytes are machine code, and this function trusts them. Anyone who can choose or
 * change them runs any code in your process, outside every sandbox and limit of this library;
 * no check here prevents that. Pass only what runtime_component_serialize() gave you, if nobody
 * else has been able to write to it since. For all other bytes use runtime_component_new().
 *
 * @param runtime    Where to load it. Borrowed for the call; the component keeps what it needs,
 *                   so either may be freed first.
 * @param bytes      What runtime_component_serialize() gave. Borrowed for the call.
 * @param bytes_len  Length of `bytes`.
 * @param options    How to load, borrowed for the call; NULL means defaults.
 * @param[out] out   Receives the component, owned by the caller: release it with
 *                   runtime_component_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `bytes` or `out` is NULL, or if `options`
 *         is unusable,
 *         RUNTIME_ERROR_COMPILE if `bytes` comes from another version, processor or settings, or
 *         is not a compiled component at all,
 *         RUNTIME_ERROR_SIGNATURE if the runtime requires signatures, which compiled code does
 *         not carry,
 *         and as for runtime_component_new().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_deserialize(
    const runtime_t *runtime,
    const uint8_t *bytes,
    size_t bytes_len,
    const runtime_component_options_t *options,
    runtime_component_t **out);

/**
 * Starts loading a component from its bytes, without waiting for the outcome.
 *
 * Returns at once; any number of loads may be on their way, and those beyond
 * runtime_builder_max_compile_threads() wait for their turn. In all else the load is as one by
 * runtime_component_new(). Only the token and the time limit in `options` end it early: releasing
 * the runtime or the pending load leaves it alone.
 *
 * @param runtime     Where to load it, borrowed until the function returns; the load keeps what it
 *                    needs.
 * @param bytes       The binary, or WebAssembly text. Copied.
 * @param bytes_len   Length of `bytes`.
 * @param options     How to load, copied; NULL means defaults.
 * @param completion  What to do when the load ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the load was started: then its outcome is delivered. Otherwise an error owned by
 *         the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `bytes` or `completion` is NULL, if
 *         `completion` has neither `callback` nor `pending_out`, or if `options` is unusable,
 *         RUNTIME_ERROR_RESOURCE_LIMIT if there is no memory for the copy,
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_new_async(
    const runtime_t *runtime,
    const uint8_t *bytes,
    size_t bytes_len,
    const runtime_component_options_t *options,
    const runtime_component_completion_t *completion);

/**
 * Starts loading a component from a file, without waiting for the outcome.
 *
 * As runtime_component_new_async(); the file is read on the way.
 *
 * @param runtime     Where to load it, borrowed until the function returns; the load keeps what it
 *                    needs.
 * @param path        Path of the file, UTF-8. Copied.
 * @param path_len    Length of `path`.
 * @param options     How to load, copied; NULL means defaults.
 * @param completion  What to do when the load ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the load was started: then its outcome is delivered. Otherwise an error owned by
 *         the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime`, `path` or `completion` is NULL, if `path`
 *         is not UTF-8, if `completion` has neither `callback` nor `pending_out`, or if `options`
 *         is unusable,
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_from_file_async(
    const runtime_t *runtime,
    const char *path,
    size_t path_len,
    const runtime_component_options_t *options,
    const runtime_component_completion_t *completion);

/**
 * Makes another component of the same compiled code, with a linker, a sandbox and limits of its
 * own.
 *
 * Nothing is compiled, read or copied: for a host that runs one component for many tenants, each
 * with grants and limits of its own. The two have nothing in common but their code, and each may
 * be freed first. `component` may have been loaded with `unlinked`, to look at what it imports
 * before its linker is made.
 *
 * @param component  The component whose code to take, borrowed for the call.
 * @param options    How to link, borrowed for the call; NULL means defaults: nothing is taken from
 *                   the options that `component` was loaded with. `timeout_ms` and `cancel` mean
 *                   nothing here, and `unlinked` must be 0.
 * @param[out] out   Receives the component, owned by the caller: release it with
 *                   runtime_component_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL, or if `options` is
 *         unusable,
 *         RUNTIME_ERROR_LINK if nothing provides one of its imports,
 *         RUNTIME_ERROR_IO if a directory of the sandbox cannot be opened,
 *         RUNTIME_ERROR_MEMORY_LIMIT or RUNTIME_ERROR_RESOURCE_LIMIT if it needs more than the
 *         runtime or its limits allow,
 *         RUNTIME_ERROR_SHUTDOWN after runtime_shutdown(),
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_link(
    const runtime_component_t *component,
    const runtime_component_options_t *options,
    runtime_component_t **out);

/**
 * Puts a component's compiled code into a file in memory, for runtime_component_from_fd() in other
 * processes.
 *
 * For servers that compile once and serve in many processes: the descriptor goes to children by
 * fork(), by exec without FD_CLOEXEC, or by SCM_RIGHTS, and nothing is written to a disk. The
 * code is mapped, not copied: its pages exist once for all processes that load it. Nobody can
 * change the file (memfd_create(), sealed). It stays as long as a process has a descriptor or a
 * mapping of it, whatever becomes of `component` and its runtime. The code depends on this version
 * of the library, on the kind of processor, and on the settings of the runtime.
 *
 * @param component    The component, borrowed for the call.
 * @param[out] fd_out  Receives the descriptor, owned by the caller, who releases it with close().
 *                     It closes on exec, until the caller changes that. Set to -1 on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `fd_out` is NULL,
 *         RUNTIME_ERROR_RESOURCE_LIMIT if there is no memory for it,
 *         RUNTIME_ERROR_IO if there is no room for the file,
 *         RUNTIME_ERROR_UNSUPPORTED if the system gives none: other systems than Linux, or where
 *         the process has no descriptor left.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_share(
    const runtime_component_t *component,
    int32_t *fd_out);

/**
 * Loads a component from the file that runtime_component_share() gave, in this process or another.
 *
 * WARNING: the file holds machine code, and this function trusts it. Anyone who can choose the
 * descriptor runs any code in your process, outside every sandbox and limit of this library. The
 * function checks that the file has not changed since it was made, but not who made it. Pass only
 * what runtime_component_share() gave to you, or to a process that you trust as much.
 *
 * @param runtime   Where to load it. Borrowed for the call; the component keeps what it needs, so
 *                  either may be freed first.
 * @param fd        The descriptor, borrowed for the call: it may be closed afterwards. Where it
 *                  stands does not matter, and any number of processes may load from it at once.
 * @param options   How to load, borrowed for the call; NULL means defaults.
 * @param[out] out  Receives the component, owned by the caller: release it with
 *                  runtime_component_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `runtime` or `out` is NULL, if `options` is unusable,
 *         or if `fd` is not such a file, sealed and whole,
 *         RUNTIME_ERROR_IO if the file cannot be opened by its name in /proc,
 *         RUNTIME_ERROR_COMPILE if it comes from another version, processor or settings,
 *         RUNTIME_ERROR_SIGNATURE if the runtime requires signatures, which compiled code does
 *         not carry,
 *         and as for runtime_component_new().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_from_fd(
    const runtime_t *runtime,
    int32_t fd,
    const runtime_component_options_t *options,
    runtime_component_t **out);

/**
 * Tells what the component is called in log records.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 *
 * @return The name that runtime_component_options_t gave it: UTF-8, NUL-terminated, borrowed,
 *         alive as long as `component`; the empty string if it has none or is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_component_name(const runtime_component_t *component);

/**
 * Numbers the component: no other one of this process has or had the same number.
 *
 * By it a function of the host can tell which component calls: see runtime_call_component_id().
 *
 * @param component  The component, borrowed for the call; NULL is allowed. Clones have the same
 *                   number.
 *
 * @return The number, from 1 on; 0 for NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API uint64_t runtime_component_id(const runtime_component_t *component);

/**
 * Spells the component's world as WIT text.
 *
 * @param component  The component, borrowed for the call.
 * @param[out] out   Receives the text, owned by the caller: release it with
 *                   runtime_bytes_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL,
 *         RUNTIME_ERROR_UNSUPPORTED if WIT cannot express it.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_wit(
    const runtime_component_t *component,
    runtime_bytes_t **out);

/**
 * Counts what the component imports, WASI included.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 *
 * @return How many imports runtime_component_import() can tell about; 0 if `component` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_component_import_count(const runtime_component_t *component);

/**
 * Describes something the component imports.
 *
 * Interfaces are flattened: a function in one is named `ns:pkg/iface@1.0.0#greet`.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 * @param index      Which import, from 0, in the order of the binary.
 *
 * @return The import, borrowed, alive as long as `component`; NULL if there is none, or if
 *         `component` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_item_t *runtime_component_import(
    const runtime_component_t *component,
    size_t index);

/**
 * Tells which definition of the host serves an import.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 * @param index      Which import, from 0, as for runtime_component_import().
 *
 * @return The path that it was defined by, without a type, such as `acme:shop/prices@1.0.0#lookup`
 *         for an import of `acme:shop/prices@1.0.3#lookup`: UTF-8, NUL-terminated, borrowed, alive
 *         as long as `component`. NULL if no definition of the host serves it: it is part of WASI,
 *         only a name for a type, a resource that another import brought along, or provided by
 *         nobody. NULL also if there is no such import, or if `component` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_component_import_definition(
    const runtime_component_t *component,
    size_t index);

/**
 * Tells which resource of the host the handles of a type stand for.
 *
 * Host functions that are defined without their type should look here, for each handle that a
 * component's import has them take: a handle is only a number to the host, and the component
 * chooses whose.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 * @param type       A type in what the component imports or exports, of RUNTIME_KIND_OWN or
 *                   RUNTIME_KIND_BORROW, borrowed for the call; NULL is allowed.
 *
 * @return The path that the resource was defined by, such as `acme:shop/carts@1.0.0#cart`: UTF-8,
 *         NUL-terminated, borrowed, alive as long as `component`. NULL if it is not a resource of
 *         the host's, or if an argument is NULL or of another kind.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_component_resource_definition(
    const runtime_component_t *component,
    const runtime_type_t *type);

/**
 * Counts what the component exports.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 *
 * @return How many exports runtime_component_export() can tell about; 0 if `component` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_component_export_count(const runtime_component_t *component);

/**
 * Describes something the component exports.
 *
 * Interfaces are flattened: a function in one is named `ns:pkg/iface@1.0.0#greet`.
 *
 * @param component  The component, borrowed for the call; NULL is allowed.
 * @param index      Which export, from 0, in the order of the binary.
 *
 * @return The export, borrowed, alive as long as `component`; NULL if there is none, or if
 *         `component` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_item_t *runtime_component_export(
    const runtime_component_t *component,
    size_t index);

/**
 * Looks up an exported function.
 *
 * Look up once and keep it: this is where the name is searched and the types are resolved.
 *
 * An export of exactly this name is what is found. Where there is none, the version of an
 * interface need only be compatible, by the rule that also says which definition of the host
 * serves an import: 1.0.0 finds 1.0.3 and 1.2.0, and 0.2.0 finds 0.2.6, but 0.0.x and pre-releases
 * find only themselves; of several the newest is taken. That holds in both directions: 1.0.5 finds
 * 1.0.2, where an older component has all that the caller asks for, since functions are found one
 * by one and types are checked in every call. `ns:pkg/iface#greet` finds whichever version is
 * exported, if only one is. runtime_function_name() tells what was found.
 *
 * @param component  The component, borrowed for the call; the function keeps its own reference,
 *                   so either may be freed first.
 * @param name       `greet`, or `ns:pkg/iface@1.0.0#greet` for a function in an interface;
 *                   interfaces within interfaces are `outer#inner#greet`. Borrowed for the call.
 * @param name_len   Length of `name`.
 * @param[out] out   Receives the function, owned by the caller: release it with
 *                   runtime_function_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component`, `name` or `out` is NULL, or if `name` is
 *         not UTF-8,
 *         RUNTIME_ERROR_NOT_FOUND if the component exports no such function; the message lists
 *         those that it does export; or if it exports several versions of one that is asked for
 *         without a version, which the message names.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_function(
    const runtime_component_t *component,
    const char *name,
    size_t name_len,
    runtime_function_t **out);

/* Types ---------------------------------------------------------------------------------------- */

/**
 * Tells the name of an import or export.
 *
 * @param item  The item, borrowed for the call; NULL is allowed.
 *
 * @return Such as `greet`, or `ns:pkg/iface@1.0.0#greet` for a function in an interface: UTF-8,
 *         NUL-terminated, borrowed, alive as long as `item`; the empty string if `item` is
 *         NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_item_name(const runtime_item_t *item);

/**
 * Tells what an import or export is.
 *
 * @param item  The item, borrowed for the call; NULL is allowed.
 *
 * @return The kind; RUNTIME_ITEM_KIND_NONE if `item` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API runtime_item_kind_t runtime_item_kind(const runtime_item_t *item);

/**
 * Tells the type of an import or export.
 *
 * @param item  The item, borrowed for the call; NULL is allowed.
 *
 * @return The type of a function, or the type that is named; borrowed, alive as long as `item`.
 *         NULL if the item has none, or if `item` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_type_t *runtime_item_type(const runtime_item_t *item);

/**
 * Tells which constructor a type has.
 *
 * @param type  The type, borrowed for the call; NULL is allowed.
 *
 * @return The kind; RUNTIME_KIND_NONE if `type` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API runtime_kind_t runtime_type_kind(const runtime_type_t *type);

/**
 * Counts the children of a type.
 *
 * @param type  The type, borrowed for the call; NULL is allowed.
 *
 * @return How many fields, cases, flags or parameters it has; 1 for a list or an option, 2 for a
 *         result, 0 for a type without parts, or if `type` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_type_len(const runtime_type_t *type);

/**
 * Tells the type of a child.
 *
 * @param type   The type, borrowed for the call; NULL is allowed.
 * @param index  Which child, from 0.
 *
 * @return The type of the field, parameter or element, or what the case carries; borrowed, alive
 *         as long as `type`. NULL if that child has no type, if there is no such child, or if
 *         `type` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_type_t *runtime_type_child(
    const runtime_type_t *type,
    size_t index);

/**
 * Tells the name of a child.
 *
 * @param type   The type, borrowed for the call; NULL is allowed.
 * @param index  Which child, from 0.
 *
 * @return The name of the field, case, flag or parameter, or `ok` and `err` for a result: UTF-8,
 *         NUL-terminated, borrowed, alive as long as `type`. NULL if that child has no name, if
 *         there is no such child, or if `type` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_type_child_name(
    const runtime_type_t *type,
    size_t index);

/**
 * Tells what a function gives.
 *
 * @param type  The type of a function, borrowed for the call; NULL is allowed.
 *
 * @return The type of its result; borrowed, alive as long as `type`. NULL if it gives nothing,
 *         if `type` is not a function, or if it is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_type_t *runtime_type_result(const runtime_type_t *type);

/**
 * Spells a type as WIT does.
 *
 * The text ends after 65536 bytes, with U+2026 where that is not all: a short component can
 * declare a type whose text no disk holds.
 *
 * @param type      The type, borrowed for the call.
 * @param[out] out  Receives the text, such as `list<u8>`, owned by the caller: release it with
 *                  runtime_bytes_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `type` or `out` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_type_text(
    const runtime_type_t *type,
    runtime_bytes_t **out);

/* Values --------------------------------------------------------------------------------------- */

/**
 * Releases the results of a call.
 *
 * @param values  The results, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, for different results.
 * @since 0.1
 */
RUNTIME_API void runtime_values_free(runtime_values_t *values);

/**
 * Points to the results.
 *
 * @param values  The results, borrowed for the call; NULL is allowed.
 *
 * @return The first of runtime_values_len() values; borrowed with everything they point to, and
 *         alive as long as `values`. NULL if there are none, or if `values` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_value_t *runtime_values_data(const runtime_values_t *values);

/**
 * Counts the results.
 *
 * @param values  The results, borrowed for the call; NULL is allowed.
 *
 * @return 1 for a value, or the result of a function that gives one; 0 if it gives nothing, or if
 *         `values` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API size_t runtime_values_len(const runtime_values_t *values);

/**
 * Reads a value from WAVE text, such as `{x: 1, tags: ["a", "b"]}`.
 *
 * This is the notation of runtime_function_call_text(), and what runtime_value_text() writes:
 * optional fields of a record may be left out, so may `some` and `ok` where that is not ambiguous,
 * fields and flags may stand in any order, and comments begin with `//`. Handles are not read:
 * text gives no right to what they stand for.
 *
 * @param type      The type of the value, borrowed for the call; the value does not refer to it.
 * @param text      The text, UTF-8, borrowed for the call.
 * @param text_len  Length of `text`.
 * @param[out] out  Receives the value, the only one in it, owned by the caller: release it with
 *                  runtime_values_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller, which tells line and column:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `type`, `text` or `out` is NULL, or if `text` is not
 *         UTF-8 or no WAVE,
 *         RUNTIME_ERROR_TYPE_MISMATCH if it spells a value of another type,
 *         RUNTIME_ERROR_UNSUPPORTED if there is text where the type has a resource, or if it is
 *         the type of a function,
 *         RUNTIME_ERROR_RESOURCE_LIMIT if the value takes more memory than 64 times its text and
 *         128 MiB, which a component can bring about by its types,
 *         RUNTIME_ERROR_IO if this thread has too little stack for it and no other can be had.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_value_parse(
    const runtime_type_t *type,
    const char *text,
    size_t text_len,
    runtime_values_t **out);

/**
 * Writes a value as WAVE text, for logs and tests.
 *
 * runtime_value_parse() reads it as the same value. Handles are the exception: they are written as
 * `own(7)` and `borrow(7)`, with their number, whoever's they are.
 *
 * @param type      The type of the value, borrowed for the call.
 * @param value     The value, borrowed for the call with everything it points to. It is checked as
 *                  an argument of a call is, but for handles, which may be any number.
 * @param[out] out  Receives the text, owned by the caller: release it with runtime_bytes_free().
 *                  Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `type`, `value` or `out` is NULL, or if the content of
 *         the value is unusable,
 *         RUNTIME_ERROR_TYPE_MISMATCH if it is a value of another type,
 *         RUNTIME_ERROR_UNSUPPORTED if it is the type of a function,
 *         RUNTIME_ERROR_RESOURCE_LIMIT if the text has more than 128 MiB,
 *         RUNTIME_ERROR_IO if this thread has too little stack for it and no other can be had.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_value_text(
    const runtime_type_t *type,
    const runtime_value_t *value,
    runtime_bytes_t **out);

/**
 * Compares two values of one type.
 *
 * They are equal if runtime_value_text() writes the same for both. So it does not matter whether a
 * list is a C array or one of values, nor how many words of flags are left out; every NaN equals
 * every other, as components do not tell them apart; 0.0 and -0.0 differ; and handles are equal if
 * their numbers are. Nothing limits the time, and what several parts point to is looked at for
 * each of them.
 *
 * @param type      The type of both, borrowed for the call.
 * @param a         One value, borrowed for the call with everything it points to; it is checked as
 *                  by runtime_value_text(), also where the answer is known before.
 * @param b         The other value, borrowed likewise.
 * @param[out] out  Receives whether they are equal, owned by the caller. Set to false on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `type`, `a`, `b` or `out` is NULL, or if the content
 *         of a value is unusable,
 *         RUNTIME_ERROR_TYPE_MISMATCH if one is a value of another type,
 *         RUNTIME_ERROR_UNSUPPORTED if it is the type of a function,
 *         RUNTIME_ERROR_IO if this thread has too little stack for it and no other can be had.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_value_equal(
    const runtime_type_t *type,
    const runtime_value_t *a,
    const runtime_value_t *b,
    bool *out);

/* Cancel tokens -------------------------------------------------------------------------------- */

/**
 * Makes a cancel token that has not been triggered.
 *
 * @param[out] out  Receives the token, owned by the caller: release it with
 *                  runtime_cancel_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_cancel_new(runtime_cancel_t **out);

/**
 * Releases a cancel token.
 *
 * @param cancel  The token, owned; NULL is allowed and does nothing. Calls in flight go on, and
 *                other handles to the token still cancel them.
 *
 * @threadsafe Yes, for different handles.
 * @since 0.1
 */
RUNTIME_API void runtime_cancel_free(runtime_cancel_t *cancel);

/**
 * Makes another handle to the same cancel token.
 *
 * @param cancel  The token, borrowed for the call; NULL is allowed.
 *
 * @return The handle, owned by the caller: release it with runtime_cancel_free(), in any order
 *         with the first. NULL if `cancel` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_cancel_t *runtime_cancel_clone(
    const runtime_cancel_t *cancel);

/**
 * Cancels every call that the token was or will be given to.
 *
 * Returns at once. The calls end with RUNTIME_ERROR_CANCELLED, at the latest after two ticks of
 * runtime_builder_epoch_tick(), whether the guest computes or waits. No other call notices.
 * Triggering again changes nothing.
 *
 * It is async-signal-safe: a signal handler may call it, whatever it interrupts. It takes no lock,
 * allocates nothing, and leaves errno alone.
 *
 * @param cancel  The token, borrowed for the call; NULL is allowed and does nothing. A handler
 *                must not meet one that is being released.
 *
 * @threadsafe Yes, and async-signal-safe.
 * @since 0.1
 */
RUNTIME_API void runtime_cancel_trigger(const runtime_cancel_t *cancel);

/**
 * Tells whether a cancel token was triggered.
 *
 * @param cancel  The token, borrowed for the call; NULL is allowed.
 *
 * @return true if it was; false if not, or if `cancel` is NULL.
 *
 * @threadsafe Yes, and async-signal-safe.
 * @since 0.1
 */
RUNTIME_API bool runtime_cancel_is_triggered(const runtime_cancel_t *cancel);

/* Output --------------------------------------------------------------------------------------- */

/**
 * Makes an output that holds nothing yet.
 *
 * @param cap       How many bytes of stdout to keep, and how many of stderr. The guest can print
 *                  more, which is dropped.
 * @param[out] out  Receives the output, owned by the caller: release it with
 *                  runtime_output_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL or `cap` is more than there can be.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_output_new(
    uint64_t cap,
    runtime_output_t **out);

/**
 * Releases an output.
 *
 * @param output  The output, owned; NULL is allowed and does nothing. Calls in flight go on.
 *
 * @threadsafe Yes, for different outputs.
 * @since 0.1
 */
RUNTIME_API void runtime_output_free(runtime_output_t *output);

/**
 * Sets whether an output collects what several calls print, such as the start of an instance and
 * the calls in it. Without, each call that it is given to empties it first.
 *
 * Empties it, so that a host that collects may begin anew. What the output keeps of each stream is
 * `cap` of runtime_output_new() for all calls together.
 *
 * @param output    The output, borrowed for the call; NULL is allowed and does nothing.
 * @param collects  Default false.
 *
 * @threadsafe Yes, while no call with it is in flight.
 * @since 0.1
 */
RUNTIME_API void runtime_output_collect(
    runtime_output_t *output,
    bool collects);

/**
 * Points to what the guest printed to stdout.
 *
 * A NUL byte that the length does not count always follows.
 *
 * @param output  The output, borrowed for the call; NULL is allowed.
 *
 * @return The first byte, borrowed from `output`: alive until the next call with it, until
 *         runtime_output_collect(), or until it is released. NULL if `output` is NULL, and only
 *         then.
 *
 * @threadsafe Yes, while no call with it is in flight.
 * @since 0.1
 */
RUNTIME_API const char *runtime_output_stdout(const runtime_output_t *output);

/**
 * Tells how many bytes runtime_output_stdout() points to.
 *
 * @param output  The output, borrowed for the call; NULL is allowed.
 *
 * @return The length without the NUL that follows; 0 if `output` is NULL.
 *
 * @threadsafe Yes, while no call with it is in flight.
 * @since 0.1
 */
RUNTIME_API size_t runtime_output_stdout_len(const runtime_output_t *output);

/**
 * Points to what the guest printed to stderr; otherwise as runtime_output_stdout().
 *
 * @param output  The output, borrowed for the call; NULL is allowed.
 *
 * @return The first byte, borrowed from `output`: alive until the next call with it, until
 *         runtime_output_collect(), or until it is released. NULL if `output` is NULL, and only
 *         then.
 *
 * @threadsafe Yes, while no call with it is in flight.
 * @since 0.1
 */
RUNTIME_API const char *runtime_output_stderr(const runtime_output_t *output);

/**
 * Tells how many bytes runtime_output_stderr() points to.
 *
 * @param output  The output, borrowed for the call; NULL is allowed.
 *
 * @return The length without the NUL that follows; 0 if `output` is NULL.
 *
 * @threadsafe Yes, while no call with it is in flight.
 * @since 0.1
 */
RUNTIME_API size_t runtime_output_stderr_len(const runtime_output_t *output);

/**
 * Tells whether the guest printed more to stdout or to stderr than was kept.
 *
 * @param output  The output, borrowed for the call; NULL is allowed.
 *
 * @return true if it did; false if not, or if `output` is NULL.
 *
 * @threadsafe Yes, while no call with it is in flight.
 * @since 0.1
 */
RUNTIME_API bool runtime_output_is_truncated(const runtime_output_t *output);

/* Functions ------------------------------------------------------------------------------------ */

/**
 * Releases a function.
 *
 * @param function  The function, owned; NULL is allowed and does nothing. Calls in flight go on.
 *
 * @threadsafe Yes, for different handles.
 * @since 0.1
 */
RUNTIME_API void runtime_function_free(runtime_function_t *function);

/**
 * Makes another handle to the same function.
 *
 * @param function  The function, borrowed for the call; NULL is allowed.
 *
 * @return The handle, owned by the caller: release it with runtime_function_free(), in any order
 *         with the first. NULL if `function` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_function_t *runtime_function_clone(
    const runtime_function_t *function);

/**
 * Tells the name of a function, with the version that its interface has.
 *
 * @param function  The function, borrowed for the call; NULL is allowed.
 *
 * @return UTF-8, NUL-terminated, borrowed, alive as long as `function`; the empty string if
 *         `function` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const char *runtime_function_name(const runtime_function_t *function);

/**
 * Tells the type of a function: its parameters and its result.
 *
 * @param function  The function, borrowed for the call; NULL is allowed.
 *
 * @return A type of RUNTIME_KIND_FUNCTION, borrowed, alive as long as `function`; NULL if
 *         `function` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API const runtime_type_t *runtime_function_type(const runtime_function_t *function);

/**
 * Calls a function in a fresh instance, on the calling thread.
 *
 * Arguments are checked against the function's type before the guest runs. Whatever the guest
 * does, the call returns: with its results, or with an error once it traps, exits, or meets a
 * limit.
 *
 * Resources among the arguments and in the result can be the host's own, by its numbers: see
 * runtime_linker_define_resource(). One that is passed to be owned stays the host's if the call
 * ends before the guest has it; `resources_taken` of runtime_call_report_t tells. Afterwards its
 * destructor runs when the guest drops it or the instance ends, unless it comes back in the
 * result.
 * Resources of guests need an instance: see runtime_instance_call().
 *
 * @param function  The function, borrowed for the call.
 * @param args      The arguments in order, borrowed for the call with everything they point to;
 *                  may be NULL if `args_len` is 0.
 * @param args_len  Number of arguments.
 * @param options   How to call, borrowed for the call; NULL means defaults.
 * @param[out] out  Receives the results, owned by the caller: release them with
 *                  runtime_values_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `function` or `out` is NULL, if `options` is
 *         unusable, or if a value is malformed,
 *         RUNTIME_ERROR_TYPE_MISMATCH if the arguments are not of the function's type,
 *         RUNTIME_ERROR_UNSUPPORTED if the function's type has values that this version cannot
 *         pass, or a resource of the guest in its result,
 *         RUNTIME_ERROR_TRAP, RUNTIME_ERROR_EXIT or RUNTIME_ERROR_STACK_OVERFLOW for what the
 *         guest did,
 *         RUNTIME_ERROR_TIMEOUT, RUNTIME_ERROR_MEMORY_LIMIT, RUNTIME_ERROR_RESOURCE_LIMIT,
 *         RUNTIME_ERROR_FUEL or RUNTIME_ERROR_INSTANCE_LIMIT for the limit that it met,
 *         RUNTIME_ERROR_CANCELLED if the token in `options` was triggered,
 *         what `interrupt` in `options` returned,
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_function_call(
    const runtime_function_t *function,
    const runtime_value_t *args,
    size_t args_len,
    const runtime_call_options_t *options,
    runtime_values_t **out);

/**
 * Calls a function in a fresh instance, with text in and out.
 *
 * For tools, tests and tinkering: the text is WAVE, the WebAssembly Value Encoding, in which
 * values look as in WIT: `greet("world")`, `add({x: 1, y: 2})`, `[1, 2]`, `some(3)`.
 *
 * @param function  The function, borrowed for the call.
 * @param text      The call with or without the function's name, such as `greet("world")` or
 *                  `("world")`. Borrowed for the call.
 * @param text_len  Length of `text`.
 * @param options   How to call, borrowed for the call; NULL means defaults.
 * @param[out] out  Receives the result as text, owned by the caller: release it with
 *                  runtime_bytes_free(). `()` if the function gives nothing. Set to NULL on
 *                  failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `function`, `text` or `out` is NULL, if `text` is not
 *         a call of this function, or if `options` is unusable,
 *         and as for runtime_function_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_function_call_text(
    const runtime_function_t *function,
    const char *text,
    size_t text_len,
    const runtime_call_options_t *options,
    runtime_bytes_t **out);

/**
 * Calls an exported function in a fresh instance, with text in and out.
 *
 * For tools, tests and tinkering; see runtime_function_call_text().
 *
 * @param component  The component, borrowed for the call.
 * @param text       The call with the function's name, such as `greet("world")`. Borrowed for
 *                   the call.
 * @param text_len   Length of `text`.
 * @param options    How to call, borrowed for the call; NULL means defaults.
 * @param[out] out   Receives the result as text, owned by the caller: release it with
 *                   runtime_bytes_free(). `()` if the function gives nothing. Set to NULL on
 *                   failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component`, `text` or `out` is NULL, if `text` is not
 *         a call, or if `options` is unusable,
 *         RUNTIME_ERROR_NOT_FOUND if the component exports no such function,
 *         and as for runtime_function_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_call_text(
    const runtime_component_t *component,
    const char *text,
    size_t text_len,
    const runtime_call_options_t *options,
    runtime_bytes_t **out);

/**
 * Starts a call of an exported function in a fresh instance with text in and out, on the runtime's
 * workers.
 *
 * As runtime_component_call_text() and runtime_function_call_text_async().
 *
 * @param component   The component, borrowed until it returns.
 * @param text        The call with the function's name, such as `greet("world")`. Copied.
 * @param text_len    Length of `text`.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered, a string. Otherwise an
 *         error owned by the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `text` is NULL, or if `text` is not a
 *         call,
 *         RUNTIME_ERROR_NOT_FOUND if the component exports no such function,
 *         and as for runtime_function_call_text_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_call_text_async(
    const runtime_component_t *component,
    const char *text,
    size_t text_len,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/**
 * Runs a command: a component that exports `run` of wasi:cli, as programs with a `main` do.
 *
 * It runs in a fresh instance, on the calling thread. Arguments, environment and streams come
 * from the runtime_sandbox_t that it was loaded with. Exiting with a status other than 0 is not
 * an error of this function; trapping is.
 *
 * @param component        The component, borrowed for the call.
 * @param options          How to call, borrowed for the call; NULL means defaults.
 * @param[out] status_out  Receives the status, from 0 to 255; owned by the caller. Programs built
 *                         for WASI before 0.2.12 have 0 and 1 only. Set to 0 on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `status_out` is NULL, or if `options`
 *         is unusable,
 *         RUNTIME_ERROR_NOT_FOUND if the component is not a command,
 *         and as for runtime_function_call(), except RUNTIME_ERROR_EXIT.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_run(
    const runtime_component_t *component,
    const runtime_call_options_t *options,
    int32_t *status_out);

/**
 * Starts a command on the runtime's workers.
 *
 * As runtime_component_run() and runtime_function_call_async().
 *
 * @param component   The component, borrowed until it returns.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered, the status as an s32 from 0
 *         to 255. Otherwise an error owned by the caller, nothing was started, and `callback` is
 *         not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` is NULL,
 *         RUNTIME_ERROR_NOT_FOUND if the component is not a command,
 *         and as for runtime_function_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_component_run_async(
    const runtime_component_t *component,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/* Asynchronous calls --------------------------------------------------------------------------- */

/**
 * Starts a call of a function in a fresh instance, on the runtime's workers.
 *
 * Returns at once; any number of calls may be on their way, and one that waits takes no thread.
 * Arguments are checked and copied before it returns. In all else the call is as one by
 * runtime_function_call(). Only the token in `options` cancels it: releasing the function, the
 * component, the runtime or the pending call leaves it alone.
 *
 * @param function    The function, borrowed until it returns.
 * @param args        The arguments in order, copied with everything they point to; may be NULL if
 *                    `args_len` is 0.
 * @param args_len    Number of arguments.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered. Otherwise an error owned by
 *         the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `function` or `completion` is NULL, if `completion`
 *         has neither `callback` nor `pending_out`, if `options` is unusable, or if a value is
 *         malformed,
 *         RUNTIME_ERROR_TYPE_MISMATCH if the arguments are not of the function's type,
 *         RUNTIME_ERROR_UNSUPPORTED if the function's type has values that this version cannot
 *         pass, or a resource of the guest in its result, or if its component was loaded for
 *         blocking calls only,
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_function_call_async(
    const runtime_function_t *function,
    const runtime_value_t *args,
    size_t args_len,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/**
 * Starts a call of a function in a fresh instance with text in and out, on the runtime's workers.
 *
 * As runtime_function_call_text() and runtime_function_call_async().
 *
 * @param function    The function, borrowed until it returns.
 * @param text        The call with or without the function's name, such as `greet("world")` or
 *                    `("world")`. Copied.
 * @param text_len    Length of `text`.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered, a string, which is `()` if
 *         the function gives nothing; it is written when the guest is done, and the call's limit
 *         on time does not count that. Otherwise an error owned by the caller, nothing was
 *         started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `function` or `text` is NULL, or if `text` is not a
 *         call of this function,
 *         and as for runtime_function_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_function_call_text_async(
    const runtime_function_t *function,
    const char *text,
    size_t text_len,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/**
 * Releases an asynchronous call or load.
 *
 * @param pending  The call or load, owned; NULL is allowed and does nothing. What is on its way
 *                 goes on, and its callback is called; without one its outcome is lost: resources
 *                 of the host that a guest gave back in it are dropped by their destructors.
 *
 * @threadsafe Yes, while no other thread waits with the same handle.
 * @since 0.1
 */
RUNTIME_API void runtime_pending_free(runtime_pending_t *pending);

/**
 * Waits for the end of an asynchronous call and takes its outcome.
 *
 * Of several waits one is given the outcome. If the call has a callback, that has the outcome, and
 * every wait ends when callback and finalizer have returned, with NULL for error and results.
 *
 * @param pending     The call, borrowed for the call.
 * @param timeout_ms  Milliseconds to wait at most; 0 does not wait, UINT64_MAX waits for ever.
 * @param[out] out    Receives the results, owned by the caller: release them with
 *                    runtime_values_free(). Set to NULL on failure.
 *
 * @return NULL if the call gave results or has a callback, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `pending` or `out` is NULL, or if `pending` is not a
 *         call,
 *         RUNTIME_ERROR_TIMEOUT if the call goes on; unlike a call that itself ran out of time, it
 *         is not done then, as runtime_pending_is_done() tells,
 *         RUNTIME_ERROR_NOT_FOUND if an earlier wait was given the outcome,
 *         RUNTIME_ERROR_BUSY from within the call's own callback,
 *         RUNTIME_ERROR_FORKED in a fork of the process that started the call,
 *         and why the call failed, as for runtime_function_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_pending_wait(
    const runtime_pending_t *pending,
    uint64_t timeout_ms,
    runtime_values_t **out);

/**
 * Waits for the end of an asynchronous load and takes the component.
 *
 * As runtime_pending_wait() for a call: of several waits one is given the outcome, and if the load
 * has a callback, every wait ends when callback and finalizer have returned, with NULL for error
 * and component.
 *
 * @param pending     The load, borrowed for the call.
 * @param timeout_ms  Milliseconds to wait at most; 0 does not wait, UINT64_MAX waits for ever.
 * @param[out] out    Receives the component, owned by the caller: release it with
 *                    runtime_component_free(). Set to NULL on failure.
 *
 * @return NULL if the load gave a component or has a callback, otherwise an error owned by the
 *         caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `pending` or `out` is NULL, or if `pending` is not a
 *         load,
 *         RUNTIME_ERROR_TIMEOUT if the load goes on; unlike a load that itself ran out of time, it
 *         is not done then, as runtime_pending_is_done() tells,
 *         RUNTIME_ERROR_NOT_FOUND if an earlier wait was given the outcome,
 *         RUNTIME_ERROR_BUSY from within the load's own callback,
 *         RUNTIME_ERROR_FORKED in a fork of the process that started the load,
 *         and why the load failed, as for runtime_component_new().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_pending_wait_component(
    const runtime_pending_t *pending,
    uint64_t timeout_ms,
    runtime_component_t **out);

/**
 * Waits for an instance that runtime_instance_new_async() started, and takes it.
 *
 * As runtime_pending_wait() for a call: of several waits one is given the outcome, and if there is
 * a callback, every wait ends when callback and finalizer have returned, with NULL for error and
 * instance.
 *
 * @param pending     The instance on its way, borrowed for the call.
 * @param timeout_ms  Milliseconds to wait at most; 0 does not wait, UINT64_MAX waits for ever.
 * @param[out] out    Receives the instance, owned by the caller: release it with
 *                    runtime_instance_free(). Set to NULL on failure.
 *
 * @return NULL if there is an instance or a callback, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `pending` or `out` is NULL, or if `pending` is a call
 *         or a load,
 *         RUNTIME_ERROR_TIMEOUT if it goes on; it is not done then, as runtime_pending_is_done()
 *         tells,
 *         RUNTIME_ERROR_NOT_FOUND if an earlier wait was given the outcome,
 *         RUNTIME_ERROR_BUSY from within its own callback,
 *         RUNTIME_ERROR_FORKED in a fork of the process that started it,
 *         and why it could not be made, as for runtime_instance_new().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_pending_wait_instance(
    const runtime_pending_t *pending,
    uint64_t timeout_ms,
    runtime_instance_t **out);

/**
 * Tells whether an asynchronous call or load has ended, or an instance been made.
 *
 * @param pending  The call or load, borrowed for the call; NULL is allowed.
 *
 * @return true once it has ended and its callback and finalizer, if any, have returned;
 *         false before, or if `pending` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API bool runtime_pending_is_done(const runtime_pending_t *pending);

/* Instances ------------------------------------------------------------------------------------ */

/**
 * Makes an instance of a component.
 *
 * What the guest does at its start is part of this call, and held to its options and limits.
 *
 * @param component  The component, borrowed for the call; the instance keeps its own reference,
 *                   so either may be freed first.
 * @param options    How to run the guest's start, borrowed for the call; NULL means defaults.
 *                   They do not hold for later calls.
 * @param[out] out   Receives the instance, owned by the caller: release it with
 *                   runtime_instance_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL, or if `options` is
 *         unusable,
 *         and what the guest did or which limit it met, as for runtime_function_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_new(
    const runtime_component_t *component,
    const runtime_call_options_t *options,
    runtime_instance_t **out);

/**
 * Releases an instance.
 *
 * @param instance  The instance, owned; NULL is allowed and does nothing. A call in it goes on,
 *                  also if another thread made it and waits for it, and the instance ends with
 *                  that call.
 *
 * @threadsafe Yes, while no other thread begins to use the same handle.
 * @since 0.1
 */
RUNTIME_API void runtime_instance_free(runtime_instance_t *instance);

/**
 * Calls a function in an instance, on the calling thread.
 *
 * As runtime_function_call(), except that the guest finds what earlier calls left behind.
 *
 * @param instance  The instance, borrowed for the call.
 * @param function  A function of the component that the instance was made of, borrowed for the
 *                  call.
 * @param args      The arguments in order, borrowed for the call with everything they point to;
 *                  may be NULL if `args_len` is 0.
 * @param args_len  Number of arguments.
 * @param options   How to call, borrowed for the call; NULL means defaults.
 * @param[out] out  Receives the results, owned by the caller: release them with
 *                  runtime_values_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `instance`, `function` or `out` is NULL, if
 *         `function` belongs to another component, if `options` is unusable, or if a value is
 *         malformed,
 *         RUNTIME_ERROR_BUSY while another call is in the instance,
 *         RUNTIME_ERROR_POISONED after a call failed in the instance; the message says how,
 *         and as for runtime_function_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_call(
    const runtime_instance_t *instance,
    const runtime_function_t *function,
    const runtime_value_t *args,
    size_t args_len,
    const runtime_call_options_t *options,
    runtime_values_t **out);

/**
 * Calls a function in an instance, with text in and out.
 *
 * For tools, tests and tinkering; see runtime_function_call_text().
 *
 * @param instance  The instance, borrowed for the call.
 * @param function  A function of the component that the instance was made of, borrowed for the
 *                  call.
 * @param text      The call with or without the function's name, such as `add(1, 2)` or `(1, 2)`.
 *                  Borrowed for the call.
 * @param text_len  Length of `text`.
 * @param options   How to call, borrowed for the call; NULL means defaults.
 * @param[out] out  Receives the result as text, owned by the caller: release it with
 *                  runtime_bytes_free(). `()` if the function gives nothing. Set to NULL on
 *                  failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `instance`, `function`, `text` or `out` is NULL, if
 *         `text` is not a call of this function, or if `options` is unusable,
 *         and as for runtime_instance_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_call_text(
    const runtime_instance_t *instance,
    const runtime_function_t *function,
    const char *text,
    size_t text_len,
    const runtime_call_options_t *options,
    runtime_bytes_t **out);

/**
 * Runs a command in an instance, on the calling thread: see runtime_component_run().
 *
 * The guest finds what earlier calls left behind, and leaves something behind. A command that ends
 * by exiting, with whatever status, stops in the midst of what it did: every later call in the
 * instance is RUNTIME_ERROR_POISONED then.
 *
 * @param instance         The instance, borrowed for the call.
 * @param options          How to call, borrowed for the call; NULL means defaults.
 * @param[out] status_out  Receives the status, from 0 to 255; owned by the caller. Set to 0 on
 *                         failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `instance` or `status_out` is NULL, or if `options` is
 *         unusable,
 *         RUNTIME_ERROR_NOT_FOUND if its component is not a command,
 *         and as for runtime_instance_call(), except RUNTIME_ERROR_EXIT.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_run(
    const runtime_instance_t *instance,
    const runtime_call_options_t *options,
    int32_t *status_out);

/**
 * Tells whether a call failed in an instance, so that it takes no more.
 *
 * @param instance  The instance, borrowed for the call; NULL is allowed.
 *
 * @return true if so; false if not, or if `instance` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API bool runtime_instance_is_poisoned(const runtime_instance_t *instance);

/**
 * Starts making an instance, on the runtime's workers.
 *
 * As runtime_instance_new() and runtime_function_call_async().
 *
 * @param component   The component, borrowed until it returns.
 * @param options     How to run the guest's start, copied; NULL means defaults. They do not hold
 *                    for later calls. Its `report` must live until the instance has been made.
 * @param completion  What to do then, copied; its `user_data` is owned by the library from here
 *                    on, and released also when starting fails, unless `struct_size` is not set.
 *
 * @return NULL if it was started: then the instance, or why there is none, is delivered. Otherwise
 *         an error owned by the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` is NULL,
 *         and as for runtime_function_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_new_async(
    const runtime_component_t *component,
    const runtime_call_options_t *options,
    const runtime_instance_completion_t *completion);

/**
 * Starts a call of a function in an instance, on the runtime's workers.
 *
 * As runtime_function_call_async(), except that the guest finds what earlier calls left behind.
 * The instance is busy from here on until the call has ended; the callback may call it again.
 *
 * @param instance    The instance, borrowed until it returns. It may be freed meanwhile.
 * @param function    A function of the component that the instance was made of, borrowed until it
 *                    returns.
 * @param args        The arguments in order, copied with everything they point to; may be NULL if
 *                    `args_len` is 0.
 * @param args_len    Number of arguments.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered. Otherwise an error owned by
 *         the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `instance` is NULL or if `function` belongs to another
 *         component,
 *         RUNTIME_ERROR_BUSY while another call is in the instance,
 *         RUNTIME_ERROR_POISONED after a call failed in the instance; the message says how,
 *         and as for runtime_function_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_call_async(
    const runtime_instance_t *instance,
    const runtime_function_t *function,
    const runtime_value_t *args,
    size_t args_len,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/**
 * Starts a call of a function in an instance with text in and out, on the runtime's workers.
 *
 * As runtime_instance_call_text() and runtime_instance_call_async().
 *
 * @param instance    The instance, borrowed until it returns. It may be freed meanwhile.
 * @param function    A function of the component that the instance was made of, borrowed until it
 *                    returns.
 * @param text        The call with or without the function's name, such as `add(1, 2)` or
 *                    `(1, 2)`. Copied.
 * @param text_len    Length of `text`.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered, a string. Otherwise an
 *         error owned by the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `text` is NULL or not a call of this function,
 *         and as for runtime_instance_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_call_text_async(
    const runtime_instance_t *instance,
    const runtime_function_t *function,
    const char *text,
    size_t text_len,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/**
 * Starts to drop a resource of a guest that the host owns, on the runtime's workers.
 *
 * As runtime_instance_drop_resource() and runtime_instance_call_async().
 *
 * @param instance    The instance that the resource is of, borrowed until it returns.
 * @param handle      The number in `of.resource` of the result.
 * @param options     How to run the destructor, copied; NULL means defaults. Its `report` must
 *                    live until the call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered, without values. Otherwise
 *         an error owned by the caller, nothing was started, and `callback` is not called:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `handle` is of another instance, was dropped or was
 *         given away,
 *         and as for runtime_instance_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_drop_resource_async(
    const runtime_instance_t *instance,
    uint64_t handle,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/**
 * Starts a command in an instance, on the runtime's workers.
 *
 * As runtime_instance_run() and runtime_instance_call_async().
 *
 * @param instance    The instance, borrowed until it returns. It may be freed meanwhile.
 * @param options     How to call, copied; NULL means defaults. Its `report` must live until the
 *                    call has ended.
 * @param completion  What to do when the call ends, copied; its `user_data` is owned by the
 *                    library from here on, and released also when starting fails, unless
 *                    `struct_size` is not set.
 *
 * @return NULL if the call was started: then its outcome is delivered, the status as an s32 from 0
 *         to 255. Otherwise an error owned by the caller, nothing was started, and `callback` is
 *         not called:
 *         RUNTIME_ERROR_NOT_FOUND if its component is not a command,
 *         and as for runtime_instance_call_async().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_run_async(
    const runtime_instance_t *instance,
    const runtime_call_options_t *options,
    const runtime_completion_t *completion);

/* Linkers -------------------------------------------------------------------------------------- */

/**
 * Makes a linker that provides nothing.
 *
 * @param[out] out  Receives the linker, owned by the caller: release it with
 *                  runtime_linker_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `out` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_linker_new(runtime_linker_t **out);

/**
 * Releases a linker.
 *
 * @param linker  The linker, owned; NULL is allowed and does nothing. Components that were loaded
 *                with it go on, and keep the callbacks and their `user_data`.
 *
 * @threadsafe Yes, for different linkers.
 * @since 0.1
 */
RUNTIME_API void runtime_linker_free(runtime_linker_t *linker);

/**
 * Defines a function that components may import.
 *
 * WASI comes without being defined. A definition here takes the place of that one function, for
 * every version of WASI 0.2 that a component imports; the rest of WASI stays as it is.
 *
 * VERSIONS. A component that imports the very name that is defined gets this definition. Otherwise
 * it gets the newest of those that are defined for a compatible version of the interface and have
 * the type that it imports. Compatible is what Semantic Versioning calls so, in both directions:
 * 1.0.0 serves 1.2.3, and 0.2.0 serves 0.2.6; but not 1 of 2, nor 0.2 of 0.3, and only itself of
 * 0.0.x and of a pre-release. runtime_component_import_definition() tells what became of it.
 *
 * TYPES. A component whose import has another type than the definition says is refused with
 * RUNTIME_ERROR_LINK, which names both, with their versions; so `callback` only ever gets
 * arguments of the type that it is written for. Without a type in `path` it gets what the
 * component imports, and must look at the kind of each value before it uses it; all versions of
 * such a function that one component imports must have one type. Which of the host's resources a
 * handle stands for, runtime_component_resource_definition() tells. In a type, `own<cart>` and
 * `borrow<cart>` mean the resource of that name that the host defines in the same interface, or
 * else in another one; `own<acme:shop/carts@1.0.0#cart>` says which.
 *
 * @param linker     The linker, borrowed for the call.
 * @param path       What the function is called: `acme:shop/prices@1.0.0#lookup`, or only `lookup`
 *                   for one that a world imports itself, or `outer#inner#lookup` for one in an
 *                   interface within an interface. Methods have the names of the component model:
 *                   `acme:shop/carts@1.0.0#[method]cart.add`, `#[constructor]cart`,
 *                   `#[static]cart.merge`. `: ` and the type that `callback` is written for should
 *                   follow, as runtime_type_text() spells it, with the names of parameters:
 *                   `lookup: func(name: string) -> u32`. Types are compared by their structure, so
 *                   spaces do not count. Borrowed for the call.
 * @param path_len   Length of `path`.
 * @param callback   The function.
 * @param user_data  Passed to `callback`. Owned by the library from here on, whatever happens; may
 *                   be NULL.
 * @param finalizer  Runs once with `user_data`, when the linker, every component that was loaded
 *                   with it, and all that keeps those are released; or when this function fails.
 *                   NULL if there is nothing to release.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `linker`, `path` or `callback` is NULL, if no
 *         component could import `path`, since a name in it is not one that WIT allows or a `#` is
 *         missing, if what follows it is not the type of a function, or if it is defined already.
 *
 * @threadsafe No: one thread at a time for each linker.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_linker_define(
    runtime_linker_t *linker,
    const char *path,
    size_t path_len,
    runtime_host_fn_t callback,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Defines a type of resource that components may import.
 *
 * Of a resource of the host a guest sees a handle, and the host the number that it chose. The
 * functions of the resource are defined like any others, by runtime_linker_define(). A component
 * that imports a compatible version gets the newest one that is defined, as of a function. Where
 * one interface defines a resource and functions, these are only ever given that resource: a
 * component cannot pass them one of another version.
 *
 * @param linker      The linker, borrowed for the call.
 * @param path        What the resource is called: `acme:shop/carts@1.0.0#cart`, or only `cart` for
 *                    one that a world imports itself. Borrowed for the call.
 * @param path_len    Length of `path`.
 * @param destructor  Runs for each resource of this type that a guest was given to own and does
 *                    not own any more. NULL if there is nothing to do then.
 * @param user_data   Passed to `destructor`. Owned by the library from here on, whatever happens;
 *                    may be NULL.
 * @param finalizer   Runs once with `user_data`, as for runtime_linker_define(). NULL if there is
 *                    nothing to release.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `linker` or `path` is NULL, if no component could
 *         import a resource of that name, or if it is defined already.
 *
 * @threadsafe No: one thread at a time for each linker.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_linker_define_resource(
    runtime_linker_t *linker,
    const char *path,
    size_t path_len,
    runtime_resource_drop_fn_t destructor,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Lets components load although nobody provides some of their imports.
 *
 * By default they are refused, with RUNTIME_ERROR_LINK. For guests that import more than they
 * use: a guest that calls such an import traps there.
 *
 * @param linker  The linker, borrowed for the call; NULL is allowed and does nothing.
 *
 * @threadsafe No: one thread at a time for each linker.
 * @since 0.1
 */
RUNTIME_API void runtime_linker_unresolved_trap(runtime_linker_t *linker);

/**
 * Defines functions that components may import: all of an array, or none.
 *
 * Each is defined as by runtime_linker_define(), with one `user_data` for all of them and one
 * finalizer, so that the functions of a host can stand in a static table:
 *
 *     static const runtime_definition_t table[] = {
 *         {sizeof *table, "acme:shop/prices@1.0.0#lookup: func(name: string) -> u32", 0, lookup},
 *         {sizeof *table, "acme:shop/prices@1.0.0#count: func() -> u64", 0, count},
 *     };
 *     error = runtime_linker_define_all(linker, table, 2, shop, shop_free);
 *
 * @param linker           The linker, borrowed for the call.
 * @param definitions      The functions, borrowed for the call. May be NULL if `definitions_len`
 *                         is 0.
 * @param definitions_len  How many there are.
 * @param user_data        Passed to each callback. Owned by the library from here on, whatever
 *                         happens; may be NULL.
 * @param finalizer        Runs once with `user_data`, when the linker, every component that was
 *                         loaded with it, and all that keeps those are released; or when this
 *                         function fails. NULL if there is nothing to release.
 *
 * @return NULL on success, otherwise an error owned by the caller, and none of them is defined:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `linker` or `definitions` is NULL, if a `struct_size`
 *         is not that of the first; or as runtime_linker_define() for one of them, also where two
 *         are the same. The message then begins with its place, such as `definitions[3]`, and so
 *         does `argument` of runtime_error_details(), such as `definitions[3].path`.
 *
 * @threadsafe No: one thread at a time for each linker.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_linker_define_all(
    runtime_linker_t *linker,
    const runtime_definition_t *definitions,
    size_t definitions_len,
    void *user_data,
    runtime_finalizer_t finalizer);

/**
 * Has the exports of a component serve the imports of others: of all components that are loaded
 * with the linker from then on.
 *
 * WHAT. The functions in the interfaces that `provider` exports, under the names of these
 * interfaces; what it exports outside of an interface serves nobody. They are definitions like
 * those of runtime_linker_define() with their types: compatible versions are served as there, and
 * types are compared when a component is loaded. Values are copied from one instance to the other.
 * Resources, streams and futures are not passed: a component that imports such a function, or a
 * resource, from the provider is RUNTIME_ERROR_LINK, and other functions of that interface serve
 * it all the same.
 *
 * INSTANCES. The first call of a provider within a call of the host's makes an instance of it,
 * further ones within the same call find the state that it has then, and when the host's call is
 * over the instance is gone, also where the host keeps the instance that it calls
 * (runtime_instance_new()), or instances are used again (runtime_component_reuse_t). It never
 * serves two calls of the host, nor two instances. It is one of `max_components`
 * (runtime_builder_max_components()), and is waited for as any other. Where none can become free,
 * because all are of calls that wait for a provider's, the call is RUNTIME_ERROR_INSTANCE_LIMIT at
 * once; so it is where the provider may have few instances (`max_instances` of
 * runtime_component_limits_t), all of them are in calls, and this call has one of another such
 * provider. It has the limits of its own component on memory and the like, and the sandbox that
 * the provider was loaded with: what it prints goes where that says, and into `output` of the
 * host's call (runtime_call_options_t) if that captures.
 *
 * CALLS. A call of a provider is a part of the host's: it has the rest of its time, its cancel
 * token, its `interrupt` and the rest of its fuel, whatever the options of the provider say; it
 * runs on the same thread or worker, and functions of the host that the provider calls find the
 * context of the host's call. It counts in runtime_stats() as a call. Where it fails, the guest
 * that called it is ended too, and the host gets an error with the same code that names import and
 * provider, with the provider's stack; a provider that ends itself is RUNTIME_ERROR_TRAP. What a
 * function of the host says by RUNTIME_ERROR_HOST stays as it is.
 *
 * CHAINS. A provider may be served by others in turn. A component is linked before it can provide,
 * so they never come to a circle; more than 32 of them in a row, or than
 * runtime_builder_max_call_depth() allows, are RUNTIME_ERROR_LINK. Within a call they count for
 * that setting like calls by callbacks.
 *
 * A provider that was loaded for blocking calls only serves components that were as well, and on
 * the caller's stack needs what their calls need. Both are of one runtime; otherwise loading is
 * RUNTIME_ERROR_LINK.
 *
 * @param linker    The linker, borrowed for the call.
 * @param provider  The component. Borrowed for the call; the linker, and each component that it
 *                  serves, keep what they need of it, and of its runtime, so it may be freed at
 *                  any time.
 * @param options   Which of its interfaces, and their names. Borrowed for the call. NULL for
 *                  defaults.
 *
 * @return NULL on success, otherwise an error owned by the caller, and nothing has changed:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `linker` or `provider` is NULL, if something is
 *         defined already that `provider` would define, or if `options` says something impossible;
 *         RUNTIME_ERROR_LINK if `provider` was loaded without being linked; RUNTIME_ERROR_SHUTDOWN
 *         if its runtime was shut down; RUNTIME_ERROR_NOT_FOUND, with those that are there, if it
 *         exports no such interface, or none at all with a function or resource in it.
 *
 * @threadsafe No: one thread at a time for each linker. Any number may use `provider`.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_linker_component(
    runtime_linker_t *linker,
    const runtime_component_t *provider,
    const runtime_provider_options_t *options);

/* Host functions ------------------------------------------------------------------------------- */

/**
 * Gives memory for the results of a host function.
 *
 * The library releases it when it has read the results.
 *
 * @param call   The call, borrowed for the call; NULL is allowed.
 * @param size   How many bytes. May be 0.
 * @param align  Their alignment: a power of two, such as `alignof(runtime_value_t)`.
 *
 * @return The memory, all zero, borrowed: it lives until the results have been read. NULL if
 *         `call` is NULL, if `align` is not a power of two, or if there is no memory.
 *
 * @threadsafe No: one thread at a time for each call.
 * @since 0.1
 */
RUNTIME_API void *runtime_call_alloc(
    runtime_call_t *call,
    size_t size,
    size_t align);

/**
 * Gives the pointer that the caller attached to its call.
 *
 * @param call  The call, borrowed for the call; NULL is allowed.
 *
 * @return The `context` in the runtime_call_options_t of the call that led here, borrowed from its
 *         caller, in whose hands its lifetime is. NULL if it has none, or if `call` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API void *runtime_call_context(const runtime_call_t *call);

/**
 * Tells which component the guest that calls is an instance of: the one that the host has called,
 * or one that provides for it (runtime_linker_component()).
 *
 * @param call  The call, borrowed for the call; NULL is allowed.
 *
 * @return What runtime_component_id() answers for that component; 0 if `call` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API uint64_t runtime_call_component_id(const runtime_call_t *call);

/**
 * Tells how much time the call has left.
 *
 * @param call  The call, borrowed for the call; NULL is allowed.
 *
 * @return Milliseconds, rounded down; 0 if there are none left, or if `call` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API uint64_t runtime_call_remaining_ms(const runtime_call_t *call);

/**
 * Tells whether the call was cancelled or has run out of time.
 *
 * A host function that takes long asks now and then, and returns when it is so. What it returns
 * then hardly matters: the guest is stopped soon afterwards.
 *
 * @param call  The call, borrowed for the call; NULL is allowed.
 *
 * @return true if so; false if not, or if `call` is NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API bool runtime_call_is_cancelled(const runtime_call_t *call);

/**
 * Lets a host function answer later, from any thread.
 *
 * The callback then returns NULL, without results, and the guest waits for
 * runtime_reply_complete(); a thread that waits is its caller's, and a call on the workers takes
 * none. The call's deadline and its token hold while it waits. `args` are gone when the callback
 * returns, so what the answer depends on has to be copied before. An error that the callback
 * returns all the same is its answer, and the reply goes nowhere.
 *
 * @param call      The call, borrowed for the call.
 * @param[out] out  Receives the reply, owned by the caller, who answers by it with
 *                  runtime_reply_complete(), or gives up with runtime_reply_free(). Set to NULL on
 *                  failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `call` or `out` is NULL, or if it was deferred before.
 *
 * @threadsafe No: one thread at a time for each call.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_call_defer(
    runtime_call_t *call,
    runtime_reply_t **out);

/**
 * Answers for a host function that deferred its answer, and the guest goes on.
 *
 * Returns at once. If the call is over by then, because it was cancelled or ran out of time, the
 * answer goes nowhere, and the destructors of the owned resources of the host in it run.
 *
 * @param reply        The reply, owned, and gone afterwards. NULL is allowed; `error` is released
 *                     all the same.
 * @param results      The results, as a callback fills them in, copied with everything they point
 *                     to; may be NULL if `results_len` is 0. Not looked at if `error` is not NULL.
 *                     What is wrong with them is an error of the guest's caller.
 * @param results_len  1, or 0 if the function gives nothing.
 * @param error        Why there are no results, owned by the library from here on, as if the
 *                     callback had returned it; NULL if there are.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API void runtime_reply_complete(
    runtime_reply_t *reply,
    const runtime_value_t *results,
    size_t results_len,
    runtime_error_t *error);

/**
 * Gives up on an answer: the guest's call ends with RUNTIME_ERROR_HOST.
 *
 * @param reply  The reply, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, for different replies.
 * @since 0.1
 */
RUNTIME_API void runtime_reply_free(runtime_reply_t *reply);

/* Resources ------------------------------------------------------------------------------------ */

/**
 * Drops a resource of a guest that the host owns, which runs the guest's destructor for it.
 *
 * A result of runtime_instance_call() that is owned hands a resource over to the host: the guest
 * keeps it for the host until it is dropped here, or passed to a function that takes it owned.
 * The number is good for that one instance and only until then; any other number is an error. What
 * the host still owns when the instance ends, ends with it, without running its destructor.
 *
 * @param instance  The instance that the resource is of, borrowed for the call.
 * @param handle    The number in `of.resource` of the result.
 * @param options   How to run the destructor, borrowed for the call; NULL means defaults.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `instance` is NULL, if `options` is unusable, or if
 *         `handle` is of another instance, was dropped or was given away; nothing happened then,
 *         RUNTIME_ERROR_BUSY while a call is in the instance,
 *         RUNTIME_ERROR_POISONED after a call failed in the instance,
 *         and what the guest did or which limit it met, as for runtime_function_call().
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_instance_drop_resource(
    const runtime_instance_t *instance,
    uint64_t handle,
    const runtime_call_options_t *options);

/* HTTP ----------------------------------------------------------------------------------------- */

/**
 * Tells why HTTP failed.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return The reason if the code is RUNTIME_ERROR_HTTP; otherwise, and for NULL,
 *         RUNTIME_HTTP_ERROR_NONE.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API runtime_http_error_t runtime_error_http(const runtime_error_t *error);

/**
 * Tells with which status to answer an HTTP client whose request failed so.
 *
 * A guest that failed is 500; one for which there was no room, or that was given up, 503; one that
 * took too long, 504;
 * a request that is not one, 400; what a guest says of a server behind it, 502 or 504.
 *
 * @param error  The error, borrowed for the call; NULL is allowed.
 *
 * @return 400, 500, 502, 503 or 504; 0 for NULL.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API uint64_t runtime_error_http_status(const runtime_error_t *error);

/**
 * Looks up what handles HTTP requests in a component.
 *
 * Any version 0.2 of wasi:http will do. A component may import wasi:http/outgoing-handler as well;
 * each request that it makes itself is denied (`HTTP-request-denied`).
 *
 * @param component  The component, borrowed for the call; the handler keeps its own reference.
 * @param[out] out   Receives the handler, owned by the caller: release it with
 *                   runtime_http_handler_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `component` or `out` is NULL,
 *         RUNTIME_ERROR_NOT_FOUND if the component does not export
 *         `wasi:http/incoming-handler`@0.2,
 *         RUNTIME_ERROR_TYPE_MISMATCH if what it exports by that name is something else,
 *         RUNTIME_ERROR_UNSUPPORTED if it exports a handler of wasi:http 0.3 only, or if this
 *         library was built without its feature `http`.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_handler_new(
    const runtime_component_t *component,
    runtime_http_handler_t **out);

/**
 * Releases a handler.
 *
 * @param handler  The handler, owned; NULL is allowed and does nothing. Exchanges go on.
 *
 * @threadsafe Yes, for different handles.
 * @since 0.1
 */
RUNTIME_API void runtime_http_handler_free(runtime_http_handler_t *handler);

/**
 * Begins to have a request handled. Nothing of it runs yet.
 *
 * Each exchange has a fresh instance, unless its component reuses instances: see `reuse` in
 * runtime_component_options_t.
 *
 *     runtime_http_request_t request = RUNTIME_HTTP_REQUEST_INIT;
 *     request.authority = "example.com", request.authority_len = 11;
 *     runtime_http_exchange_t *it = NULL;
 *     const runtime_http_response_t *head = NULL;
 *     runtime_error_t *error = runtime_http_exchange_new(handler, &request, NULL, &it);
 *     if (!error) error = runtime_http_exchange_response(it, &head);
 *     if (!error) send_head(client, head);
 *     for (bool end = false; !error && !end;) {
 *       const uint8_t *data;
 *       size_t len;
 *       error = runtime_http_exchange_read(it, &data, &len, &end);
 *       if (!error) send_body(client, data, len);
 *     }
 *     if (error) reset(client);
 *     runtime_error_free(error);
 *     runtime_http_exchange_free(it);
 *
 * @param handler   The handler, borrowed for the call; the exchange keeps its own reference.
 * @param request   The request, borrowed for the call with everything it points to.
 * @param options   How to call, borrowed for the call; NULL means defaults. They hold for the
 *                  whole exchange: `timeout_ms` from here to the guest's end. Its `report` is
 *                  written when the exchange is released; what it, `context` and
 *                  `interrupt_user_data` point to must live until then.
 * @param[out] out  Receives the exchange, owned by the caller: release it with
 *                  runtime_http_exchange_free(). Set to NULL on failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `handler`, `request` or `out` is NULL, if `options` is
 *         unusable, or if that is no request; the message and runtime_error_details() name what,
 *         such as `request.fields[3].value`,
 *         RUNTIME_ERROR_UNSUPPORTED if the component was loaded for blocking calls only,
 *         RUNTIME_ERROR_SHUTDOWN after runtime_shutdown(),
 *         RUNTIME_ERROR_FORKED in a fork of the process that built the runtime.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_new(
    const runtime_http_handler_t *handler,
    const runtime_http_request_t *request,
    const runtime_call_options_t *options,
    runtime_http_exchange_t **out);

/**
 * Waits for the head of the response.
 *
 * A guest that fails before anything of its response was asked for has none, even if it had given
 * one: so the client can be told by runtime_error_http_status().
 *
 * @param exchange  The exchange, borrowed for the call.
 * @param[out] out  Receives the head, borrowed: alive until the exchange is released. NULL without
 *                  an error if the guest waits for more of the request, which the host has to
 *                  write by runtime_http_exchange_write(). It may wait for something else as
 *                  well: a host that has nothing to write asks again later. Set to NULL on
 *                  failure.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange` or `out` is NULL,
 *         RUNTIME_ERROR_BUSY while another thread uses the exchange,
 *         RUNTIME_ERROR_HTTP if the guest gave an error in the place of a response, none at all,
 *         or one that is not HTTP; see runtime_error_http(),
 *         and what the guest did or which limit it met, as for runtime_function_call().
 *
 * @threadsafe One thread at a time for each exchange.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_response(
    const runtime_http_exchange_t *exchange,
    const runtime_http_response_t **out);

/**
 * Waits for the next piece of the response's body.
 *
 * Nothing more is taken from the guest before the next piece is asked for. Where the guest fails
 * in the midst of the body, or does not write as much as it announced, that is an error here,
 * after the pieces before it: the client must not take the body for complete. Reset its connection
 * or its stream then, and never end it properly.
 *
 * @param exchange      The exchange, borrowed for the call.
 * @param[out] out      Receives the piece, borrowed until the next call of this function for the
 *                      exchange; NULL if there is none.
 * @param[out] len_out  Receives its length, owned by the caller. 0 without an end if the guest
 *                      waits for more of the request, as for runtime_http_exchange_response().
 * @param[out] end_out  Receives 1 if the body has ended and is complete, with a length of 0; else
 *                      0. Owned by the caller.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange`, `out`, `len_out` or `end_out` is
 *         NULL,
 *         and as for runtime_http_exchange_response().
 *
 * @threadsafe One thread at a time for each exchange.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_read(
    const runtime_http_exchange_t *exchange,
    const uint8_t **out,
    size_t *len_out,
    int32_t *end_out);

/**
 * Tells the trailers of the response, once the end of its body was read.
 *
 * @param exchange      The exchange, borrowed for the call.
 * @param[out] out      Receives the trailers, borrowed: alive until the exchange is released. NULL
 *                      if there are none, or none yet.
 * @param[out] len_out  Receives how many there are, owned by the caller.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange`, `out` or `len_out` is NULL,
 *         RUNTIME_ERROR_BUSY while another thread uses the exchange.
 *
 * @threadsafe One thread at a time for each exchange.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_trailers(
    const runtime_http_exchange_t *exchange,
    const runtime_http_field_t **out,
    size_t *len_out);

/**
 * Writes to the request's body, for a request with RUNTIME_HTTP_MORE and without `read`.
 *
 * Waits until the guest has room for it.
 *
 * @param exchange        The exchange, borrowed for the call.
 * @param data            The bytes. Copied.
 * @param data_len        Length of `data`; may be 0, in which case `data` may be NULL.
 * @param[out] taken_out  Receives how many bytes were taken: less than `data_len` if the host has
 *                        to read before the guest goes on, or if the guest reads no more, in which
 *                        case reading tells why or goes on. Owned by the caller.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange`, `data` or `taken_out` is NULL, if the
 *         request's body has ended or comes from elsewhere, or if that is more than its
 *         `content-length` says, which ends it badly,
 *         and as for runtime_http_exchange_end().
 *
 * @threadsafe One thread at a time for each exchange.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_write(
    const runtime_http_exchange_t *exchange,
    const uint8_t *data,
    size_t data_len,
    size_t *taken_out);

/**
 * Ends the request's body properly, for a request with RUNTIME_HTTP_MORE and without `read`.
 *
 * @param exchange      The exchange, borrowed for the call.
 * @param trailers      What follows the body, borrowed for the call; may be NULL if `trailers_len`
 *                      is 0.
 * @param trailers_len  Number of trailers.
 *
 * @return NULL on success, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange` is NULL, if a trailer is none, if the
 *         request's body has ended or comes from elsewhere, or if it has less than its
 *         `content-length` says, which ends it badly,
 *         RUNTIME_ERROR_BUSY while another thread uses the exchange.
 *
 * @threadsafe One thread at a time for each exchange.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_finish(
    const runtime_http_exchange_t *exchange,
    const runtime_http_field_t *trailers,
    size_t trailers_len);

/**
 * Waits until the guest has ended, which may go on after its response.
 *
 * What is left of the response's body is discarded. If the host has not ended a request's body
 * that it writes, that ends badly for the guest.
 *
 * @param exchange  The exchange, borrowed for the call.
 *
 * @return NULL if the guest has ended well, otherwise an error owned by the caller:
 *         RUNTIME_ERROR_INVALID_ARGUMENT if `exchange` is NULL,
 *         RUNTIME_ERROR_BUSY while another thread uses the exchange,
 *         and what the guest did or which limit it met, as for runtime_function_call().
 *
 * @threadsafe One thread at a time for each exchange.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD runtime_error_t *runtime_http_exchange_end(
    const runtime_http_exchange_t *exchange);

/**
 * Releases an exchange. A guest that has not ended is given up, wherever it is.
 *
 * @param exchange  The exchange, owned; NULL is allowed and does nothing.
 *
 * @threadsafe Yes, while no other thread uses the same handle.
 * @since 0.1
 */
RUNTIME_API void runtime_http_exchange_free(runtime_http_exchange_t *exchange);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* WASMCELL_H */
