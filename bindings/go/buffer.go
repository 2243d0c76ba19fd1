package wasmcell

import (
	"io"
	"reflect"
	"runtime"
	"sync/atomic"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Buffer is a list<u8> in the result of a call, left where the library has put it: a large one is
// not copied, and no garbage. Use *Buffer in the place of []byte:
//
//	render, err := wasmcell.Func1[string, *wasmcell.Buffer](component, "render")
//
// Close releases it. Any number of goroutines may use it at once. Where a guest passes one to a
// function of the host, it is a copy.
type Buffer struct {
	kept   *capi.Kept // nil if the bytes are Go's
	data   []byte
	closed atomic.Bool
}

// Len is how many bytes there are.
func (b *Buffer) Len() int { return len(b.data) }

// View gives the bytes to f, and returns what that does. They are gone when f has returned, and
// must not be changed. It is [ErrClosed] if the buffer is.
func (b *Buffer) View(f func([]byte) error) error {
	if b.closed.Load() || b.kept != nil && !b.kept.Acquire() {
		return ErrClosed
	}
	if b.kept != nil {
		defer b.kept.Release()
	}
	return f(b.data)
}

// WriteTo writes all bytes to w.
func (b *Buffer) WriteTo(w io.Writer) (int64, error) {
	var written int
	err := b.View(func(data []byte) error {
		var err error
		written, err = w.Write(data)
		return err
	})
	return int64(written), err
}

// Close releases the buffer, now or when nobody views it any more. Again, it does nothing.
func (b *Buffer) Close() error {
	if !b.closed.Swap(true) && b.kept != nil {
		b.kept.Drop()
	}
	return nil
}

var bufferType = reflect.TypeFor[*Buffer]()

// bufferCodec is for a list<u8> as a Buffer.
type bufferCodec struct{}

func (bufferCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	b := *(**Buffer)(p)
	v.Kind, v.Element = uint8(KindList), uint8(KindU8)
	if b == nil {
		return nil
	}
	if b.closed.Load() {
		return ErrClosed
	}
	s.frame.PointBytes(v, unsafe.Pointer(unsafe.SliceData(b.data)), len(b.data), 1)
	runtime.KeepAlive(b)
	return nil
}

func (bufferCodec) lift(_ *session, r *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	b := &Buffer{}
	*(**Buffer)(p) = b
	if v.W1 == 0 {
		return nil
	}
	if Kind(v.Element) != KindU8 {
		return unexpected(v)
	}
	data := unsafe.Slice((*byte)(r.Pointer(v)), int(v.W1))
	if b.kept = r.Keep(); b.kept == nil {
		data = append([]byte(nil), data...)
	}
	b.data = data
	return nil
}
