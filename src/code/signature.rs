//! Embedded signatures: the format of wasmsign2, all of the component covered, nothing less.
//!
//! A signed component starts with a custom section named `signature`, which holds hashes and
//! Ed25519 signatures of these hashes. The format also knows signatures of some of the sections, or
//! of several prefixes of the component. Here a signature counts only if what it signs is one hash,
//! and that of every byte after the section: the eight bytes before it are fixed, so nothing is
//! left that a stranger could change, add or leave out.

mod section;

#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};
use wasmsign2::{PublicKey, PublicKeySet};

use crate::error::{Code, Error, Result};

use section::{Problem, Section};

const SETTING: &str = "trusted_key";

/// Public keys, and the decision whether one of them signed a component.
#[derive(Clone, Debug)]
pub struct Verifier {
    keys: PublicKeySet,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Trusts nobody.
    pub fn new() -> Self {
        Self { keys: PublicKeySet::empty() }
    }

    /// Trusts one more key, or each key of an OpenSSH or PEM file: Ed25519 public keys as PEM, DER,
    /// OpenSSH lines, or the 33 bytes that `wasmsign2 keygen` writes.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` naming `trusted_key`; no key is added then.
    pub fn add_key(&mut self, key: &[u8]) -> Result<()> {
        let keys = parse(key).map_err(|problem| Error::invalid(SETTING, problem))?;
        self.keys.items_mut().extend(keys);
        Ok(())
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Checks that one of the keys signed the whole of `component`.
    ///
    /// # Errors
    /// `SIGNATURE`, saying whether the component is unsigned, changed or a stranger's.
    pub fn verify(&self, component: &[u8]) -> Result<()> {
        let refuse = |problem: &str| Err(Error::new(Code::Signature, problem));
        let section = match Section::read(component) {
            Ok(section) => section,
            Err(Problem::Unsigned) => return refuse("the component is not signed"),
            Err(Problem::InParts) => {
                return refuse("the component is signed in parts; sign it as a whole");
            }
            Err(Problem::Malformed(what)) => {
                return refuse(&format!("the component's signature section is malformed: {what}"));
            }
        };
        let content: [u8; 32] = Sha256::digest(section.covered).into();
        if !section.hashes.contains(&content.as_slice()) {
            return refuse("the component was changed after signing, or is signed only in part");
        }
        // The section has been walked: its lengths, which wasmsign2 allocates before it checks
        // them, are true.
        match self.keys.verify(&mut &*component, None) {
            Ok(by) if !by.is_empty() => Ok(()),
            _ => refuse("the component is signed, but by none of the trusted keys"),
        }
    }
}

/// The keys in `key`, or what is wrong with it.
fn parse(key: &[u8]) -> Result<Vec<PublicKey>, String> {
    let keys = match std::str::from_utf8(key) {
        _ if key.is_empty() => return Err("is empty".to_owned()),
        Ok(text) if text.contains("PRIVATE KEY-----") => return Err(PRIVATE.to_owned()),
        Ok(text) if text.contains(PEM_BEGIN) => pem(text)?,
        Ok(text) if text.contains("ssh-") || text.contains("ecdsa-") => openssh(text)?,
        _ => vec![binary(key)?],
    };
    for key in &keys {
        key.pk.validate().map_err(|_| "not a point that Ed25519 accepts as a key".to_owned())?;
    }
    Ok(keys)
}

const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PRIVATE: &str = "a private key; signatures are checked with the public one";

fn pem(text: &str) -> Result<Vec<PublicKey>, String> {
    let blocks = text.split(PEM_BEGIN).skip(1);
    let keys = blocks.map(|block| PublicKey::from_pem(&format!("{PEM_BEGIN}{block}")));
    keys.collect::<Result<_, _>>().map_err(|_| "PEM, but not an Ed25519 public key".to_owned())
}

fn openssh(text: &str) -> Result<Vec<PublicKey>, String> {
    let lines = text.lines().map(str::trim).enumerate();
    let keys = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    keys.map(|(index, line)| {
        let problem = |_| format!("line {}: not an OpenSSH Ed25519 public key", index + 1);
        PublicKey::from_openssh(line).map_err(problem)
    })
    .collect()
}

/// DER, or wasmsign2's own: a byte for the kind, then the key.
fn binary(key: &[u8]) -> Result<PublicKey, String> {
    if key.len() == 65 && key.first() == Some(&0x81) {
        return Err(PRIVATE.to_owned());
    }
    PublicKey::from_bytes(key)
        .or_else(|_| PublicKey::from_der(key))
        .map_err(|_| "not an Ed25519 public key in PEM, DER, OpenSSH or wasmsign2 form".to_owned())
}
