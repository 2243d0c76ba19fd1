package wasmcell

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Linker is what the host provides to components: functions and resources, by interface and name.
//
// A component that is loaded with it, by [WithLinker], copies what is in it, so that it may be
// changed or closed afterwards, and serve any number of components. What no component imports does
// no harm. Any goroutine may use it.
type Linker struct {
	c         *capi.Linker
	lock      sync.Mutex
	functions []*hostFunction
	known     resources
	// Components that provide, and those that provide for them, by their numbers.
	providers map[uint64]*compiled
}

// NewLinker makes a linker that provides nothing but WASI.
func NewLinker() (*Linker, error) {
	c, failure := capi.NewLinker()
	if failure != nil {
		return nil, newError(failure)
	}
	return &Linker{c: c, known: resources{}}, nil
}

// Close releases the linker. Components that were loaded with it go on. It may be called again, at
// any time and from any goroutine. It returns nil.
func (l *Linker) Close() error {
	l.c.Close()
	return nil
}

// Define defines a function that components may import. It is called acme:shop/prices@1.0.0#lookup,
// or only lookup if a world imports it itself; methods have the names of the component model, such
// as acme:shop/carts@1.0.0#[method]cart.add. ": " and the type in WIT may follow, as [Type.String]
// spells it. Imports of compatible versions are served too, if they have no definition of their
// own: 1.2.3 by 1.0.0 and the other way round, and 0.2.6 by 0.2.0, but not 0.3.0.
//
// The function is a Go function of a type such as
//
//	func(ctx context.Context, a, b uint32) (uint32, error)
//
// whose types are checked against those of each component that is loaded with the linker, or a
// [HostFunc] made of one, which is faster. It may run on any goroutine and thread, several times at
// once. It may block: the guest waits, and its time runs on. It may call any function of this
// package, the component that it was called from included, but calls of the instance that the
// guest runs in are [ErrBusy].
//
// The context has the values of the caller's, ends with that, and has the deadline of the call. It
// must not be kept: it ends when the function returns.
//
// An error that the function returns ends the guest's call, whose error has the code [ErrHost] and
// unwraps to it, or has the code of an [Error] that it is. For a function that gives result<T, E>
// the error of [Fail] does not end the call: it is the error case of the result. A panic is an
// ErrHost with the stack in its message. The function must not call [runtime.Goexit], as t.FailNow
// does.
func (l *Linker) Define(path string, function any) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.define(path, function)
}

// define defines a function while the linker is locked.
func (l *Linker) define(path string, function any) error {
	host, err := hostFunc(function)
	if err != nil {
		return err
	}
	if !l.c.Acquire() {
		return ErrClosed
	}
	defer l.c.Release()
	name, _, _ := strings.Cut(path, ": ")
	f := &hostFunction{HostFunc: host, name: name, index: len(l.functions)}
	if failure := l.c.Define(path, f.serve); failure != nil {
		return newError(failure)
	}
	l.functions = append(l.functions, f)
	return nil
}

// DefineAll defines the functions of a map, by their paths, as [Linker.Define] does: all of them or
// none. The error names the one that is at fault.
func (l *Linker) DefineAll(functions map[string]any) error {
	paths := slices.Sorted(maps.Keys(functions))
	trial, err := NewLinker()
	if err != nil {
		return err
	}
	defer trial.Close()
	for _, path := range paths {
		if err := trial.Define(path, functions[path]); err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.c.Acquire() {
		return ErrClosed
	}
	defer l.c.Release()
	defined := map[string]bool{}
	for _, f := range l.functions {
		defined[f.name] = true
	}
	for _, f := range trial.functions {
		if defined[f.name] {
			return invalid(fmt.Sprintf("%s is defined already", f.name))
		}
	}
	for _, path := range paths {
		if err := l.define(path, functions[path]); err != nil {
			return fmt.Errorf("%q: %w", path, err)
		}
	}
	return nil
}

// ProviderOptions say what of a component serves the imports of others.
type ProviderOptions struct {
	// Interface is one that the component exports, such as acme:shop/prices@1.0.0; all of them if
	// it is empty.
	Interface string
	// Import is what that one is imported as; its own name if it is empty.
	Import string
}

// Component has the exports of a component serve the imports of those that are loaded with the
// linker from then on: the functions in the interfaces that it exports, of compatible versions too.
// Values are copied; resources are not passed, and a component that imports one from it is
// [ErrLink].
//
// Within a call of a component that it serves, the provider has an instance of its own, which is
// gone when that call is over. What it does is a part of the call: the context ends it, its time
// and fuel are the call's, and where it fails the call fails with the same code. The provider keeps
// its own sandbox and its own host functions, which find the values of the call's context. It may
// be closed at any time.
//
// [ErrNotFound] if it exports no such interface, [ErrInvalidArgument] if one of its functions is
// defined already. See runtime_linker_component() in wasmcell.h.
func (l *Linker) Component(provider *Component, options ProviderOptions) error {
	if err := provider.use(); err != nil {
		return err
	}
	c := provider.compiled
	defer c.c.Release()
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.c.Acquire() {
		return ErrClosed
	}
	defer l.c.Release()
	if failure := l.c.Component(c.c, options.Interface, options.Import); failure != nil {
		return newError(failure)
	}
	// Components that were loaded keep what there was.
	providers := map[uint64]*compiled{c.id: c}
	maps.Copy(providers, l.providers)
	maps.Copy(providers, c.providers)
	l.providers = providers
	return nil
}

// UnresolvedTrap lets components load although nobody provides some of their imports, which is
// [ErrLink] otherwise; a guest that calls one traps there.
func (l *Linker) UnresolvedTrap() error {
	l.lock.Lock()
	defer l.lock.Unlock()
	if !l.c.Acquire() {
		return ErrClosed
	}
	defer l.c.Release()
	l.c.UnresolvedTrap()
	return nil
}

// DefineResource defines a type of resource that components may import, called
// acme:shop/carts@1.0.0#cart, or only cart. To the host it is the Go type T: host functions that
// are defined afterwards take a T where WIT has own<cart> or borrow<cart>, and give one where it
// has own<cart>. Guests see handles. Calls of components that are loaded with the linker pass and
// give a T as well. One that is passed where WIT has own<cart> is the guest's once the call has
// begun, and the destructor runs for it in the end; until then it is the caller's still, as
// [Report] tells.
//
// The destructor runs for each T that a guest was given to own and does not own any more, except
// those that it gave back: on the goroutine of the call that the guest is in, or of the one that
// ends its instance. nil if there is nothing to do then. It must not block for long.
func DefineResource[T any](linker *Linker, path string, destructor func(T)) error {
	t := reflect.TypeFor[T]()
	table := &resourceTable{path: path, goType: t, values: map[uint32]reflect.Value{}}
	linker.lock.Lock()
	defer linker.lock.Unlock()
	if linker.known[t] != nil {
		return invalid(fmt.Sprintf("%v stands for %s already", t, linker.known[t].path))
	}
	if !linker.c.Acquire() {
		return ErrClosed
	}
	defer linker.c.Release()
	failure := linker.c.DefineResource(path, func(number uint32) {
		value, ok := table.remove(number)
		if ok && destructor != nil {
			destructor(value.Interface().(T))
		}
	})
	if failure != nil {
		return newError(failure)
	}
	// Components that were loaded keep what there was.
	known := resources{t: table}
	for other, table := range linker.known {
		known[other] = table
	}
	linker.known = known
	return nil
}

// plan finds out how a component, which was just loaded, calls the functions of the linker.
func (l *Linker) plan(c *compiled) error {
	l.lock.Lock()
	functions, known := l.functions, l.known
	c.providers = l.providers
	l.lock.Unlock()
	if len(known) > 0 {
		c.known = known
	}
	for _, provider := range c.providers {
		c.threadBound = c.threadBound || provider.threadBound
	}
	if len(functions) == 0 {
		return nil
	}
	c.plans = make([]*hostPlan, len(functions))
	byName := map[string]*hostFunction{}
	for _, f := range functions {
		byName[f.name] = f
	}
	types := newCopier(c.c, c.c)
	for i, item := range c.c.Imports() {
		if ItemKind(item.Kind()) != ItemFunction {
			continue
		}
		f := byName[c.c.ImportDefinition(i)]
		if f == nil {
			continue
		}
		w := types.copy(item.Type())
		plan, err := f.plan(w, known)
		if err != nil {
			name := item.Name()
			if name != f.name {
				name += ", which " + f.name + " serves,"
			}
			return wrongTypes(ErrLink, name, w, f.goType, err)
		}
		// Where one serves several versions, all have one type: the library sees to it.
		c.plans[f.index] = plan
	}
	return nil
}
