//! Experimental features: interfaces that exist only for hosts that ask for them.

use crate::error::{Error, Result};

pub mod proposals;

/// One experimental feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name as people write it, in lower case with dashes.
    pub name: &'static str,
    /// The name with its terminating NUL, for C.
    pub c_name: &'static std::ffi::CStr,
    /// Its bit in a set of features.
    pub bit: u64,
}

pub(crate) const MESSAGING: Feature =
    Feature { name: "wasmcloud-messaging-v3", c_name: c"wasmcloud-messaging-v3", bit: 1 };
pub(crate) const IDENTITY: Feature = Feature {
    name: "workload-identity-interface",
    c_name: c"workload-identity-interface",
    bit: 1 << 1,
};
pub(crate) const RPC: Feature =
    Feature { name: "rpc-interface", c_name: c"rpc-interface", bit: 1 << 2 };

/// Every feature this version knows, by bit.
pub const FEATURES: [Feature; 3] = [MESSAGING, IDENTITY, RPC];

/// The set named by `names`: separated by commas, in any case, with `-` or `_`.
///
/// # Errors
/// `INVALID_ARGUMENT` for an unknown name.
pub fn parse(names: &str) -> Result<u64> {
    let mut set = 0;
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let wanted = name.to_ascii_lowercase().replace('_', "-");
        let feature = FEATURES.iter().find(|feature| feature.name == wanted).ok_or_else(|| {
            Error::invalid("experimental_features", format_args!("no feature is called `{name}`"))
        })?;
        set |= feature.bit;
    }
    Ok(set)
}

/// Refuses bits that stand for no feature.
///
/// # Errors
/// `INVALID_ARGUMENT` naming the unknown bits.
pub fn check(set: u64) -> Result<()> {
    let known = FEATURES.iter().fold(0, |all, feature| all | feature.bit);
    match set & !known {
        0 => Ok(()),
        unknown => Err(Error::invalid(
            "experimental_features",
            format_args!("no feature has bit {unknown:#x}"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        assert_eq!(
            parse("WASMCLOUD_MESSAGING_V3, rpc-interface").unwrap(),
            MESSAGING.bit | RPC.bit
        );
        assert_eq!(parse("").unwrap(), 0);
        assert!(parse("rpc").unwrap_err().message().contains("`rpc`"));
    }

    #[test]
    fn unknown_bits_are_refused() {
        check(MESSAGING.bit | IDENTITY.bit | RPC.bit).unwrap();
        assert!(check(1 << 63).unwrap_err().message().contains("0x8000000000000000"));
    }
}
