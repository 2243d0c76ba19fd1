package wasmcell

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestDefineAllOrNone(t *testing.T) {
	linker := must[*Linker](t)(NewLinker())
	defer linker.Close()
	check(t, linker.UnresolvedTrap())
	add := func(_ context.Context, a, b uint32) (uint32, error) { return a + b, nil }
	echo := func(_ context.Context, text string) (string, error) { return text, nil }
	for wrong, functions := range map[string]map[string]any{
		"a##b":  {testHost + "add": add, "a##b": add},
		"twice": {testHost + "add": add, testHost + "add: func(a: u32, b: u32) -> u32": add},
	} {
		if err := linker.DefineAll(functions); !errors.Is(err, ErrInvalidArgument) {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if linker.DefineAll(map[string]any{testHost + "add": add, testHost + "echo": "text"}) == nil {
		t.Error("text is no function")
	}
	// None of them is there.
	all := map[string]any{testHost + "add: func(a: u32, b: u32) -> u32": add,
		testHost + "echo": echo}
	check(t, linker.DefineAll(all))
	err := linker.DefineAll(map[string]any{testHost + "same-u32": add, testHost + "echo": echo})
	if !errors.Is(err, ErrInvalidArgument) ||
		!strings.Contains(err.Error(), "echo is defined already") {
		t.Error(err)
	}
	check(t, linker.Define(testHost+"same-u32", func(_ context.Context, v uint32) (uint32, error) {
		return v, nil
	}))
	c := loadFile(t, smallRuntime(t), hostFile, WithLinker(linker))
	for call, wanted := range map[string]string{
		"add(40, 2)": "42", `echo("all")`: `"all"`,
	} {
		if got, err := c.CallText(background, call); err != nil || got != wanted {
			t.Error(call, got, err)
		}
	}
	check(t, linker.Close())
	if err := linker.DefineAll(all); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
