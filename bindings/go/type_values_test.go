package wasmcell

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// echoed is the type of what the function takes.
func echoed(t *testing.T, c *Component, name string) *Type {
	t.Helper()
	return must[*Function](t)(c.Function("wasmcell:test/" + name)).Type().Fields()[0].Type
}

func TestValuesAreReadFromTextAndWritten(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	for _, of := range []struct{ name, text string }{
		{"echo-u8", "255"}, {"echo-f64", "-0"}, {"echo-char", "'\u00e9'"},
		{"echo-string", `"a\"b\n"`}, {"echo-bytes", "[1, 2, 255]"}, {"echo-nested", "[[1], []]"},
		{"echo-shape", `{name: "t", corners: [{x: 0, y: -1}], colour: some(blue), weight: 0.5}`},
		{"echo-tuple", `(1, "two", 3)`}, {"echo-size", "range((1, 2))"}, {"echo-size", "unknown"},
		{"echo-rights", "{read, execute}"}, {"echo-option", `some("x")`}, {"echo-option", "none"},
		{"echo-option-option", "some(none)"}, {"echo-result", `err("no")`},
		{"echo-result-bare", "ok"},
	} {
		w := echoed(t, c, "kinds#"+of.name)
		value, err := w.ParseValue(of.text)
		if err != nil {
			t.Fatal(of, err)
		}
		if got, err := w.ValueText(value); got != of.text || err != nil {
			t.Errorf("%s: %s, %v", of.text, got, err)
		}
		if same, err := w.ValuesEqual(value, value); !same || err != nil {
			t.Errorf("%s: %v, %v", of.text, same, err)
		}
	}
	point := echoed(t, c, "kinds#echo-point")
	type xy struct{ X, Y int32 }
	if got, err := point.ValueText(xy{1, -2}); got != "{x: 1, y: -2}" || err != nil {
		t.Error(got, err)
	}
	for text, want := range map[string]error{
		"{x: 1}": ErrTypeMismatch, "{x: 1, y: @}": ErrInvalidArgument, "": ErrInvalidArgument,
	} {
		if _, err := point.ParseValue(text); !errors.Is(err, want) ||
			!strings.Contains(err.Error(), "column") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := point.ValueText("x"); !errors.Is(err, ErrTypeMismatch) {
		t.Error(err)
	}
}

func TestResourcesAreWrittenAndNotRead(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	w := echoed(t, c, "counters#[method]counter.increment")
	if got, err := w.ValueText(&Resource{number: 7}); got != "borrow(7)" || err != nil {
		t.Error(got, err)
	}
	if _, err := w.ParseValue("borrow(7)"); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
}

func TestValuesAreCompared(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	w := echoed(t, c, "kinds#echo-f64s")
	list := []float64{1.5, math.NaN()}
	for _, of := range []struct {
		other any
		same  bool
	}{
		{[]any{1.5, -math.NaN()}, true}, {[]float64{1.5}, false}, {[]float64{1.5, 0}, false},
	} {
		if same, err := w.ValuesEqual(list, of.other); same != of.same || err != nil {
			t.Error(of, same, err)
		}
	}
	if _, err := w.ValuesEqual(list, "x"); !errors.Is(err, ErrTypeMismatch) {
		t.Error(err)
	}
	zero := echoed(t, c, "kinds#echo-f64")
	if same, err := zero.ValuesEqual(0.0, math.Copysign(0, -1)); same || err != nil {
		t.Error(same, err)
	}
}

// A type is good for as long as somebody has it, but not for values of a component that is gone.
func TestTypesOfWhatIsClosedHaveNoValues(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	kept := []*Type{echoed(t, c, "kinds#echo-u8"), must[[]Item](t)(c.Exports())[0].Type}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	for _, w := range append(kept, nil, &Type{kind: KindU8}) {
		_, parsed := w.ParseValue("1")
		_, written := w.ValueText(uint8(1))
		_, compared := w.ValuesEqual(uint8(1), uint8(1))
		for _, err := range []error{parsed, written, compared} {
			if w != nil && w.of != nil && err != ErrClosed {
				t.Error(w, err)
			}
			if (w == nil || w.of == nil) && !errors.Is(err, ErrInvalidArgument) {
				t.Error(w, err)
			}
		}
	}
	if kept[0].String() != "u8" {
		t.Error(kept[0])
	}
}
