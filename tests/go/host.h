/* What host_test.go needs of C: cgo can neither build a component nor name a Go function as a
 * callback. */
#include <wasmcell.h>

/* Loads a guest whose `sum(a, b)` asks the host for a + b. */
runtime_error_t *load(runtime_t *runtime, runtime_component_t **out);

/* Calls `sum`; the result is in `sum`. */
runtime_error_t *call(const runtime_function_t *function, uint32_t a, uint32_t b, uint32_t *sum);
