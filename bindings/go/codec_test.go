package wasmcell

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

type point struct{ X, Y int32 }

type shape struct {
	Name    string
	Corners []point
	Colour  *colour
	Weight  float64
}

type colour string

type colourNumber uint8

type odd struct {
	List bool   `wit:"list"`
	Char rune   `wit:"int"`
	Code uint16 `wit:"HTTP-code"`
	note string
}

type size struct {
	Unknown bool
	Exact   *uint64
	Range   *struct{ From, To uint64 }
	Named   *string
}

type rightsSet uint8

type rightsFields struct{ Read, Write, Execute bool }

type tuple struct {
	Number uint8
	Text   string
	Float  float32
}

// echoes calls an echo as func(A) A, as a typed function, by reflection and with any.
func echoes[A any](t *testing.T, c *Component, name string, values ...A) {
	t.Helper()
	for _, caller := range []Caller{c, must[*Instance](t)(c.Instantiate(background))} {
		if i, ok := caller.(*Instance); ok {
			defer i.Close()
		}
		fast, err := Func1[A, A](caller, testKinds+name)
		check(t, err)
		slow, err := Func[func(context.Context, A) (A, error)](caller, testKinds+name)
		check(t, err)
		for _, value := range values {
			for _, echo := range []func(context.Context, A) (A, error){fast, slow} {
				got, err := echo(background, value)
				if err != nil || !reflect.DeepEqual(got, value) {
					t.Errorf("%s(%#v): %#v, %v", name, value, got, err)
				}
			}
			onWorkers, err := fast(CallWith(background, OnWorkers()), value)
			if err != nil || !reflect.DeepEqual(onWorkers, value) {
				t.Errorf("%s(%#v) on workers: %#v, %v", name, value, onWorkers, err)
			}
		}
	}
	f := must[*Function](t)(c.Function(testKinds + name))
	for _, value := range values {
		// An any comes back as another Go type, which has to be accepted, too.
		first, err := f.Call(background, value)
		if err == nil {
			var again any
			again, err = f.Call(background, first)
			if err == nil && !reflect.DeepEqual(first, again) {
				t.Errorf("%s with any: %#v, then %#v", name, first, again)
			}
		}
		if err != nil {
			t.Errorf("%s(%#v) with any: %v", name, value, err)
		}
	}
}

func pointer[T any](value T) *T { return &value }

func TestValuesThereAndBack(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	echoes(t, c, "echo-bool", true, false)
	echoes(t, c, "echo-s8", int8(-128), 127)
	echoes(t, c, "echo-u8", uint8(0), 255)
	echoes(t, c, "echo-s16", int16(-32768))
	echoes(t, c, "echo-u16", uint16(65535))
	echoes(t, c, "echo-s32", int32(math.MinInt32))
	echoes(t, c, "echo-u32", uint32(math.MaxUint32))
	echoes(t, c, "echo-s64", int64(math.MinInt64))
	echoes(t, c, "echo-s64", -5)
	echoes(t, c, "echo-u64", uint64(math.MaxUint64))
	echoes(t, c, "echo-u64", uint(5))
	echoes(t, c, "echo-f32", float32(-0.5), float32(math.Inf(1)))
	echoes(t, c, "echo-f64", 0.1, math.Inf(-1))
	echoes(t, c, "echo-char", 'x', '\U0010ffff')
	echoes(t, c, "echo-string", "", "naïve 你好 🦀", "a\x00b", strings.Repeat("long ", 5000))
	echoes(t, c, "echo-bytes", nil, []byte{0, 127, 255}, make([]byte, 100000))
	echoes(t, c, "echo-bools", []bool{true, false, true})
	echoes(t, c, "echo-chars", []rune{'a', 'ß', '🦀'})
	echoes(t, c, "echo-s64s", []int64{-1, 0, math.MaxInt64}, make([]int64, 10000))
	echoes(t, c, "echo-f64s", []float64{0.25, math.Inf(-1)})
	echoes(t, c, "echo-strings", nil, []string{"", "one", strings.Repeat("x", 1000)})
	echoes(t, c, "echo-nested", [][]uint16{{1, 2}, nil, {65535}})
	echoes(t, c, "echo-points", []point{{1, -1}, {2, -2}}, make([]point, 1000))
	echoes(t, c, "echo-point", point{math.MinInt32, math.MaxInt32})
	echoes(t, c, "echo-shape",
		shape{"square", []point{{0, 0}, {1, 1}}, pointer(colour("green")), 0.5}, shape{})
	echoes(t, c, "echo-odd", odd{true, 'i', 404, ""})
	echoes(t, c, "echo-tuple", tuple{7, "seven", 7.5})
	echoes(t, c, "echo-colour", colour("red"), "blue")
	echoes(t, c, "echo-colour", colourNumber(0), 2)
	echoes(t, c, "echo-size", size{Unknown: true}, size{Exact: pointer(uint64(math.MaxUint64))},
		size{Range: &struct{ From, To uint64 }{1, 2}}, size{Named: pointer("huge")})
	echoes(t, c, "echo-rights", rightsSet(0), 5, 7)
	echoes(t, c, "echo-rights", rightsFields{}, rightsFields{Read: true, Execute: true})
	echoes(t, c, "echo-many", uint32(0), 1<<31|1, math.MaxUint32)
	echoes(t, c, "echo-option", nil, pointer("text"))
	echoes(t, c, "echo-option", None[string](), Some("text"))
	echoes(t, c, "echo-option-option", nil, pointer[*uint32](nil), pointer(pointer(uint32(7))))
	echoes(t, c, "echo-option-option", None[Option[uint32]](), Some(None[uint32]()),
		Some(Some(uint32(7))))
}

func TestResultsAreValuesOrErrors(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	type both = Result[uint64, string]
	whole := must[func(context.Context, both) (both, error)](t)(
		Func1[both, both](c, testKinds+"echo-result"))
	for _, value := range []both{OK[uint64, string](5), Err[uint64]("no")} {
		if got, err := whole(background, value); err != nil || got != value {
			t.Errorf("%v: %v, %v", value, got, err)
		}
	}
	split := must[func(context.Context, both) (uint64, error)](t)(
		Func1[both, uint64](c, testKinds+"echo-result"))
	if got, err := split(background, OK[uint64, string](5)); err != nil || got != 5 {
		t.Error(got, err)
	}
	_, err := split(background, Err[uint64]("no"))
	var refused *ResultError[string]
	if !errors.As(err, &refused) || refused.Value != "no" {
		t.Errorf("%T %v", err, err)
	}
	if other := (*ResultError[uint8])(nil); errors.As(err, &other) {
		t.Error("a string is not a uint8", other)
	}
	small := must[func(context.Context, Result[struct{}, uint8]) (struct{}, error)](t)(
		Func1[Result[struct{}, uint8], struct{}](c, testKinds+"echo-result-error-only"))
	_, err = small(background, Err[struct{}](uint8(255)))
	if number := (*ResultError[uint8])(nil); !errors.As(err, &number) || number.Value != 255 {
		t.Error(err)
	}
	type nothing = Result[struct{}, struct{}]
	bare := must[func(context.Context, nothing) error](t)(
		Func[func(context.Context, nothing) error](c, testKinds+"echo-result-bare"))
	if err := bare(background, nothing{}); err != nil {
		t.Error(err)
	}
	err = bare(background, nothing{Failed: true})
	if nothing := (*ResultError[struct{}])(nil); !errors.As(err, &nothing) {
		t.Error(err)
	}
	if _, err := c.Call(background, "divide", 7, 0); !errors.As(err, &refused) ||
		refused.Value != "7 / 0 has no answer" {
		t.Error(err)
	}
	if got, err := c.Call(background, "divide", 7, 2); err != nil || got != int64(3) {
		t.Error(got, err)
	}
}

func TestFifteenParameters(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	type all struct {
		A uint8
		B uint16
		C uint32
		D uint64
		E float32
		F float64
		G string
		H bool
		I rune
		J int8
		K int16
		L int32
		M int64
		N []byte
		O *uint8
	}
	echo, err := Func[func(context.Context, uint8, uint16, uint32, uint64, float32, float64, string,
		bool, rune, int8, int16, int32, int64, []byte, *uint8) (all, error)](
		c, testKinds+"echo-fifteen")
	check(t, err)
	want := all{1, 2, 3, 4, 5.5, 6.5, "g", true, 'i', -10, -11, -12, -13, []byte{14},
		pointer(uint8(15))}
	got, err := echo(background, 1, 2, 3, 4, 5.5, 6.5, "g", true, 'i', -10, -11, -12, -13,
		[]byte{14}, pointer(uint8(15)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAnyValues(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	for name, values := range map[string][]any{
		"echo-point":   {map[string]any{"x": 1, "y": -1}},
		"echo-tuple":   {[]any{7, "seven", float32(7.5)}},
		"echo-colour":  {"red"},
		"echo-size":    {Variant{"unknown", nil}, Variant{"named", "huge"}, Variant{"exact", 5}},
		"echo-rights":  {[]string{"read", "execute"}, []string{}},
		"echo-option":  {nil, "text", Some("text")},
		"echo-strings": {[]any{"a", "b"}, []string{"a"}},
		"echo-u8":      {5, uint8(5)},
	} {
		for _, value := range values {
			if _, err := c.Call(background, testKinds+name, value); err != nil {
				t.Errorf("%s(%#v): %v", name, value, err)
			}
		}
	}
	got, err := c.Call(background, testKinds+"echo-shape", map[string]any{
		"name": "square", "corners": []any{point{1, 2}}, "colour": "red", "weight": 0.5})
	want := map[string]any{"name": "square", "corners": []any{map[string]any{"x": int32(1),
		"y": int32(2)}}, "colour": "red", "weight": 0.5}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%#v, %v", got, err)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	for _, wrong := range []struct {
		name  string
		value any
		part  string
	}{
		{"echo-u8", 256, "256 is not a value of type u8"},
		{"echo-u8", -1, "-1 is not a value of type u8"},
		{"echo-u8", "text", "expected u8, found string"},
		{"echo-colour", "pink", `"pink" is not a case`},
		{"echo-colour", colourNumber(3), "3 is not the number of a case"},
		{"echo-rights", rightsSet(8), "no flag of"},
		{"echo-rights", []string{"fly"}, `"fly" is not a case`},
		{"echo-size", size{}, "no case of"},
		{"echo-size", size{Unknown: true, Named: pointer("x")}, "two cases of"},
		{"echo-point", map[string]any{"x": 1, "z": 2}, "no field is y"},
		{"echo-point", map[string]any{"x": 1}, "1 fields do not make a record"},
		{"echo-string", nil, "nil is not a value of type string"},
		{"echo-string", make(chan int), "chan int is not a value"},
		{"echo-string", "\xff", "UTF-8"},
		{"echo-char", rune(0xd800), "scalar"},
	} {
		_, err := c.Call(background, testKinds+wrong.name, wrong.value)
		if e := (*Error)(nil); !errors.As(err, &e) ||
			!errors.Is(err, ErrTypeMismatch) && !errors.Is(err, ErrInvalidArgument) ||
			!strings.Contains(err.Error(), wrong.part) {
			t.Errorf("%s(%#v): %v", wrong.name, wrong.value, err)
		}
	}
	_, err := c.Call(background, "add", 1)
	if !errors.Is(err, ErrTypeMismatch) {
		t.Error(err)
	}
}

func TestTypesThatDoNotFit(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	type short struct{ X int32 }
	type wrongName struct{ X, Z int32 }
	for place, try := range map[string]func() error{
		"parameter x: u8 does not fit Go's uint16": func() error {
			_, err := Func1[uint16, uint8](c, testKinds+"echo-u8")
			return err
		},
		"the result: u8 does not fit Go's int8": func() error {
			_, err := Func1[uint8, int8](c, testKinds+"echo-u8")
			return err
		},
		"2 fields are needed, there are 1": func() error {
			_, err := Func1[short, point](c, testKinds+"echo-point")
			return err
		},
		"no field is y": func() error {
			_, err := Func1[wrongName, point](c, testKinds+"echo-point")
			return err
		},
		"parameter x.Corners[].X: s32 does not fit Go's string": func() error {
			type bad struct {
				Name    string
				Corners []struct {
					X string
					Y int32
				}
				Colour *colour
				Weight float64
			}
			_, err := Func1[bad, shape](c, testKinds+"echo-shape")
			return err
		},
		"2 parameters are needed, there are 1": func() error {
			_, err := Func1[uint32, uint32](c, "add")
			return err
		},
		"use a pointer or an Option": func() error {
			_, err := Func1[string, string](c, testKinds+"echo-option")
			return err
		},
		"has no context.Context": func() error {
			_, err := Func[func(uint32) error](c, "add")
			return err
		},
		"does not return an error": func() error {
			_, err := Func[func(context.Context) uint32](c, "add")
			return err
		},
		"is not a function": func() error {
			_, err := Func[int](c, "add")
			return err
		},
		"it has more flags": func() error {
			_, err := Func1[uint8, uint8](c, testKinds+"echo-many")
			return err
		},
	} {
		if err := try(); !errors.Is(err, ErrTypeMismatch) || !strings.Contains(err.Error(), place) {
			t.Errorf("%v, not %q", err, place)
		}
	}
}

func TestNamesInKebabCase(t *testing.T) {
	for name, want := range map[string]string{
		"X": "x", "Name": "name", "HTTPCode": "http-code", "UserID": "user-id", "A1": "a1",
		"FirstOfMany": "first-of-many", "snake_case": "snake-case",
	} {
		if got := kebab(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}
