package wasmcell

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
)

// twoBuffers gives two lists of 2048 bytes, the first of which begins with a 1.
const twoBuffers = `(component
  (core module $m
    (memory (export "memory") 1)
    (data (i32.const 16) "\20\00\00\00\00\08\00\00\20\10\00\00\00\08\00\00\01")
    (func (export "two") (result i32) (i32.const 16)))
  (core instance $i (instantiate $m))
  (func (export "two") (result (tuple (list u8) (list u8)))
    (canon lift (core func $i "two") (memory (core memory $i "memory")))))`

func TestBuffersStayWhereTheyAre(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	echo := must[func(context.Context, []byte) (*Buffer, error)](t)(
		Func1[[]byte, *Buffer](c, testKinds+"echo-bytes"))
	again := must[func(context.Context, *Buffer) (*Buffer, error)](t)(
		Func1[*Buffer, *Buffer](c, testKinds+"echo-bytes"))
	for _, size := range []int{0, 1, 100, 1000, 100_000} {
		want := bytes.Repeat([]byte{7}, size)
		for _, options := range [][]CallOption{nil, {OnWorkers()}} {
			ctx := CallWith(background, options...)
			first := must[*Buffer](t)(echo(ctx, want))
			second := must[*Buffer](t)(again(ctx, first))
			check(t, first.Close())
			runtime.GC()
			if first.Len() != size || second.Len() != size {
				t.Fatalf("%d bytes: %d, %d", size, first.Len(), second.Len())
			}
			var out bytes.Buffer
			n, err := second.WriteTo(&out)
			if err != nil || n != int64(size) || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("%d bytes: %d, %v", size, n, err)
			}
			check(t, second.Close())
		}
	}
}

func TestClosedBuffersAreGone(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	echo := must[func(context.Context, *Buffer) (*Buffer, error)](t)(
		Func1[*Buffer, *Buffer](c, testKinds+"echo-bytes"))
	empty := must[*Buffer](t)(echo(background, nil))
	check(t, empty.Close())
	check(t, empty.Close())
	err := empty.View(func([]byte) error { t.Error("viewed"); return nil })
	if !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if _, err := echo(background, empty); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}

// TestBuffersOfOneResultAreClosedApart closes one while another goroutine views the other.
func TestBuffersOfOneResultAreClosedApart(t *testing.T) {
	type pair struct{ First, Second *Buffer }
	c := must[*Component](t)(smallRuntime(t).Load([]byte(twoBuffers)))
	defer c.Close()
	two := must[func(context.Context) (pair, error)](t)(Func0[pair](c, "two"))
	for range 100 {
		got := must[pair](t)(two(background))
		var viewers sync.WaitGroup
		viewers.Add(1)
		go func() {
			defer viewers.Done()
			check(t, got.First.View(func(data []byte) error {
				check(t, got.First.Close())
				if len(data) != 2048 || data[0] != 1 || data[2047] != 0 {
					t.Errorf("%d bytes", len(data))
				}
				return nil
			}))
		}()
		check(t, got.Second.Close())
		viewers.Wait()
	}
}

func TestBuffersAreBytes(t *testing.T) {
	c := loadFile(t, smallRuntime(t), kindsFile)
	_, err := Func1[string, *Buffer](c, testKinds+"echo-string")
	if !errors.Is(err, ErrTypeMismatch) {
		t.Error(err)
	}
}
