package wasmcell

import (
	"errors"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Code says what kind of failure an [Error] is. It is an error itself, so that errors.Is(err,
// wasmcell.ErrTimeout) answers. Numbers are those of the C API: stable, and never reused. Expect
// some that are not listed here: a newer library may have more.
type Code int32

const (
	// ErrInvalidArgument: an argument or setting is unusable; the message names it.
	ErrInvalidArgument Code = 1
	// ErrNotFound: a name is not there.
	ErrNotFound Code = 2
	// ErrTypeMismatch: a value or a Go type does not have the type that is wanted.
	ErrTypeMismatch Code = 3
	// ErrBusy: the instance is in another call.
	ErrBusy Code = 4
	// ErrCompile: the bytes are not a component.
	ErrCompile Code = 16
	// ErrLink: an import of the component is missing or has another type.
	ErrLink Code = 17
	// ErrTrap: the guest trapped; see [Error.Trap] and [Error.Frames].
	ErrTrap Code = 18
	// ErrExit: the guest ended itself; see [Error.ExitStatus].
	ErrExit Code = 19
	// ErrPoisoned: the instance failed in an earlier call and can no longer be used.
	ErrPoisoned Code = 20
	// ErrHTTP: the guest gave no response, an error in the place of one, or one that is not HTTP;
	// see [Error.HTTPError].
	ErrHTTP Code = 21
	// ErrTimeout: the call took longer than it may.
	ErrTimeout Code = 32
	// ErrCancelled: the call was cancelled.
	ErrCancelled Code = 33
	// ErrMemoryLimit: the guest wanted more memory or table elements than it may have.
	ErrMemoryLimit Code = 34
	// ErrComponentTooLarge: the binary is larger than [WithMaxComponentSize] allows.
	ErrComponentTooLarge Code = 35
	// ErrInstanceLimit: as many instances are alive as [WithMaxComponents] allows.
	ErrInstanceLimit Code = 36
	// ErrFuel: the call used up its fuel.
	ErrFuel Code = 37
	// ErrStackOverflow: the guest used up its stack.
	ErrStackOverflow Code = 38
	// ErrResourceLimit: the guest wanted more of the host's memory or handles than it may have.
	ErrResourceLimit Code = 39
	// ErrDescriptorLimit: the guest, or the directories it is granted, wanted more descriptors
	// than there may be; see [WithMaxDescriptors].
	ErrDescriptorLimit Code = 40
	// ErrLookupLimit: the guest wanted more name look-ups at once than it may have.
	ErrLookupLimit Code = 41
	// ErrDiskQuota: the guest wanted to add more to a directory than [WithDirectoryLimit] allows.
	ErrDiskQuota Code = 42
	// ErrIO: a file or directory could not be used.
	ErrIO Code = 48
	// ErrPool: the pool could not be reserved.
	ErrPool Code = 49
	// ErrSignature: a signature is missing or wrong.
	ErrSignature Code = 50
	// ErrForked: the process is a fork of the one that built the runtime.
	ErrForked Code = 51
	// ErrUnsupported: this version of the library cannot do that.
	ErrUnsupported Code = 52
	// ErrShutdown: the runtime was shut down by [Runtime.Shutdown].
	ErrShutdown Code = 53
	// ErrHost: a function of the host failed. The error unwraps to the one that it returned.
	ErrHost Code = 64
	// ErrPanic: a bug in the library, caught before it reached the host. Please report it.
	ErrPanic Code = 127
)

// String spells the code as the C API does, such as TIMEOUT; UNKNOWN if it knows none.
func (c Code) String() string { return capi.CodeName(int32(c)) }

// Error is String.
func (c Code) Error() string { return "wasmcell: " + c.String() }

// ErrClosed is the error of using something that was closed.
var ErrClosed = errors.New("wasmcell: used after Close")

// Trap says which rule of WebAssembly a trapping guest broke. Expect kinds that are not listed
// here.
type Trap int32

const (
	TrapNone                   Trap = 0 // not a trap
	TrapUnreachable            Trap = 1 // an unreachable instruction: how most languages abort
	TrapMemoryOutOfBounds      Trap = 2
	TrapTableOutOfBounds       Trap = 3
	TrapIndirectCallToNull     Trap = 4
	TrapBadSignature           Trap = 5 // an indirect call to a function of another type
	TrapIntegerOverflow        Trap = 6
	TrapIntegerDivisionByZero  Trap = 7
	TrapBadConversionToInteger Trap = 8
	TrapStackOverflow          Trap = 9  // the code is ErrStackOverflow
	TrapCanonicalABI           Trap = 10 // pointers, lengths, cases, handles or text it gave
	TrapNullReference          Trap = 11
	TrapArrayOutOfBounds       Trap = 12
	TrapCastFailure            Trap = 13
	TrapUncaughtException      Trap = 14 // an exception that its component did not catch
	TrapOther                  Trap = 31 // the message says which
)

var trapNames = map[Trap]string{
	TrapNone:                   "none",
	TrapUnreachable:            "unreachable",
	TrapMemoryOutOfBounds:      "memory-out-of-bounds",
	TrapTableOutOfBounds:       "table-out-of-bounds",
	TrapIndirectCallToNull:     "indirect-call-to-null",
	TrapBadSignature:           "bad-signature",
	TrapIntegerOverflow:        "integer-overflow",
	TrapIntegerDivisionByZero:  "integer-division-by-zero",
	TrapBadConversionToInteger: "bad-conversion-to-integer",
	TrapStackOverflow:          "stack-overflow",
	TrapCanonicalABI:           "canonical-abi",
	TrapNullReference:          "null-reference",
	TrapArrayOutOfBounds:       "array-out-of-bounds",
	TrapCastFailure:            "cast-failure",
	TrapUncaughtException:      "uncaught-exception",
	TrapOther:                  "other",
}

// String spells the trap as the C API does, such as stack-overflow.
func (t Trap) String() string {
	if name, ok := trapNames[t]; ok {
		return name
	}
	return "unknown"
}

// Frame is one function on the guest's stack when it trapped.
type Frame struct {
	Function string // empty where the component carries no names
	Module   string // likewise
	Offset   uint64 // of the instruction in the core module, in bytes; math.MaxUint64 if unknown
	File     string // empty without debug information; see WithBacktraceDetails
	Line     uint32 // from 1; 0 if unknown
	Column   uint32 // from 1; 0 if unknown
}

// Details says what an [Error] is about, as far as it is known: for programs, where the message is
// for people. A string of more than 1000 bytes is cut, and ends in U+2026.
type Details struct {
	// Import is the import of the component that is missing, has another type, or was answered
	// wrongly; empty if it is not about one.
	Import string
	// Argument is what was passed and cannot be used: the name of a parameter or setting of the C
	// API, or the place in the arguments of a guest's function or in the result of a host's, such
	// as names[2] or result.x; empty if it is not about one.
	Argument string
	// Setting is the one whose limit was met, such as max_component_size for
	// [WithMaxComponentSize]; empty if none was.
	Setting string
	// Asked is how much there would have been of what Setting limits, in the unit of the C API; 0
	// if that is not known.
	Asked uint64
	// Allowed is how much Setting allows, in that unit; 0 also if that is not known.
	Allowed uint64
}

// Error is a failure that the library reports, or this package on its behalf.
//
// errors.Is(err, wasmcell.ErrTrap) asks for its code. When a context ended the call, errors.Is
// also answers for [context.Canceled] or [context.DeadlineExceeded], and for the context's cause;
// when a host function failed, for what that returned.
type Error struct {
	// Code says what kind of failure it is.
	Code Code
	// Message says in one line what went wrong. It is for people, and may change.
	Message string
	// Details says what it is about.
	Details Details
	// Trap is the rule that the guest broke, if any.
	Trap Trap
	// ExitStatus is the status of ErrExit.
	ExitStatus int
	// HTTPError is the reason of ErrHTTP.
	HTTPError HTTPError
	// Frames is the guest's stack when it trapped, innermost first.
	Frames []Frame

	causes     []error
	httpStatus int
}

// Error is the message.
func (e *Error) Error() string { return "wasmcell: " + e.Message }

// Unwrap gives the code and, if there are, causes.
func (e *Error) Unwrap() []error { return append([]error{e.Code}, e.causes...) }

// errorOf makes a copied error of the library an error of Go.
func errorOf(failure *capi.Failure) error {
	if failure == nil {
		return nil
	}
	return newError(failure)
}

func newError(failure *capi.Failure) *Error {
	e := &Error{
		Code:       Code(failure.Code),
		Message:    failure.Message,
		Details:    Details(failure.Details),
		Trap:       Trap(failure.Trap),
		ExitStatus: int(failure.ExitStatus),
		HTTPError:  HTTPError(failure.HTTP),
		httpStatus: failure.HTTPStatus,
	}
	for _, frame := range failure.Frames {
		e.Frames = append(e.Frames, Frame{
			Function: frame.Function, Module: frame.Module, Offset: frame.Offset,
			File: frame.File, Line: frame.Line, Column: frame.Column,
		})
	}
	return e
}
