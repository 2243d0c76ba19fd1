//! Experimental features: interfaces that exist only for hosts that ask for them.

use crate::error::{Error, Result};

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

const MESSAGING: u64 = 1;
const IDENTITY: u64 = 1 << 1;
const RPC: u64 = 1 << 2;

/// Every feature this version knows, by bit.
pub const FEATURES: [Feature; 3] = [
    Feature { name: "wasmcloud-messaging-v3", c_name: c"wasmcloud-messaging-v3", bit: MESSAGING },
    Feature {
        name: "workload-identity-interface",
        c_name: c"workload-identity-interface",
        bit: IDENTITY,
    },
    Feature { name: "rpc-interface", c_name: c"rpc-interface", bit: RPC },
];

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

/// The feature that `interface` belongs to, if it is experimental.
pub fn gate(interface: &str) -> Option<&'static Feature> {
    let bit = match interface {
        "wasmcloud:messaging/producer@0.3.0"
        | "wasmcloud:messaging/request-reply@0.3.0"
        | "wasmcloud:messaging/types@0.3.0" => MESSAGING,
        "wasmcloud:identity/store@0.0.1" => IDENTITY,
        _ if interface.starts_with("wrpc:rpc/") && interface.ends_with("@0.1.0") => RPC,
        _ => return None,
    };
    FEATURES.iter().find(|feature| feature.bit == bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_spelling() {
        assert_eq!(parse("WASMCLOUD_MESSAGING_V3, rpc-interface").unwrap(), MESSAGING | RPC);
        assert_eq!(parse("").unwrap(), 0);
        assert!(parse("rpc").unwrap_err().message().contains("`rpc`"));
    }

    #[test]
    fn unknown_bits_are_refused() {
        check(MESSAGING | IDENTITY | RPC).unwrap();
        assert!(check(1 << 63).unwrap_err().message().contains("0x8000000000000000"));
    }

    #[test]
    fn only_the_listed_versions_are_gated() {
        assert_eq!(gate("wrpc:rpc/transport@0.1.0").unwrap().bit, RPC);
        assert_eq!(gate("wasmcloud:messaging/types@0.3.0").unwrap().bit, MESSAGING);
        assert!(gate("wasmcloud:messaging/types@0.2.0").is_none());
        assert!(gate("wasi:cli/run@0.2.0").is_none());
    }
}
