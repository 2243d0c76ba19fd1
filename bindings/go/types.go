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
// was asked of.
type Type struct {
	kind   Kind
	text   string
	fields []Field
	result *Type

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

// String spells the type as WIT does, such as list<u8>; "nothing" for nil.
func (t *Type) String() string {
	if t == nil {
		return "nothing"
	}
	return t.text
}

// copyType copies a type, which is borrowed from the library, with all its parts.
func copyType(from capi.Type) *Type {
	if !from.Exists() {
		return nil
	}
	t := &Type{kind: Kind(from.Kind()), text: from.Text(), result: copyType(from.Result())}
	if count := from.Len(); count > 0 {
		t.fields = make([]Field, count)
		for i := range t.fields {
			t.fields[i] = Field{Name: from.ChildName(i), Type: copyType(from.Child(i))}
		}
	}
	return t
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

func copyItems(from []capi.Item) []Item {
	items := make([]Item, len(from))
	for i, item := range from {
		items[i] = Item{item.Name(), ItemKind(item.Kind()), copyType(item.Type())}
	}
	return items
}
