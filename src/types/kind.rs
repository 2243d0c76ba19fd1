//! The constructors of types, as numbers.

/// Which constructor a [`Type`](super::Type) has. Numbers are stable: C sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "named as in WIT")]
pub enum Kind {
    Bool = 1,
    S8 = 2,
    U8 = 3,
    S16 = 4,
    U16 = 5,
    S32 = 6,
    U32 = 7,
    S64 = 8,
    U64 = 9,
    F32 = 10,
    F64 = 11,
    Char = 12,
    String = 13,
    List = 14,
    Record = 15,
    Tuple = 16,
    Variant = 17,
    Enum = 18,
    Option = 19,
    Result = 20,
    Flags = 21,
    Own = 22,
    Borrow = 23,
    Function = 32,
    Unsupported = 33,
}

impl Kind {
    /// Every kind, in numeric order.
    pub const ALL: [Self; 25] = [
        Self::Bool,
        Self::S8,
        Self::U8,
        Self::S16,
        Self::U16,
        Self::S32,
        Self::U32,
        Self::S64,
        Self::U64,
        Self::F32,
        Self::F64,
        Self::Char,
        Self::String,
        Self::List,
        Self::Record,
        Self::Tuple,
        Self::Variant,
        Self::Enum,
        Self::Option,
        Self::Result,
        Self::Flags,
        Self::Own,
        Self::Borrow,
        Self::Function,
        Self::Unsupported,
    ];

    /// The kind with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }

    /// Whether a list of it is one plain C array.
    pub fn is_flat(self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::S8
                | Self::U8
                | Self::S16
                | Self::U16
                | Self::S32
                | Self::U32
                | Self::S64
                | Self::U64
                | Self::F32
                | Self::F64
                | Self::Char
        )
    }

    /// Its keyword in WIT.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::S8 => "s8",
            Self::U8 => "u8",
            Self::S16 => "s16",
            Self::U16 => "u16",
            Self::S32 => "s32",
            Self::U32 => "u32",
            Self::S64 => "s64",
            Self::U64 => "u64",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::String => "string",
            Self::List => "list",
            Self::Record => "record",
            Self::Tuple => "tuple",
            Self::Variant => "variant",
            Self::Enum => "enum",
            Self::Option => "option",
            Self::Result => "result",
            Self::Flags => "flags",
            Self::Own => "own",
            Self::Borrow => "borrow",
            Self::Function => "func",
            Self::Unsupported => "unsupported",
        }
    }
}
