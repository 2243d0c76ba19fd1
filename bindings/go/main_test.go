package wasmcell

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

const (
	greeterFile = "../../tests/guests/greeter.wasm"
	kindsFile   = "../../tests/guests/kinds.wasm"
	wasiFile    = "../../tests/guests/wasi.wasm"
	commandFile = "../../tests/guests/command.wasm"
	stateFile   = "../../tests/conformance/guests/state.wat"
	hostFile    = "../../tests/conformance/guests/host.wat"
	trapsFile   = "../../tests/conformance/guests/traps.wat"
	sameFile    = "../../tests/conformance/guests/same.wat"
	echoFile    = "../../tests/guests/wat/echo.wat"
	testKinds   = "wasmcell:test/kinds@0.1.0#"
	testHost    = "wasmcell:test/host@0.1.0#"
	outside     = "wasmcell:test/outside@0.1.0#"
)

// expectedLeaks is what tests leak on purpose, by kind.
var expectedLeaks = map[string]int{}

// TestMain runs the tests and examples, and then asks for what only a cleanup released.
//
// Go 1.26 may miss a thread that goes back to C just when the world is to stop, and then waits
// until its monitor looks again: at the next timer, or after a minute. So there is a timer here.
func TestMain(m *testing.M) {
	timer := time.NewTicker(100 * time.Millisecond)
	code := m.Run()
	timer.Stop()
	for range 5 {
		runtime.GC()
		time.Sleep(20 * time.Millisecond)
	}
	for kind, count := range capi.Leaks() {
		if count != expectedLeaks[kind] {
			fmt.Fprintf(os.Stderr, "%d of %s was not closed; %d are expected\n", count, kind,
				expectedLeaks[kind])
			code = 1
		}
	}
	os.Exit(code)
}

// smallRuntime is a runtime for one test.
func smallRuntime(t testing.TB, options ...RuntimeOption) *Runtime {
	t.Helper()
	r, err := NewRuntime(append([]RuntimeOption{
		WithMaxComponents(64), WithMaxCoreInstancesPerComponent(8), WithMaxMemoriesPerComponent(2),
		// Not what ends a test that hangs: go test does, and says where all goroutines are.
		WithMaxLinearMemory(16 << 20), WithMaxExecutionTime(time.Hour),
		WithEpochTick(5 * time.Millisecond), WithWorkerThreads(2),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// load loads a component for one test.
func loadFile(t testing.TB, r *Runtime, path string, options ...ComponentOption) *Component {
	t.Helper()
	c, err := r.LoadFile(path, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must is a value without its error.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		check(t, err)
		return value
	}
}
