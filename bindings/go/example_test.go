package wasmcell_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/wasmcell/wasmcell/bindings/go"
)

// runtimeOf is a runtime for small examples; without a pool it is made in no time.
func runtimeOf() *wasmcell.Runtime {
	runtime, err := wasmcell.NewRuntime(wasmcell.WithForceOnDemandAllocator())
	if err != nil {
		log.Fatal(err)
	}
	return runtime
}

func loaded(runtime *wasmcell.Runtime, name string,
	options ...wasmcell.ComponentOption) *wasmcell.Component {
	component, err := runtime.LoadFile("../../tests/guests/"+name, options...)
	if err != nil {
		log.Fatal(err)
	}
	return component
}

func ExampleNewRuntime() {
	runtime, err := wasmcell.NewRuntime(
		wasmcell.WithMaxLinearMemory(64<<20),
		wasmcell.WithMaxExecutionTime(500*time.Millisecond),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close()

	_, err = wasmcell.NewRuntime(wasmcell.WithMaxComponents(0))
	fmt.Println(errors.Is(err, wasmcell.ErrInvalidArgument))
	// Output: true
}

func ExampleRuntime_LoadFile() {
	runtime := runtimeOf()
	defer runtime.Close()
	component, err := runtime.LoadFile("../../tests/guests/greeter.wasm")
	if err != nil {
		log.Fatal(err)
	}
	defer component.Close()

	answer, err := component.CallText(context.Background(), `greet("world")`)
	fmt.Println(answer, err)
	// Output: "Hello, world!" <nil>
}

func ExampleRuntime_Load() {
	runtime := runtimeOf()
	defer runtime.Close()
	_, err := runtime.Load([]byte(`(component (import "log" (func)))`))
	fmt.Println(errors.Is(err, wasmcell.ErrLink))
	// Output: true
}

func ExampleRuntime_Deserialize() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "greeter.wasm")
	defer component.Close()
	compiled, err := component.Serialize()
	if err != nil {
		log.Fatal(err)
	}

	// Only what Serialize gave, and nobody else could write to since.
	again, err := runtime.Deserialize(compiled)
	if err != nil {
		log.Fatal(err)
	}
	defer again.Close()
	fmt.Println(again.Call(context.Background(), "greet", "again"))
	// Output: Hello, again! <nil>
}

func ExampleFunc() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "kinds.wasm")
	defer component.Close()

	type Point struct{ X, Y int32 }
	type Shape struct {
		Name    string
		Corners []Point
		Colour  *string // option<enum { red, green, blue }>
		Weight  float64
	}
	describe, err := wasmcell.Func[func(context.Context, Shape) (string, error)](component,
		"wasmcell:test/kinds@0.1.0#describe")
	if err != nil {
		log.Fatal(err)
	}
	green := "green"
	fmt.Println(describe(context.Background(), Shape{"square", make([]Point, 4), &green, 1}))

	_, err = wasmcell.Func[func(context.Context) error](component, "add")
	fmt.Println(strings.ReplaceAll(err.Error(), ", which", ",\nwhich"))
	// Output:
	// square: green, 4 corners <nil>
	// wasmcell: add is func(a: u32, b: u32) -> u32,
	// which Go's func(context.Context) error does not fit: 2 parameters are needed, there are 0
}

func ExampleFunc2() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "kinds.wasm")
	defer component.Close()

	divide, err := wasmcell.Func2[int64, int64, int64](component, "divide")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(divide(context.Background(), 7, 2))

	// result<s64, string>
	_, err = divide(context.Background(), 7, 0)
	var refused *wasmcell.ResultError[string]
	if errors.As(err, &refused) {
		fmt.Println(refused.Value)
	}
	// Output:
	// 3 <nil>
	// 7 / 0 has no answer
}

func ExampleComponent_Call() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "kinds.wasm")
	defer component.Close()

	fmt.Println(component.Call(context.Background(), "add", 40, 2))
	fmt.Println(component.Call(context.Background(), "longest", []string{"a", "abc", "ab"}))
	// Output:
	// 42 <nil>
	// abc <nil>
}

func ExampleComponent_Instantiate() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "kinds.wasm")
	defer component.Close()
	instance, err := component.Instantiate(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	defer instance.Close()

	const counters = "wasmcell:test/counters@0.1.0#"
	create, err := wasmcell.Func1[uint32, *wasmcell.Resource](instance,
		counters+"[constructor]counter")
	if err != nil {
		log.Fatal(err)
	}
	increment, err := wasmcell.Func1[*wasmcell.Resource, uint32](instance,
		counters+"[method]counter.increment")
	if err != nil {
		log.Fatal(err)
	}
	counter, err := create(context.Background(), 5)
	if err != nil {
		log.Fatal(err)
	}
	defer counter.Close()
	fmt.Println(increment(context.Background(), counter))
	fmt.Println(increment(context.Background(), counter))
	// Output:
	// 6 <nil>
	// 7 <nil>
}

func ExampleTimeout() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "wat/spin.wat")
	defer component.Close()

	ctx := wasmcell.CallWith(context.Background(), wasmcell.Timeout(50*time.Millisecond))
	_, err := component.Call(ctx, "spin")
	fmt.Println(errors.Is(err, wasmcell.ErrTimeout))
	// Output: true
}

func ExampleReuseBuffer() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "kinds.wasm")
	defer component.Close()
	echo, err := wasmcell.Func1[[]byte, []byte](component,
		"wasmcell:test/kinds@0.1.0#echo-bytes")
	if err != nil {
		log.Fatal(err)
	}

	buffer := make([]byte, 1<<20)
	ctx := wasmcell.CallWith(context.Background(), wasmcell.ReuseBuffer(buffer))
	for _, text := range []string{"one", "two"} {
		bytes, err := echo(ctx, []byte(text))
		fmt.Println(string(bytes), &bytes[0] == &buffer[0], err)
	}
	// Output:
	// one true <nil>
	// two true <nil>
}

func ExampleCallWith() {
	sandbox, err := wasmcell.NewSandbox(wasmcell.WithCapturedStdout())
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()
	runtime, err := wasmcell.NewRuntime(wasmcell.WithForceOnDemandAllocator(),
		wasmcell.WithFuel(1_000_000_000))
	if err != nil {
		log.Fatal(err)
	}
	defer runtime.Close()
	component := loaded(runtime, "command.wasm", wasmcell.WithSandbox(sandbox))
	defer component.Close()

	var output wasmcell.Output
	var report wasmcell.Report
	ctx := wasmcell.CallWith(context.Background(),
		wasmcell.CaptureOutput(&output), wasmcell.ReportTo(&report))
	if _, err := component.Run(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q, with some fuel: %v\n", output.Stdout, report.FuelUsed > 0)
	// Output: "arguments: \n", with some fuel: true
}

func ExampleError() {
	runtime := runtimeOf()
	defer runtime.Close()
	component := loaded(runtime, "wat/trap.wat")
	defer component.Close()

	_, err := component.Call(context.Background(), "run", 0)
	var failure *wasmcell.Error
	if errors.As(err, &failure) {
		fmt.Println(failure.Code == wasmcell.ErrTrap, failure.Trap)
		for _, frame := range failure.Frames {
			fmt.Println(frame.Function)
		}
	}
	// Output:
	// true unreachable
	// deep
	// middle
	// run
}

func ExampleParseFeatures() {
	features, err := wasmcell.ParseFeatures("RPC_interface,wasmcloud-messaging-v3")
	fmt.Println(features == wasmcell.FeatureRPCInterface|wasmcell.FeatureWasmcloudMessagingV3, err)
	// Output: true <nil>
}

func ExampleOption() {
	nothing, something := wasmcell.None[uint32](), wasmcell.Some(uint32(7))
	fmt.Println(nothing.Some, something.Some, something.Value)
	// Output: false true 7
}

func ExampleResult() {
	good, bad := wasmcell.OK[uint32, string](7), wasmcell.Err[uint32]("no")
	fmt.Println(good.Failed, good.Value, bad.Failed, bad.Err)
	// Output: false 7 true no
}

func ExampleFail() {
	err := wasmcell.Fail("out of stock")
	var refused *wasmcell.ResultError[string]
	fmt.Println(errors.As(err, &refused), refused.Value)
	// Output: true out of stock
}
