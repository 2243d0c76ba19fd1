package wasmcell

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// crossings is how often Go goes to C for each call: the least of several rounds, since objects
// that earlier tests left may be released in the midst of one.
func crossings(t *testing.T, call func() error) float64 {
	t.Helper()
	const rounds, calls = 10, 100
	check(t, call())
	least := math.Inf(1)
	for range rounds {
		before := runtime.NumCgoCall()
		for range calls {
			check(t, call())
		}
		least = min(least, float64(runtime.NumCgoCall()-before)/calls)
	}
	return least
}

func serving(h http.Handler, request func() *http.Request) func() error {
	return func() error {
		h.ServeHTTP(httptest.NewRecorder(), request())
		return nil
	}
}

// TestCrossings holds what a call costs: one crossing, and another one to release large results.
func TestCrossings(t *testing.T) {
	r := smallRuntime(t)
	c := loadFile(t, r, kindsFile)
	host := sumWith(t, r, Host2(
		func(_ context.Context, a, b uint32) (uint32, error) { return a + b, nil }))
	add := must[func(context.Context, uint32, uint32) (uint32, error)](t)(
		Func2[uint32, uint32, uint32](c, "add"))
	sum := must[func(context.Context, uint32, uint32) (uint32, error)](t)(
		Func2[uint32, uint32, uint32](host, "sum"))
	text := must[func(context.Context, string) (string, error)](t)(
		Func1[string, string](c, testKinds+"echo-string"))
	shapes := must[func(context.Context, shape) (shape, error)](t)(
		Func1[shape, shape](c, testKinds+"echo-shape"))
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	long := strings.Repeat("x", 5000)
	web := must[*HTTPHandler](t)(loadFile(t, r, httpFile).HTTPHandler())
	get := httptest.NewRequest("GET", "/hello", nil)
	post := func() *http.Request {
		return httptest.NewRequest("POST", "/sum", strings.NewReader(long))
	}
	for name, want := range map[string]struct {
		most float64
		call func() error
	}{
		"numbers":      {1, func() error { _, err := add(background, 1, 2); return err }},
		"a context":    {1.1, func() error { _, err := add(ctx, 1, 2); return err }},
		"a short text": {1, func() error { _, err := text(background, "short"); return err }},
		"a record": {1, func() error {
			_, err := shapes(background, shape{Name: "x"})
			return err
		}},
		// Begin, head, a piece, end, release; the last one somewhat later.
		"an HTTP request": {5.1, serving(web, func() *http.Request { return get })},
		"an HTTP body":    {8.1, serving(web, post)},
		"a long text":     {2, func() error { _, err := text(background, long); return err }},
		"a host function": {1, func() error { _, err := sum(background, 1, 2); return err }},
	} {
		if restless {
			want.most += 10
		}
		if got := crossings(t, want.call); got > want.most {
			t.Errorf("%s takes %v crossings, not %v", name, got, want.most)
		}
	}
}

// TestAllocations holds that a typed call of numbers allocates nothing.
func TestAllocations(t *testing.T) {
	c := must[*Component](t)(smallRuntime(t).Load([]byte(plainGuest)))
	defer c.Close()
	i := must[*Instance](t)(c.Instantiate(background))
	defer i.Close()
	add := must[func(context.Context, uint32, uint32) (uint32, error)](t)(
		Func2[uint32, uint32, uint32](i, "add"))
	got := testing.AllocsPerRun(1000, func() {
		if sum, err := add(background, 40, 2); err != nil || sum != 42 {
			t.Error(sum, err)
		}
	})
	if got > 0 && !restless {
		t.Errorf("%v allocations", got)
	}
}

// TestMemoryThatIsNotGos passes bytes that the collector knows nothing of.
func TestMemoryThatIsNotGos(t *testing.T) {
	room := must[[]byte](t)(syscall.Mmap(-1, 0, 1<<16, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE))
	defer func() { check(t, syscall.Munmap(room)) }()
	room[5] = 7
	c := loadFile(t, smallRuntime(t), kindsFile)
	echo := must[func(context.Context, []byte) ([]byte, error)](t)(
		Func1[[]byte, []byte](c, testKinds+"echo-bytes"))
	if got, err := echo(background, room); err != nil || len(got) != len(room) || got[5] != 7 {
		t.Error(len(got), err)
	}
}
