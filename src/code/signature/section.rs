//! The signature section, walked before wasmsign2 sees it.
//!
//! wasmsign2 allocates what a length field says before it looks whether so many bytes are there:
//! ten bytes of garbage cost up to 4 GiB, and abort a process that may not have them. Here each
//! length is held against the bytes around it first.

/// Everything of a binary that starts with a signature section.
pub(super) struct Section<'a> {
    /// SHA-256 digests that were signed, each on its own.
    pub(super) hashes: Vec<&'a [u8]>,
    /// All bytes after the section.
    pub(super) covered: &'a [u8],
}

/// Why there is no [`Section`].
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Something else is in its place.
    Unsigned,
    /// It cannot be read, for this reason.
    Malformed(&'static str),
    /// Several prefixes of the component were signed at once.
    InParts,
}

/// Header of a component; core modules are never accepted.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
const NAME: &[u8] = b"signature";
/// A thousand signatures: bounds the work that a stranger can cause before being refused.
const MAX_SECTION: usize = 64 << 10;
const SHA256_LEN: usize = 32;
const ED25519: u8 = 1;
const ED25519_LEN: usize = 64;

impl<'a> Section<'a> {
    /// Takes `component` apart.
    pub(super) fn read(component: &'a [u8]) -> Result<Self, Problem> {
        let rest = component.strip_prefix(COMPONENT).ok_or(Problem::Unsigned)?;
        let mut rest = Bytes(rest);
        let mut section = match rest.byte() {
            Ok(0) => rest.prefixed().map_err(|_| Problem::Unsigned)?,
            _ => return Err(Problem::Unsigned),
        };
        let section_len = section.0.len();
        match section.prefixed() {
            Ok(name) if name.0 == NAME => {}
            _ => return Err(Problem::Unsigned),
        }
        if section_len > MAX_SECTION {
            return Err(Problem::Malformed("longer than 64 KiB"));
        }
        Ok(Self { hashes: signed_hashes(section)?, covered: rest.0 })
    }
}

fn signed_hashes(mut data: Bytes<'_>) -> Result<Vec<&[u8]>, Problem> {
    for (field, what) in [
        (data.byte()?, "unknown version"),
        (data.byte()?, "unknown kind of content"),
        (data.byte()?, "unknown hash function"),
    ] {
        if field != 1 {
            return Err(Problem::Malformed(what));
        }
    }
    let mut hashes = Vec::new();
    for _ in 0..data.number()? {
        let mut signed = data.prefixed()?;
        // With several hashes, each but the last is that of a prefix, and wasmsign2 would accept
        // a component that a stranger has cut down to it.
        if signed.number()? != 1 {
            return Err(Problem::InParts);
        }
        hashes.push(signed.take(SHA256_LEN)?);
        for _ in 0..signed.number()? {
            walk_signature(signed.prefixed()?)?;
        }
        signed.end()?;
    }
    data.end()?;
    Ok(hashes)
}

fn walk_signature(mut data: Bytes<'_>) -> Result<(), Problem> {
    let _key_id = data.prefixed()?;
    if data.byte()? != ED25519 {
        return Ok(()); // wasmsign2 passes over algorithms it does not know
    }
    if data.prefixed()?.0.len() != ED25519_LEN {
        return Err(Problem::Malformed("a signature of the wrong length"));
    }
    data.end()
}

/// Bytes not read yet.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

const CUT_OFF: Problem = Problem::Malformed("cut off");

impl<'a> Bytes<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        let (first, rest) = self.0.split_first().ok_or(CUT_OFF)?;
        self.0 = rest;
        Ok(*first)
    }

    /// An unsigned LEB128 of at most 32 bits.
    fn number(&mut self) -> Result<u32, Problem> {
        let mut number = 0;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).map_err(|_| Problem::Malformed("number too large"));
            }
        }
        Err(Problem::Malformed("number too long"))
    }

    /// As many bytes as the number before them says.
    fn prefixed(&mut self) -> Result<Self, Problem> {
        let len = usize::try_from(self.number()?).map_err(|_| CUT_OFF)?;
        self.take(len).map(Self)
    }

    fn end(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::Malformed("trailing bytes")) }
    }
}
