package wasmcell

import (
	"context"
	"sync/atomic"
	"time"
)

// CallOption says how the calls of a context are to be made; see [CallWith].
type CallOption func(*callOptions)

type callOptions struct {
	fuel      uint64
	timeout   uint64 // milliseconds; 0 for none
	output    *Output
	report    *Report
	buffer    []byte
	onWorkers bool
}

type optionsKey struct{}

// CallWith is a context with options for the calls that are made with it. They add to those of
// ctx. Host functions get a context without them: calls of theirs have none of their own accord.
// Cancellation and deadlines need no option: they are the context's own.
func CallWith(ctx context.Context, options ...CallOption) context.Context {
	var all callOptions
	if before := optionsOf(ctx); before != nil {
		all = *before
	}
	for _, option := range options {
		option(&all)
	}
	return context.WithValue(ctx, optionsKey{}, &all)
}

// optionsOf are the options of a context, or nil.
func optionsOf(ctx context.Context) *callOptions {
	options, _ := ctx.Value(optionsKey{}).(*callOptions)
	return options
}

// Timeout limits each call to so long: without the timer that a context with a deadline needs, and
// anew for each call with the same context. The call ends with [ErrTimeout], which is no
// [context.DeadlineExceeded]. The context's deadline holds as well.
func Timeout(limit time.Duration) CallOption {
	return func(o *callOptions) { o.timeout = max(1, milliseconds(limit)) }
}

// Fuel sets how much fuel the call may use; [WithFuel] has the most it can be. In a runtime
// without fuel it is [ErrInvalidArgument].
func Fuel(units uint64) CallOption { return func(o *callOptions) { o.fuel = units } }

// CaptureOutput puts what the guest prints into an output, as far as its sandbox captures that. It
// is there however the call ends. One call at a time may have it: another one is [ErrBusy].
func CaptureOutput(output *Output) CallOption { return func(o *callOptions) { o.output = output } }

// ReportTo puts what the call used into a report when it ends, however it ends. One call at a time
// may have it.
func ReportTo(report *Report) CallOption { return func(o *callOptions) { o.report = report } }

// OnWorkers lets the call run on the runtime's workers, whatever [WithMaxBlockingCalls] says:
// where it takes no thread while the guest waits. It does not hold for guests that read from an
// io.Reader, and for components that were loaded with [WithBlockingOnly].
func OnWorkers() CallOption { return func(o *callOptions) { o.onWorkers = true } }

// ReuseBuffer lets the first list<u8> of a call's result be put into a buffer, if that has the
// capacity, instead of new memory. For large results in a loop: making and collecting a mebibyte
// takes longer than filling it. The result shares its memory with the buffer, so whoever makes the
// next call with the same context overwrites it; one goroutine at a time may do so. A [Buffer] in
// the place of []byte is not even copied.
func ReuseBuffer(buffer []byte) CallOption { return func(o *callOptions) { o.buffer = buffer } }

// Output is what the guest of a call printed. Its zero value is ready for use, and may be used
// again: each call empties it first, unless it collects.
type Output struct {
	// Limit is how many bytes to keep of each stream; 0 stands for 1 MiB.
	Limit uint64
	// Collect has calls add to what is there, such as the start of an instance and the calls in
	// it, with one Limit for all of them.
	Collect bool
	// Stdout and Stderr are what the guest printed, if its sandbox captures that.
	Stdout, Stderr []byte
	// Truncated says that it printed more to one of them than was kept.
	Truncated bool

	busy atomic.Bool
}

const defaultOutput = 1 << 20

// limit is how many bytes to keep of each stream.
func (o *Output) limit() uint64 {
	if o.Limit == 0 {
		return defaultOutput
	}
	return o.Limit
}

// take adds what a call printed.
func (o *Output) take(stdout, stderr []byte, truncated bool) {
	for _, stream := range []struct {
		all  *[]byte
		more []byte
	}{{&o.Stdout, stdout}, {&o.Stderr, stderr}} {
		room := o.limit() - min(o.limit(), uint64(len(*stream.all)))
		if kept := min(room, uint64(len(stream.more))); kept < uint64(len(stream.more)) {
			stream.more, truncated = stream.more[:kept], true
		}
		if len(*stream.all) == 0 {
			*stream.all = stream.more
		} else {
			*stream.all = append(*stream.all, stream.more...)
		}
	}
	o.Truncated = o.Truncated || truncated
}

// Report is what a call used.
type Report struct {
	// FuelUsed is the fuel that it used; 0 in a runtime without fuel.
	FuelUsed uint64
	// ResourcesTaken says that the guest took the resources that it was to own among the
	// arguments, also if the call failed.
	ResourcesTaken bool
}
