package wasmcell

import (
	"sync"

	"github.com/wasmcell/wasmcell/bindings/go/internal/capi"
)

// Kind says which constructor a [Type] has. Expect kinds that are not listed here.
type Kind uint8

const (
	KindNone        Kind = 0
	KindBool        Kind = 1
	KindS8          Kind = 2
	KindU8          Kind = 3
	KindS16         Kind = 4
	KindU16         Kind = 5
	KindS32         Kind = 6
	KindU32         Kind = 7
	KindS64         Kind = 8
	KindU64         Kind = 9
	KindF32         Kind = 10
	KindF64         Kind = 11
	KindChar        Kind = 12
	KindString      Kind = 13
	KindList        Kind = 14 // the field is the type of the elements
	KindRecord      Kind = 15 // the fields are its fields
	KindTuple       Kind = 16 // the fields have no names
	KindVariant     Kind = 17 // the fields are its cases
	KindEnum        Kind = 18 // the fields are its cases, without types
	KindOption      Kind = 19 // the field is what it may hold
	KindResult      Kind = 20 // the fields are what success carries, and what failure carries
	KindFlags       Kind = 21 // the fields are its flags, without types
	KindOwn         Kind = 22 // a handle that owns its resource
	KindBorrow      Kind = 23 // a handle that borrows its resource
	KindFunction    Kind = 32 // the fields are its parameters; see Type.Result
	KindUnsupported Kind = 33 // values of it are not supported; String spells it
)

// Type is a type of the component model. It does not change, and outlives the component that it
// was asked of; only what it does with values needs that component to be open.
type Type struct {
	// The library's own, and what keeps that alive.
	raw capi.Type
	of  keeper

	kind Kind
	// What String begins with, or all of it for types without parts.
	name   string
	fields []Field
	result *Type
	// The path of the host's resource that a handle stands for, if it does.
	host string

	// Codecs of this type by reflect.Type, for values whose types turn up when they are passed.
	codecs sync.Map
}

// Field is a field of a record, a case of a variant, or a parameter of a function, and so on; see
// the kinds.
type Field struct {
	Name string // empty if it has none
	Type *Type  // nil if it has none
}

// Kind tells which constructor the type has; [KindNone] for nil.
func (t *Type) Kind() Kind {
	if t == nil {
		return KindNone
	}
	return t.kind
}

// Fields lists the parts of the type. Nobody may change the slice.
func (t *Type) Fields() []Field { return t.fields }

// Result is what a function gives; nil if it gives nothing, or for other types.
func (t *Type) Result() *Type { return t.result }

// copier copies types, which are borrowed from the library, with all their parts. What a component
// declares once is copied once.
type copier struct {
	of    *capi.Component
	keeps keeper
	known map[capi.Type]*Type
}

// keeper is an object of the library from which types are borrowed.
type keeper interface {
	Acquire() bool
	Release()
}

func newCopier(of *capi.Component, keeps keeper) copier {
	return copier{of, keeps, map[capi.Type]*Type{}}
}

func (c copier) copy(from capi.Type) *Type {
	if !from.Exists() {
		return nil
	}
	if t := c.known[from]; t != nil {
		return t
	}
	t := &Type{raw: from, of: c.keeps, kind: Kind(from.Kind()), result: c.copy(from.Result())}
	if name, ok := kindNames[t.kind]; ok {
		t.name = name
	} else {
		t.name = from.Text() // the name of a resource, or of what is not supported, is in it
	}
	if t.kind == KindOwn || t.kind == KindBorrow {
		t.host = c.of.ResourceDefinition(from)
	}
	if count := from.Len(); count > 0 {
		t.fields = make([]Field, count)
		for i := range t.fields {
			t.fields[i] = Field{Name: from.ChildName(i), Type: c.copy(from.Child(i))}
		}
	}
	c.known[from] = t
	return t
}

// kindNames are the keywords of WIT.
var kindNames = map[Kind]string{
	KindBool: "bool", KindS8: "s8", KindU8: "u8", KindS16: "s16", KindU16: "u16", KindS32: "s32",
	KindU32: "u32", KindS64: "s64", KindU64: "u64", KindF32: "f32", KindF64: "f64",
	KindChar: "char", KindString: "string", KindList: "list", KindRecord: "record",
	KindTuple: "tuple", KindVariant: "variant", KindEnum: "enum", KindOption: "option",
	KindResult: "result", KindFlags: "flags", KindFunction: "func",
}

// ItemKind says what an import or export is. Expect kinds that are not listed here.
type ItemKind int32

const (
	ItemFunction     ItemKind = 1
	ItemResource     ItemKind = 2
	ItemType         ItemKind = 3 // a type that is given a name
	ItemModule       ItemKind = 4
	ItemComponent    ItemKind = 5
	ItemCoreFunction ItemKind = 6
)

// Item is one thing that a component imports or exports.
type Item struct {
	// Name is its name, such as greet, or ns:pkg/iface@1.0.0#greet for a function in an interface.
	Name string
	// Kind says what it is.
	Kind ItemKind
	// Type is the type of a function, or the type that is named; nil if there is none.
	Type *Type
}

func copyItems(of *capi.Component, from []capi.Item) []Item {
	items, types := make([]Item, len(from)), newCopier(of, of)
	for i, item := range from {
		items[i] = Item{item.Name(), ItemKind(item.Kind()), types.copy(item.Type())}
	}
	return items
}
