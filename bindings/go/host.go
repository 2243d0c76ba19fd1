package wasmcell

import (
	"context"
	"errors"
	"reflect"
	"runtime"
	"runtime/cgo"
	"sync"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// hostFunction is a function of the host in a linker.
type hostFunction struct {
	HostFunc
	name  string
	index int
}

// hostPlan is how a component calls a function of the host.
type hostPlan struct {
	signature
	// Values have the types that the component says.
	dynamic bool
}

// plan checks the function's Go types against what a component imports.
func (f *hostFunction) plan(w *Type, known resources) (*hostPlan, error) {
	if f.params == nil {
		plan := &hostPlan{signature{wit: w}, true}
		for _, param := range w.fields {
			plan.params = append(plan.params, &anyCodec{param.Type, known})
		}
		if w.result != nil {
			plan.result = &anyCodec{w.result, known}
		}
		return plan, nil
	}
	g, err := sign(w, f.params(), f.result, known)
	if err != nil {
		return nil, err
	}
	return &hostPlan{*g, false}, nil
}

// hostCall is what functions of the host know about the call that they are part of.
type hostCall struct {
	ctx       context.Context
	compiled  *compiled
	onWorkers bool

	// What results of the last function of the host point to. The guest is in one at a time.
	out *session

	lock sync.Mutex
	// Why the last one failed, and what the library was told.
	err     error
	message string
	// Ends with the call; for functions that run on after the guest.
	lasting context.Context
	over    context.CancelFunc
}

// end releases what functions of the host needed, and tells whether one may run on.
func (c *hostCall) end() (lasts bool) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.over != nil {
		c.over()
		lasts = true
	}
	if c.out != nil {
		c.out.free()
		c.out = nil
	}
	c.ctx, c.compiled, c.onWorkers, c.err, c.message = nil, nil, false, nil, ""
	return lasts
}

// keptHostCall is the hostCall of a session, with its handle: for one call after the other, until
// a function of the host runs on after one.
type keptHostCall struct {
	call    *hostCall
	handle  cgo.Handle
	cleanup runtime.Cleanup
}

func (k *keptHostCall) get(s *session) *hostCall {
	if k.call == nil {
		k.call = &hostCall{}
		k.handle = cgo.NewHandle(k.call)
		// A pool forgets sessions without a word.
		k.cleanup = runtime.AddCleanup(s, cgo.Handle.Delete, k.handle)
	}
	return k.call
}

// put ends the call.
func (k *keptHostCall) put() {
	if k.call.end() {
		k.cleanup.Stop()
		k.handle.Delete()
		k.call = nil
	}
}

// last is a context that ends with the call.
func (c *hostCall) last() context.Context {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.lasting == nil {
		c.lasting, c.over = context.WithCancel(withoutOptions{c.ctx})
	}
	return c.lasting
}

// failed remembers why a function of the host failed.
func (c *hostCall) failed(err error) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.err, c.message = err, errorMessage(err)
	return errors.New(c.message)
}

// errorMessage is the message of an error, without what an Error puts before it.
func errorMessage(err error) string {
	if e, ok := err.(*Error); ok {
		return e.Message
	}
	return err.Error()
}

// explain adds to an error of the call what the function of the host returned.
func (c *hostCall) explain(e *Error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.err == nil || c.message != e.Message {
		return
	}
	e.causes = append(e.causes, c.err)
	var nested *Error
	if errors.As(c.err, &nested) {
		e.Code, e.Trap, e.ExitStatus = nested.Code, nested.Trap, nested.ExitStatus
	}
}

// invocation is one call of a function of the host.
type invocation struct {
	s       *session
	plan    *hostPlan
	args    capi.Results
	results []capi.Value
}

// arg fills in the value at p with an argument.
func (in *invocation) arg(index int, p unsafe.Pointer) error {
	values := unsafe.Slice(in.args.First, in.args.Len)
	return in.plan.params[index].lift(in.s, &in.args, &values[index], p)
}

// give gives the value at p as the result, or the error that err is.
func (in *invocation) give(p unsafe.Pointer, err error) error {
	result := in.plan.wit.result
	if err != nil {
		return in.fail(result, err)
	}
	if result == nil {
		return nil
	}
	v := &in.results[0]
	if !in.plan.unwrap {
		return in.plan.result.lower(in.s, p, v)
	}
	v.Kind = uint8(KindResult)
	if in.plan.result == nil {
		return nil
	}
	return lowerPayload(in.s, in.plan.result, p, v)
}

// fail gives the error case of a result, if the error is meant so.
func (in *invocation) fail(result *Type, err error) error {
	var refused resultError
	if result.Kind() != KindResult || !errors.As(err, &refused) {
		return err
	}
	v := &in.results[0]
	v.Kind, v.Index = uint8(KindResult), 1
	payload := result.fields[1].Type
	if payload == nil {
		return nil
	}
	values := in.s.frame.Values(1)
	err = lowerAny(in.s, payload, nil, refused.payload(), &values[0])
	in.s.frame.Point(v, values)
	return err
}

// planOf is the plan of the component that calls: the one that was called, or one that provides for
// it.
func (f *hostFunction) planOf(host *hostCall, call capi.HostCall) *hostPlan {
	if host == nil {
		return nil
	}
	c := host.compiled
	if c.providers != nil {
		if id := call.ComponentID(); id != c.id {
			c = c.providers[id]
		}
	}
	if c == nil || f.index >= len(c.plans) {
		return nil
	}
	return c.plans[f.index]
}

// serve is what the library calls.
func (f *hostFunction) serve(attached any, call capi.HostCall, args capi.Results,
	results []capi.Value) error {
	host, _ := attached.(*hostCall)
	plan := f.planOf(host, call)
	if plan == nil {
		return errors.New("nobody knows the type by which " + f.name + " is called")
	}
	if host.onWorkers || f.deferred {
		return f.serveLater(host, plan, call, args, len(results))
	}
	if host.out == nil {
		host.out = newSession()
	}
	host.out.frame.Reset()
	ctx := &hostContext{withoutOptions: withoutOptions{host.ctx}, call: call,
		ending: host.compiled.calls.ending}
	defer ctx.end()
	in := invocation{host.out, plan, args, results}
	if err := f.now(ctx, &in); err != nil {
		return host.failed(err)
	}
	return nil
}

// serveLater answers from a goroutine of its own, so that the thread, of which the runtime has few
// for that, serves other calls meanwhile.
func (f *hostFunction) serveLater(host *hostCall, plan *hostPlan, call capi.HostCall,
	args capi.Results, resultsLen int) error {
	s := newSession()
	in := &invocation{s, plan, args, s.frame.Values(resultsLen)}
	run, err := f.later(in)
	if err != nil {
		s.free()
		return host.failed(err)
	}
	in.args = capi.Results{} // the library takes them back
	calls := host.compiled.calls
	ctx, cancel := lastingContext(host.last(), calls.ending, call.RemainingMS())
	reply, failure := call.Defer()
	if failure != nil {
		cancel()
		s.free()
		return host.failed(newError(failure))
	}
	calls.answers.Add(1)
	go func() {
		defer calls.answers.Add(-1)
		answer(reply, host, in, func() error {
			defer cancel()
			return run(ctx, in)
		})
	}()
	return nil
}

// answer runs a function of the host and gives its answer to the guest. One that ends its
// goroutine gives none.
func answer(reply *capi.Reply, host *hostCall, in *invocation, run func() error) {
	returned := false
	var err error
	defer func() {
		if p := recover(); p != nil {
			returned = true
			err = errors.New(capi.PanicMessage(p))
		}
		switch {
		case !returned:
			reply.Free()
		case err != nil:
			reply.Complete(nil, true, host.failed(err).Error())
		default:
			reply.Complete(in.results, false, "")
		}
		in.s.free()
	}()
	err = run()
	returned = true
}

// reflected makes a host function of any Go function of a fitting type.
func reflected(function reflect.Value, params []reflect.Type, result reflect.Type) HostFunc {
	lift := func(in *invocation) ([]reflect.Value, error) {
		args := make([]reflect.Value, len(params)+1)
		for i, param := range params {
			arg := reflect.New(param)
			if err := in.arg(i, arg.UnsafePointer()); err != nil {
				return nil, err
			}
			args[i+1] = arg.Elem()
		}
		return args, nil
	}
	run := func(ctx context.Context, in *invocation, args []reflect.Value) error {
		args[0] = reflect.ValueOf(&ctx).Elem()
		out := function.Call(args)
		err, _ := out[len(out)-1].Interface().(error)
		if result == nil || err != nil {
			return in.give(nil, err)
		}
		value := reflect.New(result)
		value.Elem().Set(out[0])
		return in.give(value.UnsafePointer(), nil)
	}
	return HostFunc{
		goType: function.Type(), result: result,
		params: func() []reflect.Type { return params },
		now: func(ctx context.Context, in *invocation) error {
			args, err := lift(in)
			if err != nil {
				return err
			}
			return run(ctx, in, args)
		},
		later: func(in *invocation) (func(context.Context, *invocation) error, error) {
			args, err := lift(in)
			return func(ctx context.Context, in *invocation) error {
				return run(ctx, in, args)
			}, err
		},
	}
}
