/* Results in a buffer of the caller. */
#ifndef WASMCELL_GO_PACK_H
#define WASMCELL_GO_PACK_H

#include <stdbool.h>

#include <wasmcell.h>

/* Copies values with all that they point to into a buffer, with offsets in it for pointers: the
 * first is at its start. False if they have no room there. */
bool wasmcell_go_pack(const runtime_value_t *values, size_t count, char *buffer, size_t len);

#endif
