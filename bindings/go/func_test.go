package wasmcell

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestFuncGreets(t *testing.T) {
	c := loadFile(t, smallRuntime(t), greeterFile)
	greet, err := Func[func(context.Context, string) (string, error)](c, "greet")
	check(t, err)
	for _, name := range []string{"world", "", strings.Repeat("x", 10000), "naïve 🦀"} {
		if got, err := greet(context.Background(), name); err != nil || got != "Hello, "+name+"!" {
			t.Errorf("greet(%.20q): %.20q, %v", name, got, err)
		}
	}
	fast, err := Func1[string, string](c, "greet")
	check(t, err)
	if got, err := fast(context.Background(), "world"); err != nil || got != "Hello, world!" {
		t.Errorf("%q, %v", got, err)
	}
	_, err = Func[func(context.Context, uint32) (string, error)](c, "greet")
	if !errors.Is(err, ErrTypeMismatch) ||
		!strings.Contains(err.Error(), "func(name: string) -> string") ||
		!strings.Contains(err.Error(), "func(context.Context, uint32) (string, error)") {
		t.Error(err)
	}
}
