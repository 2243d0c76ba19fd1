//go:build !wasmcell_gc

package capi

// maybeGC collects garbage in builds with the tag wasmcell_gc, which are for tests.
func maybeGC() {}
