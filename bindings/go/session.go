package wasmcell

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// target is what a call is made of: a function or nothing, in an instance, or of a component.
type target struct {
	compiled  *compiled
	component *Component
	instance  *Instance
	function  *function
}

// session is one call, from its beginning to its end. Sessions are used again.
type session struct {
	frame   capi.Frame
	to      target
	c       capi.Target
	ctx     context.Context
	options capi.Options
	more    *callOptions
	stop    func() bool // stops watching the context
	given   []*Resource // what the arguments give away
	lent    []lent      // the host's resources among the arguments
	host    *hostCall   // what host functions get, if there are any
	kept    keptHostCall
	began   bool   // the output is ours
	buffer  []byte // for bytes of the result
}

var sessions = sync.Pool{New: func() any { return new(session) }}

func newSession() *session { return sessions.Get().(*session) }

func (s *session) free() {
	s.frame.Reset()
	s.to, s.c, s.options = target{}, capi.Target{}, capi.Options{}
	s.ctx, s.more, s.stop, s.host, s.began, s.buffer = nil, nil, nil, nil, false, nil
	clear(s.given)
	s.given = s.given[:0]
	clear(s.lent)
	s.lent = s.lent[:0]
	sessions.Put(s)
}

// begin makes sure of everything that a call needs. It is followed by end, unless it fails.
func begin(ctx context.Context, to target) (*session, error) {
	s := newSession()
	s.to, s.ctx = to, ctx
	if err := s.acquire(); err != nil {
		s.free()
		return nil, err
	}
	if err := s.prepare(); err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// acquire keeps what is called from being released meanwhile.
func (s *session) acquire() error {
	to := &s.to
	if to.component != nil && to.component.closed.Load() {
		return ErrClosed
	}
	if to.instance != nil {
		if !to.instance.c.Acquire() {
			return ErrClosed
		}
		s.c.Instance = to.instance.c
	}
	if to.function != nil {
		if !to.function.c.Acquire() {
			s.release()
			return ErrClosed
		}
		s.c.Function = to.function.c
	} else if to.component != nil {
		if !to.compiled.c.Acquire() {
			return ErrClosed
		}
		s.c.Component = to.compiled.c
	}
	return nil
}

func (s *session) release() {
	if s.c.Instance != nil {
		s.c.Instance.Release()
	}
	if s.c.Function != nil {
		s.c.Function.Release()
	}
	if s.c.Component != nil {
		s.c.Component.Release()
	}
}

var background = context.Background()

// prepare turns the context into options.
func (s *session) prepare() error {
	if s.ctx != background {
		if err := s.ctx.Err(); err != nil {
			return contextError(s.ctx, err)
		}
		if err := s.watch(); err != nil {
			return err
		}
		s.more = optionsOf(s.ctx)
	}
	if s.to.compiled.plans != nil || s.to.compiled.providers != nil {
		s.host = s.kept.get(s)
		s.host.ctx, s.host.compiled = s.ctx, s.to.compiled
		s.options.Context = s.kept.handle
	}
	if s.more == nil {
		return nil
	}
	s.options.Fuel = s.more.fuel
	limit, deadline := s.more.timeout, s.options.TimeoutMS
	if limit > 0 && (deadline == 0 || limit < deadline) {
		s.options.TimeoutMS = limit
	}
	s.buffer = s.more.buffer
	return s.capture()
}

// watch lets the end of the context end the call.
func (s *session) watch() error {
	done := s.ctx.Done()
	if done == nil {
		return nil
	}
	cancel, err := newCancel()
	if err != nil {
		return err
	}
	s.options.Cancel = cancel
	deadline, ok := s.ctx.Deadline()
	if !ok {
		s.stop = context.AfterFunc(s.ctx, cancel.Trigger)
		return nil
	}
	s.options.TimeoutMS = max(1, milliseconds(time.Until(deadline)))
	ctx := s.ctx
	s.stop = context.AfterFunc(ctx, func() {
		// The library keeps the deadline by itself, and says so.
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			cancel.Trigger()
		}
	})
	return nil
}

// cancels are tokens that were never triggered, so that they can serve another call.
var cancels sync.Pool

func newCancel() (*capi.Cancel, error) {
	if cancel, ok := cancels.Get().(*capi.Cancel); ok {
		return cancel, nil
	}
	cancel, failure := capi.NewCancel()
	return cancel, errorOf(failure)
}

// capture gets an output ready.
func (s *session) capture() error {
	out := s.more.output
	if out == nil {
		return nil
	}
	if out.busy.Swap(true) {
		return &Error{Code: ErrBusy, Message: "the output is that of another call"}
	}
	s.began = true
	if !out.Collect {
		out.Stdout, out.Stderr, out.Truncated = nil, nil, false
	}
	c, failure := capi.NewOutput(out.limit())
	s.options.Output = c
	return errorOf(failure)
}

// end releases what the call needed.
func (s *session) end() {
	if s.stop != nil && s.stop() {
		// Nobody will ever trigger it.
		cancels.Put(s.options.Cancel)
	}
	if s.host != nil {
		s.kept.put()
	}
	s.frame.Results.Free()
	for _, lent := range s.lent {
		lent.takeBack(s.frame.ResourcesTaken())
	}
	if s.began {
		out := s.more.output
		if s.options.Output != nil {
			out.take(s.options.Output.Take())
		}
		out.busy.Store(false)
	}
	if s.more != nil && s.more.report != nil {
		s.more.report.FuelUsed = s.frame.FuelUsed()
		s.more.report.ResourcesTaken = s.frame.ResourcesTaken()
	}
	s.release()
	s.free()
}

// run calls the function, here or on the workers.
func (s *session) run(values []capi.Value) error {
	return s.drive(
		func() *capi.Failure { return s.frame.Call(&s.c, values, &s.options) },
		func(done capi.Started) *capi.Failure {
			return s.frame.Start(&s.c, values, &s.options, done)
		},
		s.frame.Take)
}

// drive makes the call, here or on the workers, where it starts it, and takes what it came to.
func (s *session) drive(here func() *capi.Failure, start func(capi.Started) *capi.Failure,
	take func(capi.Outcome) *capi.Failure) error {
	calls := s.to.compiled.calls
	workers := s.more != nil && s.more.onWorkers
	if s.to.compiled.threadBound || !workers && calls.blocking.Add(1) <= calls.max {
		failure := here()
		if !s.to.compiled.threadBound {
			calls.blocking.Add(-1)
		}
		return s.finish(failure)
	}
	if !workers {
		calls.blocking.Add(-1)
	}
	if s.host != nil {
		s.host.onWorkers = true
	}
	done := make(capi.Started, 1)
	if failure := start(done); failure != nil {
		return s.finish(failure)
	}
	return s.finish(take(<-done))
}

// fetch is drive for a call that gives something else than values.
func fetch[T any](s *session, here func() (T, *capi.Failure),
	start func(capi.Started) *capi.Failure,
	take func(capi.Outcome) (T, *capi.Failure)) (out T, err error) {
	err = s.drive(
		func() (failure *capi.Failure) {
			out, failure = here()
			return failure
		},
		start,
		func(outcome capi.Outcome) (failure *capi.Failure) {
			out, failure = take(outcome)
			return failure
		})
	return out, err
}

// text calls with text in and out.
func (s *session) text(text string) (string, error) {
	return fetch(s,
		func() (string, *capi.Failure) { return s.frame.CallText(&s.c, text, &s.options) },
		func(done capi.Started) *capi.Failure {
			return s.frame.StartText(&s.c, text, &s.options, done)
		},
		s.frame.TakeText)
}

// command runs a command.
func (s *session) command() (int, error) {
	return fetch(s,
		func() (int, *capi.Failure) { return s.frame.Run(&s.c, &s.options) },
		func(done capi.Started) *capi.Failure {
			return s.frame.StartRun(&s.c, &s.options, done)
		},
		s.frame.TakeStatus)
}

// instantiate makes an instance.
func (s *session) instantiate() (*capi.Instance, error) {
	return fetch(s,
		func() (*capi.Instance, *capi.Failure) { return s.frame.Instantiate(&s.c, &s.options) },
		func(done capi.Started) *capi.Failure {
			return s.frame.StartInstantiate(&s.c, &s.options, done)
		},
		s.frame.TakeInstance)
}

// drop drops a resource of the guest.
func (s *session) drop(number uint64) error {
	return s.drive(
		func() *capi.Failure { return s.frame.DropResource(&s.c, number, &s.options) },
		func(done capi.Started) *capi.Failure {
			return s.frame.StartDropResource(&s.c, number, &s.options, done)
		},
		s.frame.Take)
}

// finish makes a failure of the call an error, and adds what Go knows about it.
func (s *session) finish(failure *capi.Failure) error {
	if failure == nil {
		for _, resource := range s.given {
			resource.gone.Store(true)
		}
		return nil
	}
	e := newError(failure)
	switch e.Code {
	case ErrCancelled:
		if err := s.ctx.Err(); err != nil {
			e.causes = contextCauses(s.ctx, err)
			if errors.Is(err, context.DeadlineExceeded) {
				e.Code = ErrTimeout
			}
		}
	case ErrTimeout:
		// The library's clock may be ahead of the timer of the context.
		if deadline, ok := s.ctx.Deadline(); ok && !time.Now().Before(deadline) {
			e.causes = contextCauses(s.ctx, context.DeadlineExceeded)
		}
	case ErrHost:
		if s.host != nil {
			s.host.explain(e)
		}
	}
	return e
}

// contextError is the error of a call whose context has ended before it begins.
func contextError(ctx context.Context, err error) error {
	code := ErrCancelled
	if errors.Is(err, context.DeadlineExceeded) {
		code = ErrTimeout
	}
	message := "the context of the call ended before it began: " + err.Error()
	return &Error{Code: code, Message: message, causes: contextCauses(ctx, err)}
}

func contextCauses(ctx context.Context, err error) []error {
	causes := []error{err}
	if cause := context.Cause(ctx); cause != nil && cause != err {
		causes = append(causes, cause)
	}
	return causes
}
