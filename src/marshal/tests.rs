//! Types and values for the tests below.

use super::layout::{
    runtime_flags_t, runtime_list_t, runtime_slice_t, runtime_string_t, runtime_value_of_t,
    runtime_value_t,
};
use super::{Results, copy_results, lift_results, lower_args};
use crate::error::{Error, Result};
use crate::marshal::handles::NoHandles;
use crate::types::{FunctionType, Kind, Name, Resource, Type};
use crate::value::Value;

mod differential;
mod echo;
mod errors;
mod execution;
mod few;
mod layouts;
mod planned;
mod quick;
mod random;
mod round_trips;
mod shapes;
mod whole;

use shapes::*;

/// A type of resource.
fn thing() -> Resource {
    let ty = wasmtime::component::ResourceType::host::<u8>();
    Resource::new(Name::new("a:b/c@1.0.0#thing"), ty)
}

fn value(kind: Kind, of: runtime_value_of_t) -> runtime_value_t {
    runtime_value_t { kind: kind as u8, element: 0, reserved: 0, index: 0, of }
}

fn u32_value(u32: u32) -> runtime_value_t {
    value(Kind::U32, runtime_value_of_t { u32 })
}

fn string_of(bytes: &[u8]) -> runtime_value_t {
    let string = runtime_string_t { ptr: bytes.as_ptr().cast(), len: bytes.len() };
    value(Kind::String, runtime_value_of_t { string })
}

fn flat_list<T>(element: Kind, elements: &[T]) -> runtime_value_t {
    let list = runtime_list_t { ptr: elements.as_ptr().cast(), len: elements.len() };
    let element = element as u8;
    runtime_value_t { element, ..value(Kind::List, runtime_value_of_t { list }) }
}

fn list_of(values: &[runtime_value_t]) -> runtime_value_t {
    let list = runtime_list_t { ptr: values.as_ptr().cast(), len: values.len() };
    value(Kind::List, runtime_value_of_t { list })
}

fn members(kind: Kind, values: &[runtime_value_t]) -> runtime_value_t {
    let values = runtime_slice_t { ptr: values.as_ptr(), len: values.len() };
    value(kind, runtime_value_of_t { values })
}

fn in_case(kind: Kind, index: u32, payload: Option<&runtime_value_t>) -> runtime_value_t {
    let payload = payload.map_or(std::ptr::null(), std::ptr::from_ref);
    runtime_value_t { index, ..value(kind, runtime_value_of_t { payload }) }
}

fn flags_of(words: &[u32]) -> runtime_value_t {
    let flags = runtime_flags_t { ptr: words.as_ptr(), len: words.len() };
    value(Kind::Flags, runtime_value_of_t { flags })
}

/// Lowers `value` as the parameter `p` of type `ty`.
fn lower(value: runtime_value_t, ty: &Type) -> Result<Value> {
    // SAFETY: the helpers above build values of live slices.
    let mut values = unsafe { lower_args(&[value], &function(ty.clone()), &mut NoHandles)? };
    assert_eq!(values.len(), 1);
    Ok(values.remove(0))
}

fn lower_error(value: runtime_value_t, ty: &Type) -> Error {
    lower(value, ty).expect_err("the value is refused")
}

/// Lifts `value` as a result of type `ty`.
fn lift(value: Value, ty: &Type) -> Results {
    lift_results(&[value], &function(ty.clone()), &[]).expect("the value has the type")
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

fn some(value: Value) -> Option<Box<Value>> {
    Some(Box::new(value))
}
