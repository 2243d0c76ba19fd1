//! Types, written briefly. Shared with the fuzz targets in tests/fuzz.

use std::sync::Arc;

use crate::types::{Case, Field, FunctionType, Name, ResultType, Type};

pub fn field(name: &str, ty: Type) -> Field {
    Field { name: Name::new(name), ty }
}

pub fn case(name: &str, ty: Option<Type>) -> Case {
    Case { name: Name::new(name), ty }
}

pub fn list(ty: Type) -> Type {
    Type::List(Arc::new(ty))
}

pub fn option(ty: Type) -> Type {
    Type::Option(Arc::new(ty))
}

pub fn result(ok: Option<Type>, err: Option<Type>) -> Type {
    Type::Result(Arc::new(ResultType { ok, err }))
}

pub fn record<const N: usize>(fields: [(&str, Type); N]) -> Type {
    Type::Record(fields.into_iter().map(|(name, ty)| field(name, ty)).collect())
}

pub fn variant<const N: usize>(cases: [(&str, Option<Type>); N]) -> Type {
    Type::Variant(cases.into_iter().map(|(name, ty)| case(name, ty)).collect())
}

pub fn enumeration(count: usize) -> Type {
    Type::Enum((0..count).map(|i| Name::new(&format!("c{i}"))).collect())
}

pub fn flags(count: usize) -> Type {
    Type::Flags((0..count).map(|i| Name::new(&format!("f{i}"))).collect())
}

/// A function that takes `p` and gives a value of the same type.
pub fn function(ty: Type) -> FunctionType {
    FunctionType { params: vec![field("p", ty.clone())], result: Some(ty) }
}
