package wasmcell

// Option is an option<T>, for those who want no pointer: *T does as well, of which nil is none.
type Option[T any] struct {
	Value T
	Some  bool
}

func (Option[T]) isOption() {}

// Some is an option that holds a value.
func Some[T any](value T) Option[T] { return Option[T]{value, true} }

// None is an option that holds nothing.
func None[T any]() Option[T] { return Option[T]{} }

// Result is a result<T, E> that is a value: an argument, a part of one, or what a function gives
// if you do not want the error case as an error. T and E are struct{} where WIT has none.
type Result[T, E any] struct {
	Value  T
	Err    E
	Failed bool // Err counts, not Value
}

func (Result[T, E]) isResult() {}

// OK is a result that succeeded.
func OK[T, E any](value T) Result[T, E] { return Result[T, E]{Value: value} }

// Err is a result that failed.
func Err[T, E any](err E) Result[T, E] { return Result[T, E]{Err: err, Failed: true} }

// Variant is a variant as an any. Value is nil if the case carries nothing.
type Variant struct {
	Case  string
	Value any
}
