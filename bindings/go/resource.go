package wasmcell

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Resource is a handle to a resource of a guest, which a call of an [Instance] gave. It is a
// parameter of functions of the same instance, owned or borrowed; passed owned, it is given away.
// Close drops it, which runs the guest's destructor. What is left when the instance is closed ends
// with it. Any number of goroutines may use it at once.
type Resource struct {
	instance *Instance
	number   uint64
	gone     atomic.Bool
}

// Close drops the resource; see [Resource.Drop]. Dropped or given away already, it does nothing.
func (r *Resource) Close() error {
	if r.gone.Load() {
		return nil
	}
	return r.Drop(context.Background())
}

// Drop drops the resource, by a call of the guest that ctx limits like any other. A resource that
// was dropped or given away is [ErrInvalidArgument], an instance in another call [ErrBusy].
func (r *Resource) Drop(ctx context.Context) error {
	err := r.instance.dropResource(ctx, r.number)
	if err == nil {
		r.gone.Store(true)
	}
	return err
}

// resourceCodec is for handles to resources of guests.
type resourceCodec struct{ kind Kind }

func (c resourceCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	resource := *(**Resource)(p)
	if resource == nil {
		return invalid("a nil Resource")
	}
	v.Kind, v.W0 = uint8(c.kind), resource.number
	if c.kind == KindOwn {
		s.given = append(s.given, resource)
	}
	return nil
}

func (c resourceCodec) lift(s *session, _ *capi.Results, v *capi.Value, p unsafe.Pointer) error {
	*(**Resource)(p) = s.resource(v)
	return nil
}

// resource makes a handle for one that the call gave.
func (s *session) resource(v *capi.Value) *Resource {
	return &Resource{instance: s.to.instance, number: v.W0}
}

// resourceTable holds the values that guests know by number, of one type of resource of the host.
type resourceTable struct {
	path   string
	goType reflect.Type
	lock   sync.Mutex
	values map[uint32]reflect.Value
	next   uint32
}

func (t *resourceTable) add(value reflect.Value) (uint32, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.values) >= 1<<31 {
		return 0, &Error{Code: ErrResourceLimit, Message: "too many resources of " + t.path}
	}
	for {
		t.next++
		if _, taken := t.values[t.next]; !taken {
			t.values[t.next] = value
			return t.next, nil
		}
	}
}

func (t *resourceTable) get(number uint32) (reflect.Value, bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	value, ok := t.values[number]
	return value, ok
}

func (t *resourceTable) remove(number uint32) (reflect.Value, bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	value, ok := t.values[number]
	delete(t.values, number)
	return value, ok
}

// hostResourceCodec is for Go values that are resources of the host to guests.
type hostResourceCodec struct {
	kind  Kind
	table *resourceTable
}

func (c *hostResourceCodec) lower(s *session, p unsafe.Pointer, v *capi.Value) error {
	value := reflect.New(c.table.goType).Elem()
	value.Set(reflect.NewAt(c.table.goType, p).Elem())
	number, err := c.table.add(value)
	v.Kind, v.W0 = uint8(c.kind), uint64(number)
	if err == nil && s.to.function != nil {
		s.lent = append(s.lent, lent{c.table, number, c.kind == KindOwn})
	}
	return err
}

// lent is a resource of the host among the arguments of a call.
type lent struct {
	table  *resourceTable
	number uint32
	owned  bool
}

// takeBack lets go of what the guest has no more, or never took.
func (l lent) takeBack(taken bool) {
	if !l.owned || !taken {
		l.table.remove(l.number)
	}
}

func (c *hostResourceCodec) lift(_ *session, _ *capi.Results, v *capi.Value,
	p unsafe.Pointer) error {
	find := c.table.get
	if Kind(v.Kind) == KindOwn {
		// The guest gave it back.
		find = c.table.remove
	}
	value, ok := find(uint32(v.W0))
	if !ok {
		return invalid(fmt.Sprintf("no resource of %s has the number %d", c.table.path, v.W0))
	}
	reflect.NewAt(c.table.goType, p).Elem().Set(value)
	return nil
}

// liftAnyResource lifts a resource of the host, of whichever type, or one of the guest.
func liftAnyResource(s *session, r *capi.Results, w *Type, known resources,
	v *capi.Value) (any, error) {
	if w.host == "" && (s.to.function != nil || len(known) == 0) {
		return s.resource(v), nil
	}
	for t, table := range known {
		if table.path == w.host {
			p := reflect.New(t)
			c := &hostResourceCodec{w.kind, table}
			err := c.lift(s, r, v, p.UnsafePointer())
			return p.Elem().Interface(), err
		}
	}
	return nil, &Error{Code: ErrUnsupported,
		Message: "no Go type stands for the resource"}
}
