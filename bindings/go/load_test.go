package wasmcell

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// slowText is a module of n functions, which takes long to compile for what it is.
func slowText(n int) []byte {
	return []byte("(component (core module " + strings.Repeat("(func)", n) + "))")
}

func patientRuntime(t *testing.T) *Runtime {
	return smallRuntime(t, WithMaxCompileCost(1e9), WithMaxCompileThreads(1))
}

func TestLoadsEndWithTheirContext(t *testing.T) {
	r := patientRuntime(t)
	late, cancel := context.WithTimeout(background, 20*time.Millisecond)
	defer cancel()
	_, err := r.LoadContext(late, slowText(60000))
	if !errors.Is(err, ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	why := errors.New("why")
	cancelled, cancelWith := context.WithCancelCause(background)
	time.AfterFunc(20*time.Millisecond, func() { cancelWith(why) })
	_, err = r.LoadContext(cancelled, slowText(60001))
	if !errors.Is(err, ErrCancelled) || !errors.Is(err, why) {
		t.Error(err)
	}
	if _, err = r.LoadFileContext(cancelled, greeterFile); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
	for deadline := time.Now().Add(time.Minute); must[Stats](t)(r.Stats()).LoadsRunning > 0; {
		if time.Now().After(deadline) {
			t.Fatal("abandoned loads go on")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestLoadsWithinTheirContext(t *testing.T) {
	r := smallRuntime(t)
	ctx, cancel := context.WithTimeout(background, time.Minute)
	defer cancel()
	text := must[[]byte](t)(os.ReadFile(stateFile))
	must[*Component](t)(r.LoadContext(ctx, text)).Close()
	must[*Component](t)(r.LoadFileContext(ctx, stateFile)).Close()
	if _, err := r.LoadFileContext(ctx, "no/such/file"); !errors.Is(err, ErrIO) {
		t.Error(err)
	}
}

func TestCostlyLoadsAreRefused(t *testing.T) {
	r := smallRuntime(t, WithMaxTextSize(500000))
	_, err := r.Load(slowText(60000))
	if !errors.Is(err, ErrResourceLimit) || !strings.Contains(err.Error(), "`max_compile_cost`") {
		t.Error(err)
	}
	_, err = r.Load(slowText(100000))
	if !errors.Is(err, ErrComponentTooLarge) || !strings.Contains(err.Error(), "`max_text_size`") {
		t.Error(err)
	}
	if refused := must[Stats](t)(r.Stats()).LoadsRefused; refused != 2 {
		t.Error(refused, "loads were refused")
	}
}
