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
