package wasmcell

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// spinner is a guest that computes or sleeps for ever, and one that adds.
type spinner struct {
	spin  func(context.Context) (struct{}, error)
	sleep func(context.Context, uint64) (struct{}, error)
	add   func(context.Context, uint32) (uint32, error)
}

func newSpinner(t *testing.T, options ...RuntimeOption) spinner {
	c := loadFile(t, smallRuntime(t, options...), stateFile)
	return spinner{
		must[func(context.Context) (struct{}, error)](t)(Func0[struct{}](c, "spin")),
		must[func(context.Context, uint64) (struct{}, error)](t)(
			Func1[uint64, struct{}](c, "sleep")),
		must[func(context.Context, uint32) (uint32, error)](t)(Func1[uint32, uint32](c, "add")),
	}
}

// everyWay runs a test for calls that spin and sleep, here and on the workers.
func everyWay(t *testing.T, s spinner, test func(*testing.T, context.Context,
	func(context.Context) error)) {
	calls := map[string]func(context.Context) error{
		"computing": func(ctx context.Context) error { _, err := s.spin(ctx); return err },
		"sleeping":  func(ctx context.Context) error { _, err := s.sleep(ctx, 1e6); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { test(t, background, call) })
		t.Run(name+" on workers", func(t *testing.T) {
			test(t, CallWith(background, OnWorkers()), call)
		})
	}
}

func TestDeadlines(t *testing.T) {
	everyWay(t, newSpinner(t), func(t *testing.T, ctx context.Context,
		call func(context.Context) error) {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := call(ctx)
		if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) ||
			errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		if took := time.Since(begin); took < 25*time.Millisecond || took > 5*time.Second {
			t.Error("it took", took)
		}
	})
}

func TestTimeoutsWithoutATimer(t *testing.T) {
	everyWay(t, newSpinner(t), func(t *testing.T, ctx context.Context,
		call func(context.Context) error) {
		ctx = CallWith(ctx, Timeout(20*time.Millisecond))
		for range 2 {
			err := call(ctx)
			if e := (*Error)(nil); !errors.Is(err, ErrTimeout) || !errors.As(err, &e) ||
				errors.Is(err, context.DeadlineExceeded) ||
				!strings.Contains(e.Message, " 20 ms") {
				t.Errorf("%v", err)
			}
		}
		sooner, cancel := context.WithTimeout(CallWith(ctx, Timeout(time.Hour)), time.Millisecond)
		defer cancel()
		if err := call(sooner); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestCancellation(t *testing.T) {
	reason := errors.New("enough")
	everyWay(t, newSpinner(t), func(t *testing.T, ctx context.Context,
		call func(context.Context) error) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(20*time.Millisecond, func() { cancel(reason) })
		err := call(ctx)
		if !errors.Is(err, ErrCancelled) || !errors.Is(err, context.Canceled) ||
			!errors.Is(err, reason) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		begin := time.Now()
		if err := call(ctx); !errors.Is(err, context.Canceled) || time.Since(begin) > time.Second {
			t.Error("an ended context:", err)
		}
	})
}

func TestTheRuntimesOwnLimitIsNoContextError(t *testing.T) {
	s := newSpinner(t, WithMaxExecutionTime(20*time.Millisecond))
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	if _, err := s.spin(ctx); !errors.Is(err, ErrTimeout) ||
		errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// TestCancelledContextsLeaveOthersAlone cancels contexts at every moment of short calls, whose
// tokens serve other calls afterwards.
func TestCancelledContextsLeaveOthersAlone(t *testing.T) {
	s := newSpinner(t)
	cancelled := 0
	for i := range 2000 {
		ctx, cancel := context.WithCancel(background)
		go cancel()
		if _, err := s.add(ctx, 1); err != nil {
			cancelled++
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		live, stop := context.WithCancel(background)
		if got, err := s.add(live, uint32(i)); err != nil || got != uint32(i) {
			t.Fatalf("call %d: %d, %v", i, got, err)
		}
		stop()
	}
	t.Logf("%d of 2000 were cancelled", cancelled)
}

func TestCallOptions(t *testing.T) {
	r := smallRuntime(t, WithFuel(10000))
	c := loadFile(t, r, stateFile)
	work := must[func(context.Context, uint64) (uint64, error)](t)(Func1[uint64, uint64](c, "work"))
	var report Report
	ctx := CallWith(background, ReportTo(&report))
	if _, err := work(ctx, 10); err != nil || report.FuelUsed == 0 || report.FuelUsed > 1000 {
		t.Error(report, err)
	}
	_, err := work(CallWith(ctx, Fuel(100)), 1000)
	if !errors.Is(err, ErrFuel) || report.FuelUsed != 100 {
		t.Error(report, err)
	}
	_, err = work(CallWith(ctx, Fuel(100), OnWorkers()), 1000)
	if !errors.Is(err, ErrFuel) || report.FuelUsed != 100 {
		t.Error(report, err)
	}
	if _, err := work(background, 10); err != nil {
		t.Error(err)
	}
}

func TestBuffersAreReused(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	echo := must[func(context.Context, []byte) ([]byte, error)](t)(
		Func1[[]byte, []byte](c, testKinds+"echo-bytes"))
	buffer := make([]byte, 1000)
	ctx := CallWith(background, ReuseBuffer(buffer))
	for _, size := range []int{1, 500, 1000, 1001} {
		want := make([]byte, size)
		want[size-1] = byte(size)
		got, err := echo(ctx, want)
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if shares := &got[0] == &buffer[0]; shares != (size <= 1000) {
			t.Errorf("%d bytes share the buffer: %v", size, shares)
		}
	}
}

func TestOutputsServeOneCall(t *testing.T) {
	sandbox := must[*Sandbox](t)(NewSandbox(WithCapturedStdout()))
	defer sandbox.Close()
	c := loadFile(t, smallRuntime(t), wasiFile, WithSandbox(sandbox))
	var out Output
	ctx, cancel := context.WithCancel(CallWith(background, CaptureOutput(&out)))
	done := make(chan error)
	go func() {
		_, err := c.Call(ctx, outside+"print-and-sleep", "first")
		done <- err
	}()
	for !out.busy.Load() {
		time.Sleep(time.Millisecond)
	}
	second := CallWith(background, CaptureOutput(&out))
	if _, err := c.Call(second, outside+"print", "second"); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
	time.Sleep(50 * time.Millisecond)
	cancel()
	if err := <-done; !errors.Is(err, ErrCancelled) || string(out.Stdout) != "first" {
		t.Errorf("%v, %q", err, out.Stdout)
	}
	_, err := c.Call(second, outside+"print", "second")
	if err != nil || string(out.Stdout) != "second" {
		t.Errorf("%v, %q", err, out.Stdout)
	}
}
