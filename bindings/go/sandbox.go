package wasmcell

import (
	"io"
	"sync"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Sandbox is what a guest is granted of the world outside: arguments, environment, streams,
// directories, network. Nothing is granted unless one of the options does so; clocks and random
// numbers are real. A component that is loaded with it, by [WithSandbox], copies it.
type Sandbox struct {
	c     *capi.Sandbox
	reads bool // stdin may block
}

// SandboxOption grants something.
type SandboxOption func(*Sandbox) error

// NewSandbox makes a sandbox that grants what the options say. An unusable one is
// [ErrInvalidArgument], or [ErrIO] for a directory that cannot be opened.
func NewSandbox(options ...SandboxOption) (*Sandbox, error) {
	c, failure := capi.NewSandbox()
	if failure != nil {
		return nil, newError(failure)
	}
	s := &Sandbox{c: c}
	for _, option := range options {
		if err := option(s); err != nil {
			c.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close releases the sandbox. Components that were loaded with it keep what it granted. It may be
// called again, at any time and from any goroutine. It returns nil.
func (s *Sandbox) Close() error {
	s.c.Close()
	return nil
}

// WithArgs adds command-line arguments. The first is by custom the name of the program.
func WithArgs(args ...string) SandboxOption {
	return func(s *Sandbox) error {
		for _, arg := range args {
			if failure := s.c.Arg(arg); failure != nil {
				return newError(failure)
			}
		}
		return nil
	}
}

// WithEnv sets an environment variable. Variables of the host are never passed on by themselves.
func WithEnv(key, value string) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Env(key, value)) }
}

// WithConfig sets a value that the guest finds by wasi:config.
func WithConfig(key, value string) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Config(key, value)) }
}

// WithInitialDirectory tells the guest which directory it starts in, which grants no access to it.
func WithInitialDirectory(path string) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.InitialDirectory(path)) }
}

// Rights says what a guest may do with a directory; united with |.
type Rights uint64

const (
	RightRead  Rights = 1 // read files and symbolic links
	RightWrite Rights = 2 // create, change, rename and remove
	RightList  Rights = 4 // learn which names there are
)

// WithDirectory grants a directory of the host, as a path in the guest, and all that is in it. The
// guest cannot leave it: not by .., by absolute paths, by symbolic links, or by renaming. It is
// opened when a component is loaded. A relative host path is resolved now.
func WithDirectory(host, guest string, rights Rights) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Directory(host, guest, uint64(rights))) }
}

// WithDirectoryLimit limits what guests may add to a directory that [WithDirectory] granted before,
// all instances of a component together: by how many bytes files grow, and how many names they
// make. What they shorten or remove counts back. A guest that wants more is refused; if it gives up
// by a trap, the call ends with [ErrDiskQuota]. [math.MaxUint64] stands for no limit.
func WithDirectoryLimit(guest string, maxBytes, maxEntries uint64) SandboxOption {
	return func(s *Sandbox) error {
		return errorOf(s.c.DirectoryLimit(guest, maxBytes, maxEntries))
	}
}

// WithStdinBytes gives the guest these bytes as stdin, in each instance from the start.
func WithStdinBytes(bytes []byte) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.StdinBytes(bytes)) }
}

// WithStdin gives the guest what a reader gives as stdin. Each instance starts where the reader is;
// it is asked while the guest waits for input, by several calls at once if there are several. It
// may block, but nothing else of the call goes on meanwhile, and its deadline is met afterwards:
// calls of such a component take a thread each. An error other than [io.EOF] ends the call, with
// [ErrHost].
func WithStdin(reader io.Reader) SandboxOption {
	return func(s *Sandbox) error {
		s.reads = true
		return errorOf(s.c.Stdin(reader))
	}
}

// WithInheritedStdin gives the guest the stdin of this process.
func WithInheritedStdin() SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.StdinInherit()) }
}

// serial lets one Write run at a time, although several calls print at once.
type serial struct {
	lock   sync.Mutex
	writer io.Writer
}

func (s *serial) Write(bytes []byte) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.writer.Write(bytes)
}

const wholeLines = 1

// WithStdout sends what the guest prints to stdout to a writer, as soon as the guest flushes. One
// Write runs at a time. What the writer takes counts as the call's time; its errors are lost on the
// guest, because the library has no way to tell it.
func WithStdout(writer io.Writer) SandboxOption { return output(false, 0, writer) }

// WithStderr is [WithStdout] for stderr.
func WithStderr(writer io.Writer) SandboxOption { return output(true, 0, writer) }

// WithStdoutLines is [WithStdout] with one Write for each line, with its line feed. The last line
// of a call may lack that, and a line of more than 64 KiB comes in pieces.
func WithStdoutLines(writer io.Writer) SandboxOption { return output(false, wholeLines, writer) }

// WithStderrLines is [WithStdoutLines] for stderr.
func WithStderrLines(writer io.Writer) SandboxOption { return output(true, wholeLines, writer) }

func output(stderr bool, flags uint64, writer io.Writer) SandboxOption {
	return func(s *Sandbox) error {
		return errorOf(s.c.Output(stderr, flags, &serial{writer: writer}))
	}
}

// WithCapturedStdout puts what the guest prints to stdout into the [Output] of the call.
func WithCapturedStdout() SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Capture(false)) }
}

// WithCapturedStderr puts what the guest prints to stderr into the [Output] of the call.
func WithCapturedStderr() SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Capture(true)) }
}

// WithInheritedStdout sends what the guest prints to stdout to the stdout of this process. A pipe
// that is full holds up the call, also beyond its deadline.
func WithInheritedStdout() SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Inherit(false)) }
}

// WithInheritedStderr is [WithInheritedStdout] for stderr.
func WithInheritedStderr() SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.Inherit(true)) }
}

// WithConnect allows TCP connections and UDP datagrams to an IP address or a range such as
// 10.0.0.0/8, at ports from first to last. Each such option allows more.
func WithConnect(addresses string, first, last uint16) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.AllowConnect(addresses, first, last)) }
}

// WithBind allows listening at a local IP address or a range of them, at ports from first to last.
// Port 0, by which a guest asks for any free one, must be among them as well as the one found.
func WithBind(addresses string, first, last uint16) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.AllowBind(addresses, first, last)) }
}

// WithNameLookup allows looking up a host name, in Unicode or not, or an IP address, which is found
// as it is; or, as *.example.com, all names below one, or, as *, everything.
func WithNameLookup(name string) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.AllowName(name)) }
}

// WithFixedClock makes the guest's clocks the same in each run: the wall clock starts at wall and
// the monotonic clock at 0, in each instance anew, and every reading moves both by step. A guest
// that waits in a loop for clocks that stand still waits until its deadline. Sleeping takes real
// time. wall is not before 1970.
func WithFixedClock(wall time.Time, step time.Duration) SandboxOption {
	return func(s *Sandbox) error {
		return errorOf(s.c.ClockFixed(uint64(wall.UnixNano()), uint64(step)))
	}
}

// WithRandomSeed makes the guest's random numbers the same in each instance, run and version of the
// library. Keys that such a guest makes are worthless.
func WithRandomSeed(seed uint64) SandboxOption {
	return func(s *Sandbox) error { return errorOf(s.c.RandomSeed(seed)) }
}
