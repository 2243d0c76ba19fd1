package capi

import (
	"strings"
	"testing"
	"unsafe"
)

func TestAnotherABIPanics(t *testing.T) {
	checkABI(3, 3)
	defer func() {
		message, _ := recover().(string)
		if !strings.Contains(message, "ABI 3,") || !strings.HasSuffix(message, "has 4") {
			t.Errorf("%q", message)
		}
	}()
	checkABI(3, 4)
}

func TestHandlesAreReleasedOnce(t *testing.T) {
	type owner struct{ handle }
	freed := 0
	o := &owner{}
	place := new(int)
	own(o, &o.handle, "test", unsafe.Pointer(place), func(unsafe.Pointer) { freed++ })
	if !o.Acquire() || !o.Acquire() || o.Closed() {
		t.Error("it is closed")
	}
	if !o.Close() || o.Close() || o.Acquire() || !o.Closed() || freed != 0 {
		t.Error("it is closed and in use", freed)
	}
	o.Release()
	if freed != 0 {
		t.Error("released while in use")
	}
	o.Release()
	if freed != 1 || o.Close() {
		t.Error("released", freed, "times")
	}
}

func TestFramesKeepWhatTheyPointTo(t *testing.T) {
	var f Frame
	defer f.Reset()
	values := f.Values(1)
	for _, size := range []int{1, CopyBelow - 1, CopyBelow, 100000} {
		bytes := make([]byte, size)
		bytes[size-1] = 7
		f.PointBytes(&values[0], unsafe.Pointer(&bytes[0]), size, 1)
		r := LocalResults(values)
		got := unsafe.Slice((*byte)(r.Pointer(&values[0])), size)
		if got[size-1] != 7 {
			t.Errorf("%d bytes", size)
		}
		if copied := &got[0] != &bytes[0]; copied != (size < CopyBelow) {
			t.Errorf("%d bytes are copied: %v", size, copied)
		}
	}
	many := f.Values(5000)
	if len(many) != 5000 || many[4999].Kind != 0 {
		t.Error("many values")
	}
	f.Point(&values[0], many)
	if LocalResults(values).Pointer(&values[0]) != unsafe.Pointer(&many[0]) {
		t.Error("they moved")
	}
}
