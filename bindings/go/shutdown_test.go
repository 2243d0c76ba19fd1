package wasmcell

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestShutdownEndsCallsInFlight shuts a runtime down while goroutines call it: those that wait for
// the host, those that compute, and those that call again and again.
func TestShutdownEndsCallsInFlight(t *testing.T) {
	r := smallRuntime(t)
	var inside, returned atomic.Int64
	add := func(ctx context.Context, a, b uint32) (uint32, error) {
		inside.Add(1)
		defer returned.Add(1)
		if a == 0 {
			<-ctx.Done() // its call is cancelled
		}
		return a + b, nil
	}
	var calls sync.WaitGroup
	for _, options := range [][]ComponentOption{nil, {WithBlockingOnly()}} {
		c := sumWith(t, r, add, options...)
		sum := must[func(context.Context, uint32, uint32) (uint32, error)](t)(
			Func2[uint32, uint32, uint32](c, "sum"))
		for i := range uint32(4) {
			calls.Add(1)
			go func() {
				defer calls.Done()
				for {
					_, err := sum(background, i%2, 1)
					if errors.Is(err, ErrShutdown) {
						return
					}
					if err != nil && !errors.Is(err, ErrCancelled) {
						t.Errorf("%v", err)
						return
					}
				}
			}()
		}
	}
	for inside.Load() < 100 {
		time.Sleep(time.Millisecond)
	}
	check(t, r.Shutdown(background))
	if inside.Load() != returned.Load() {
		t.Errorf("%d host functions began, %d returned", inside.Load(), returned.Load())
	}
	calls.Wait()
	if _, err := r.Load([]byte(sumGuest)); !errors.Is(err, ErrShutdown) {
		t.Errorf("loading: %v", err)
	}
	check(t, r.Shutdown(background))
}

// TestShutdownSaysWhatStillRuns has a host function that does not return in time.
func TestShutdownSaysWhatStillRuns(t *testing.T) {
	r := smallRuntime(t)
	entered, release := make(chan bool), make(chan bool)
	c := sumWith(t, r, func(context.Context, uint32, uint32) (uint32, error) {
		close(entered)
		<-release
		return 1, nil
	})
	ended := make(chan error)
	go func() {
		_, err := c.CallText(background, "sum(1, 2)")
		ended <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	err := r.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) ||
		!strings.Contains(err.Error(), "1 blocking call") {
		t.Errorf("in the midst of a call: %v", err)
	}
	close(release)
	check(t, r.Shutdown(background))
	if err := <-ended; !errors.Is(err, ErrCancelled) {
		t.Errorf("the call: %v", err)
	}
}

func TestShutdownWithinAHostFunction(t *testing.T) {
	r := smallRuntime(t)
	c := sumWith(t, r, func(ctx context.Context, _, _ uint32) (uint32, error) {
		if err := r.Shutdown(ctx); !errors.Is(err, ErrBusy) {
			t.Errorf("within a host function: %v", err)
		}
		return 7, nil
	})
	if got, err := c.CallText(background, "sum(1, 2)"); err != nil || got != "7" {
		t.Errorf("%q, %v", got, err)
	}
	r.Close()
	if err := r.Shutdown(background); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestShutdownWhileLoading has one load that compiles, and others that wait for it.
func TestShutdownWhileLoading(t *testing.T) {
	r := patientRuntime(t)
	ended := make(chan error)
	for i := range 3 {
		go func() {
			c, err := r.LoadContext(background, slowText(20000+i))
			if err == nil {
				c.Close()
			}
			ended <- err
		}()
	}
	for must[Stats](t)(r.Stats()).LoadsRunning == 0 {
		time.Sleep(time.Millisecond)
	}
	check(t, r.Shutdown(background))
	if running := must[Stats](t)(r.Stats()).LoadsRunning; running != 0 {
		t.Error(running, "loads are running")
	}
	for range 3 {
		err := <-ended
		if err != nil && !errors.Is(err, ErrCancelled) && !errors.Is(err, ErrShutdown) {
			t.Error(err)
		}
	}
}
