use crate::types::{ItemKind, Kind};

/// Which constructor a type has, and which field of a runtime_value_t counts.
///
/// Expect numbers that this header does not list: a newer library may have more.
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum runtime_kind_t {
    /// No type: what runtime_type_kind() answers for NULL.
    RUNTIME_KIND_NONE = 0,
    /// `bool`.
    RUNTIME_KIND_BOOL = 1,
    /// `s8`.
    RUNTIME_KIND_S8 = 2,
    /// `u8`.
    RUNTIME_KIND_U8 = 3,
    /// `s16`.
    RUNTIME_KIND_S16 = 4,
    /// `u16`.
    RUNTIME_KIND_U16 = 5,
    /// `s32`.
    RUNTIME_KIND_S32 = 6,
    /// `u32`.
    RUNTIME_KIND_U32 = 7,
    /// `s64`.
    RUNTIME_KIND_S64 = 8,
    /// `u64`.
    RUNTIME_KIND_U64 = 9,
    /// `f32`.
    RUNTIME_KIND_F32 = 10,
    /// `f64`.
    RUNTIME_KIND_F64 = 11,
    /// `char`: a Unicode scalar value.
    RUNTIME_KIND_CHAR = 12,
    /// `string`.
    RUNTIME_KIND_STRING = 13,
    /// `list<...>`; child 0 is the type of the elements.
    RUNTIME_KIND_LIST = 14,
    /// `record`; the children are its fields.
    RUNTIME_KIND_RECORD = 15,
    /// `tuple<...>`; the children are its fields, which have no names.
    RUNTIME_KIND_TUPLE = 16,
    /// `variant`; the children are its cases.
    RUNTIME_KIND_VARIANT = 17,
    /// `enum`; the children are its cases, which carry nothing.
    RUNTIME_KIND_ENUM = 18,
    /// `option<...>`; child 0 is what it may hold.
    RUNTIME_KIND_OPTION = 19,
    /// `result<...>`; child 0 is what success carries, child 1 what failure carries.
    RUNTIME_KIND_RESULT = 20,
    /// `flags`; the children are its flags, which have no types.
    RUNTIME_KIND_FLAGS = 21,
    /// `own<...>`: a handle that owns its resource.
    RUNTIME_KIND_OWN = 22,
    /// `borrow<...>`: a handle that its owner lends for one call.
    RUNTIME_KIND_BORROW = 23,
    /// `func`; the children are its parameters, and runtime_type_result() is its result.
    RUNTIME_KIND_FUNCTION = 32,
    /// A type whose values this version does not support; runtime_type_text() spells it.
    RUNTIME_KIND_UNSUPPORTED = 33,
}

/// What an import or export is.
///
/// Expect numbers that this header does not list: a newer library may have more.
///
/// @since 0.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum runtime_item_kind_t {
    /// No item: what runtime_item_kind() answers for NULL.
    RUNTIME_ITEM_KIND_NONE = 0,
    /// A function.
    RUNTIME_ITEM_KIND_FUNCTION = 1,
    /// A resource.
    RUNTIME_ITEM_KIND_RESOURCE = 2,
    /// A type that is given a name.
    RUNTIME_ITEM_KIND_TYPE = 3,
    /// A core module.
    RUNTIME_ITEM_KIND_MODULE = 4,
    /// A component.
    RUNTIME_ITEM_KIND_COMPONENT = 5,
    /// A core function.
    RUNTIME_ITEM_KIND_CORE_FUNCTION = 6,
}

impl From<Kind> for runtime_kind_t {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::RUNTIME_KIND_BOOL,
            Kind::S8 => Self::RUNTIME_KIND_S8,
            Kind::U8 => Self::RUNTIME_KIND_U8,
            Kind::S16 => Self::RUNTIME_KIND_S16,
            Kind::U16 => Self::RUNTIME_KIND_U16,
            Kind::S32 => Self::RUNTIME_KIND_S32,
            Kind::U32 => Self::RUNTIME_KIND_U32,
            Kind::S64 => Self::RUNTIME_KIND_S64,
            Kind::U64 => Self::RUNTIME_KIND_U64,
            Kind::F32 => Self::RUNTIME_KIND_F32,
            Kind::F64 => Self::RUNTIME_KIND_F64,
            Kind::Char => Self::RUNTIME_KIND_CHAR,
            Kind::String => Self::RUNTIME_KIND_STRING,
            Kind::List => Self::RUNTIME_KIND_LIST,
            Kind::Record => Self::RUNTIME_KIND_RECORD,
            Kind::Tuple => Self::RUNTIME_KIND_TUPLE,
            Kind::Variant => Self::RUNTIME_KIND_VARIANT,
            Kind::Enum => Self::RUNTIME_KIND_ENUM,
            Kind::Option => Self::RUNTIME_KIND_OPTION,
            Kind::Result => Self::RUNTIME_KIND_RESULT,
            Kind::Flags => Self::RUNTIME_KIND_FLAGS,
            Kind::Own => Self::RUNTIME_KIND_OWN,
            Kind::Borrow => Self::RUNTIME_KIND_BORROW,
            Kind::Function => Self::RUNTIME_KIND_FUNCTION,
            Kind::Unsupported => Self::RUNTIME_KIND_UNSUPPORTED,
        }
    }
}

impl From<ItemKind> for runtime_item_kind_t {
    fn from(kind: ItemKind) -> Self {
        match kind {
            ItemKind::Function => Self::RUNTIME_ITEM_KIND_FUNCTION,
            ItemKind::Resource => Self::RUNTIME_ITEM_KIND_RESOURCE,
            ItemKind::Type => Self::RUNTIME_ITEM_KIND_TYPE,
            ItemKind::Module => Self::RUNTIME_ITEM_KIND_MODULE,
            ItemKind::Component => Self::RUNTIME_ITEM_KIND_COMPONENT,
            ItemKind::CoreFunction => Self::RUNTIME_ITEM_KIND_CORE_FUNCTION,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_agree_with_the_core() {
        for kind in Kind::ALL {
            assert_eq!(runtime_kind_t::from(kind) as u8, kind as u8);
        }
        for kind in [
            ItemKind::Function,
            ItemKind::Resource,
            ItemKind::Type,
            ItemKind::Module,
            ItemKind::Component,
            ItemKind::CoreFunction,
        ] {
            assert_eq!(runtime_item_kind_t::from(kind) as i32, kind as i32);
        }
    }
}
