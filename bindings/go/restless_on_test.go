//go:build race || wasmcell_gc

package wasmcell

// restless says that pools forget what they hold: the race detector makes them do so at random, and
// a collector that never rests all the time. Then something is made anew now and then.
const restless = true
