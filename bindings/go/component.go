package wasmcell

import (
	"context"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Component is a component, compiled and linked once. Any number of goroutines may call it at
// once: each call runs in an instance of its own, and leaves nothing behind.
// [Component.Instantiate] makes an instance that keeps state.
type Component struct {
	compiled *compiled
	closed   atomic.Bool
}

// compiled is what a component shares with its instances.
type compiled struct {
	c     *capi.Component
	calls *callCount
	// How to call the host's functions, by their number in the linker; nil without a linker.
	plans []*hostPlan
	// The Go types that stand for the host's resources; nil without a linker.
	known resources
	// Tells it from all others, among them those that provide for it: nil without any.
	id        uint64
	providers map[uint64]*compiled
	// Calls block their threads: what the guest reads from may block, or the host wants it so.
	threadBound bool

	users     atomic.Int32
	lock      sync.Mutex
	functions map[string]*function
	http      *capi.HTTPHandler // nil until it was looked up
}

// function is an export that was looked up; it lives as long as what it belongs to.
type function struct {
	c    *capi.Function
	name string
	wit  *Type
}

// Deserialize loads a component from what [Component.Serialize] gave: in microseconds, not
// seconds.
//
// WARNING: the bytes are machine code, and are trusted. Anyone who can choose or change them runs
// any code in your process, outside every sandbox and limit; no check here prevents that. Pass only
// what Serialize gave you and nobody else could write to since.
//
// [ErrCompile] if the bytes are from another version, processor or settings, or no compiled
// component at all; [ErrSignature] if the runtime requires signatures, which they do not carry.
func (r *Runtime) Deserialize(bytes []byte, options ...ComponentOption) (*Component, error) {
	return r.load(context.Background(), capi.FromCompiled, bytes, -1, options)
}

// LoadShared loads a component from the file that [Component.Share] gave, in this process or, by
// the ExtraFiles of os/exec, in another. Nothing is compiled or copied: all processes that load it
// share its pages. The file may be closed afterwards.
//
// WARNING: the file holds machine code, and is trusted. Anyone who can choose it runs any code in
// your process, outside every sandbox and limit. LoadShared checks that the file has not changed
// since it was made, but not who made it.
//
// [ErrInvalidArgument] if it is not such a file; [ErrCompile] if it is from another version,
// processor or settings; [ErrSignature] if the runtime requires signatures.
func (r *Runtime) LoadShared(file *os.File, options ...ComponentOption) (*Component, error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var c *Component
	failed := conn.Control(func(fd uintptr) {
		c, err = r.load(context.Background(), capi.FromShared, nil, int32(fd), options)
	})
	if failed != nil {
		return nil, failed
	}
	return c, err
}

// Close releases the component. Its functions can be called no more, instances of it go on, and so
// do calls in flight. It may be called again, at any time and from any goroutine. It returns nil.
func (c *Component) Close() error {
	if !c.closed.Swap(true) {
		c.compiled.leave()
	}
	return nil
}

// leave releases everything when nobody is left.
func (c *compiled) leave() {
	if c.users.Add(-1) > 0 {
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	for _, f := range c.functions {
		f.c.Close()
	}
	c.functions = nil
	if c.http != nil {
		c.http.Close()
	}
	c.c.Close()
}

// join lets an instance be one of the users; false if everything is released already.
func (c *compiled) join() bool {
	for {
		users := c.users.Load()
		if users == 0 {
			return false
		}
		if c.users.CompareAndSwap(users, users+1) {
			return true
		}
	}
}

// use makes sure that the component is not closed before Release.
func (c *Component) use() error {
	if c.closed.Load() || !c.compiled.c.Acquire() {
		return ErrClosed
	}
	return nil
}

// function looks up an export, once.
func (c *compiled) function(name string) (*function, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if f := c.functions[name]; f != nil {
		return f, nil
	}
	if !c.c.Acquire() {
		return nil, ErrClosed
	}
	defer c.c.Release()
	found, failure := c.c.Function(name)
	if failure != nil {
		return nil, newError(failure)
	}
	f := &function{found, found.Name(), newCopier(c.c, found).copy(found.Type())}
	runtime.KeepAlive(found)
	c.functions[name] = f
	return f, nil
}

// Name tells what the component is called in log records.
func (c *Component) Name() string {
	if c.use() != nil {
		return ""
	}
	defer c.compiled.c.Release()
	return c.compiled.c.Name()
}

// Serialize gives the compiled code, for [Runtime.Deserialize]. It depends on this version of the
// library, on the kind of processor, and on the runtime's settings.
func (c *Component) Serialize() ([]byte, error) {
	if err := c.use(); err != nil {
		return nil, err
	}
	defer c.compiled.c.Release()
	bytes, failure := c.compiled.c.Serialize()
	return bytes, errorOf(failure)
}

// Share puts the compiled code into a file in memory, for [Runtime.LoadShared] in other processes,
// which may be given it by the ExtraFiles of os/exec. Nobody can change it, and it stays as long as
// somebody has it open or loaded. The caller closes it.
//
// [ErrUnsupported] on other systems than Linux.
func (c *Component) Share() (*os.File, error) {
	if err := c.use(); err != nil {
		return nil, err
	}
	defer c.compiled.c.Release()
	fd, failure := c.compiled.c.Share()
	if failure != nil {
		return nil, newError(failure)
	}
	return os.NewFile(uintptr(fd), "wasmcell"), nil
}

// WIT spells the component's world as WIT text. [ErrUnsupported] if WIT cannot express it.
func (c *Component) WIT() (string, error) {
	if err := c.use(); err != nil {
		return "", err
	}
	defer c.compiled.c.Release()
	text, failure := c.compiled.c.WIT()
	return text, errorOf(failure)
}

// Imports lists what the component imports, WASI included, in the order of the binary.
func (c *Component) Imports() ([]Item, error) {
	if err := c.use(); err != nil {
		return nil, err
	}
	defer c.compiled.c.Release()
	return copyItems(c.compiled.c, c.compiled.c.Imports()), nil
}

// ImportDefinition tells the path of the host's definition that serves the import with this index,
// such as acme:shop/prices@1.0.0#lookup for an import of acme:shop/prices@1.0.3#lookup; it is empty
// if none does, since the import is part of WASI, or no more than a name.
func (c *Component) ImportDefinition(index int) (string, error) {
	if err := c.use(); err != nil {
		return "", err
	}
	defer c.compiled.c.Release()
	if index < 0 {
		return "", nil
	}
	return c.compiled.c.ImportDefinition(index), nil
}

// Exports lists what the component exports, in the order of the binary.
func (c *Component) Exports() ([]Item, error) {
	if err := c.use(); err != nil {
		return nil, err
	}
	defer c.compiled.c.Release()
	return copyItems(c.compiled.c, c.compiled.c.Exports()), nil
}

// Function looks up an exported function, to call it with values whose types are known only then.
// [Func] looks up one with Go types, and says which names find it. [ErrNotFound] if none is found;
// the message lists those that there are.
func (c *Component) Function(name string) (*Function, error) {
	to, err := c.target(name)
	if err != nil {
		return nil, err
	}
	return &Function{to}, nil
}

// Call calls an exported function with values of any type, in a fresh instance; see
// [Function.Call].
func (c *Component) Call(ctx context.Context, name string, args ...any) (any, error) {
	f, err := c.Function(name)
	if err != nil {
		return nil, err
	}
	return f.Call(ctx, args...)
}

// CallText calls an exported function with text in and out, in a fresh instance: for tools, tests
// and tinkering. The text is WAVE, the WebAssembly Value Encoding, with the function's name, such
// as greet("world"); the result is () if the function gives nothing.
func (c *Component) CallText(ctx context.Context, text string) (string, error) {
	s, err := begin(ctx, target{compiled: c.compiled, component: c})
	if err != nil {
		return "", err
	}
	defer s.end()
	return s.text(text)
}

// Run runs a command: a component that exports run of wasi:cli, as programs with a main do. It
// gives the exit status, which is not an error; trapping is. [ErrNotFound] if the component is not
// a command.
func (c *Component) Run(ctx context.Context) (int, error) {
	s, err := begin(ctx, target{compiled: c.compiled, component: c})
	if err != nil {
		return 0, err
	}
	defer s.end()
	return s.command()
}

// target is where calls of a function in fresh instances go.
func (c *Component) target(name string) (target, error) {
	if c.closed.Load() {
		return target{}, ErrClosed
	}
	f, err := c.compiled.function(name)
	return target{compiled: c.compiled, component: c, function: f}, err
}
