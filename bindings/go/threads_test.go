package wasmcell

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// threads is how many threads this process has.
func threads(t *testing.T) int {
	t.Helper()
	status := string(must[[]byte](t)(os.ReadFile("/proc/self/status")))
	_, rest, _ := strings.Cut(status, "\nThreads:\t")
	count, _, _ := strings.Cut(rest, "\n")
	return must[int](t)(strconv.Atoi(count))
}

// TestAThousandSleepersTakeFewThreads lets a thousand guests sleep at once, looks at the threads,
// and cancels one half.
func TestAThousandSleepersTakeFewThreads(t *testing.T) {
	const count = 1000
	r := smallRuntime(t, WithMaxComponents(count+10))
	c := loadFile(t, r, stateFile)
	sleep := must[func(context.Context, uint64) (struct{}, error)](t)(
		Func1[uint64, struct{}](c, "sleep"))
	before := threads(t)
	cancelled, cancel := context.WithCancel(background)
	patient, stop := context.WithTimeout(background, 4*time.Second)
	defer stop()
	var goroutines sync.WaitGroup
	errs := make([]error, count)
	for i := range count {
		goroutines.Add(1)
		go func() {
			defer goroutines.Done()
			ctx := patient
			if i%2 == 0 {
				ctx = cancelled
			}
			_, errs[i] = sleep(ctx, 1e6)
		}()
	}
	for range 300 {
		if stats := must[Stats](t)(r.Stats()); stats.Instances >= count {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	stats := must[Stats](t)(r.Stats())
	if stats.Instances != count {
		t.Errorf("%d instances are alive", stats.Instances)
	}
	during := threads(t)
	t.Logf("%d threads before, %d with %d guests asleep", before, during, count)
	if during > before+40 {
		t.Errorf("%d threads before, %d with %d guests asleep", before, during, count)
	}
	cancel()
	goroutines.Wait()
	for i, err := range errs {
		want := ErrTimeout
		if i%2 == 0 {
			want = ErrCancelled
		}
		if !errors.Is(err, want) {
			t.Fatalf("call %d: %v", i, err)
		}
	}
}

// TestBlockingHostFunctionsOnWorkers lets more guests wait in Go than there are workers.
func TestBlockingHostFunctionsOnWorkers(t *testing.T) {
	release := make(chan struct{})
	c := sumWith(t, smallRuntime(t, WithMaxBlockingCalls(0)),
		func(ctx context.Context, a, b uint32) (uint32, error) {
			select {
			case <-release:
				return a + b, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
	sum := must[func(context.Context, uint32, uint32) (uint32, error)](t)(
		Func2[uint32, uint32, uint32](c, "sum"))
	ctx, cancel := context.WithTimeout(background, 30*time.Millisecond)
	defer cancel()
	if _, err := sum(ctx, 1, 2); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	var goroutines sync.WaitGroup
	for i := range uint32(40) {
		goroutines.Add(1)
		go func() {
			defer goroutines.Done()
			if got, err := sum(background, i, 2); err != nil || got != i+2 {
				t.Errorf("%d + 2: %d, %v", i, got, err)
			}
		}()
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	goroutines.Wait()
}
