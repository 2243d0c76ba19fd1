//! What a serialized artifact looks like, and whether it is whole.
//!
//! Integers are little-endian: magic, version, `has_text`, length of `wit`, length of `code`, the
//! two of `state`, the three of `price`, checksum of all else but magic and version; then `wit` and
//! `code`.

use std::fs::File;
use std::hash::Hasher;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use twox_hash::XxHash64;

use crate::error::{Code, Error, Result};

use super::state::State;
use crate::code::vet::Price;

/// What a WebAssembly binary starts with, whatever its kind.
pub(super) const WASM_MAGIC: &[u8] = b"\0asm";

/// A serialized artifact, taken apart.
pub(super) struct Container<'a> {
    /// 1 if `wit` is the world, 0 if it is the reason why there is no text.
    pub(super) has_text: u32,
    pub(super) state: State,
    pub(super) price: Price,
    pub(super) wit: &'a str,
    pub(super) code: &'a [u8],
}

/// Its first bytes.
pub(super) struct Head {
    pub(super) has_text: u32,
    pub(super) state: State,
    pub(super) price: Price,
    wit_len: u64,
    code_len: u64,
    checksum: u64,
}

impl<'a> Container<'a> {
    pub(super) const MAGIC: [u8; 8] = *b"wasmcell";

    fn head(&self) -> Head {
        let (wit_len, code_len) = (self.wit.len() as u64, self.code.len() as u64);
        let (has_text, state, price) = (self.has_text, self.state, self.price);
        let mut head = Head { has_text, state, price, wit_len, code_len, checksum: 0 };
        let mut sum = head.sum();
        sum.write(self.wit.as_bytes());
        sum.write(self.code);
        head.checksum = sum.finish();
        head
    }

    /// Writes the code first, where it can be mapped, and all else behind it.
    pub(super) fn write_behind(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(self.code)?;
        to.write_all(self.wit.as_bytes())?;
        to.write_all(&self.head().write())
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let head = self.head();
        let mut bytes = Vec::with_capacity(Head::LEN + self.wit.len() + self.code.len());
        bytes.extend_from_slice(&head.write());
        bytes.extend_from_slice(self.wit.as_bytes());
        bytes.extend_from_slice(self.code);
        bytes
    }

    pub(super) fn read(bytes: &'a [u8]) -> Result<Self> {
        let (head, rest) = Head::read(bytes)?;
        head.fits(rest.len())?;
        let (wit, code) = rest.split_at_checked(head.wit_len as usize).ok_or_else(damaged)?;
        let mut sum = head.sum();
        sum.write(rest);
        if sum.finish() != head.checksum {
            return Err(damaged());
        }
        let wit = std::str::from_utf8(wit).map_err(|_| damaged())?;
        Ok(Self { has_text: head.has_text, state: head.state, price: head.price, wit, code })
    }
}

impl Head {
    const VERSION: u32 = 4;
    const LEN: usize = 80;

    fn write(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        let fields: [&[u8]; 6] = [
            &Container::MAGIC,
            &Self::VERSION.to_le_bytes(),
            &self.has_text.to_le_bytes(),
            &self.wit_len.to_le_bytes(),
            &self.code_len.to_le_bytes(),
            &self.figures().map(u64::to_le_bytes).concat(),
        ];
        let fields = [&fields.concat(), &self.checksum.to_le_bytes()[..]].concat();
        for (place, byte) in bytes.iter_mut().zip(fields) {
            *place = byte;
        }
        bytes
    }

    /// What is known of the component besides.
    fn figures(&self) -> [u64; 5] {
        let (State { largest, all }, Price { units, needs, core_instances }) =
            (self.state, self.price);
        [largest, all, units, needs, core_instances]
    }

    fn read(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let (magic, rest) = take(bytes).ok_or_else(|| foreign(bytes))?;
        if magic != Container::MAGIC {
            return Err(foreign(bytes));
        }
        let (version, rest) = take(rest).ok_or_else(damaged)?;
        let version = u32::from_le_bytes(version);
        if version != Self::VERSION {
            let ours = Self::VERSION;
            let problem = format!("a serialized component of format {version}, not {ours}");
            return Err(Error::new(Code::Compile, problem));
        }
        let (has_text, rest) = take(rest).ok_or_else(damaged)?;
        let (wit_len, rest) = take(rest).ok_or_else(damaged)?;
        let (code_len, rest) = take(rest).ok_or_else(damaged)?;
        let (mut figures, mut rest) = ([0; 5], rest);
        for figure in &mut figures {
            let bytes;
            (bytes, rest) = take(rest).ok_or_else(damaged)?;
            *figure = u64::from_le_bytes(bytes);
        }
        let [largest, all, units, needs, core_instances] = figures;
        let (checksum, rest) = take(rest).ok_or_else(damaged)?;
        let head = Self {
            has_text: u32::from_le_bytes(has_text),
            state: State { largest, all },
            price: Price { units, needs, core_instances },
            wit_len: u64::from_le_bytes(wit_len),
            code_len: u64::from_le_bytes(code_len),
            checksum: u64::from_le_bytes(checksum),
        };
        Ok((head, rest))
    }

    /// Reads the head of a container of `len` bytes.
    pub(super) fn take(from: &mut impl Read, len: usize) -> Result<Self> {
        let mut bytes = [0; Self::LEN];
        from.read_exact(&mut bytes).map_err(|_| damaged())?;
        let (head, _) = Self::read(&bytes)?;
        head.fits(len.checked_sub(Self::LEN).ok_or_else(damaged)?)?;
        Ok(head)
    }

    /// Reads what [`Container::write_behind`] wrote, without keeping the code.
    pub(super) fn behind(file: &File) -> Result<(Self, String)> {
        let broken = |error: io::Error| Error::new(Code::Io, error.to_string());
        let len = file.metadata().map_err(broken)?.len();
        let at = len.checked_sub(Self::LEN as u64).ok_or_else(damaged)?;
        let mut file = BufReader::with_capacity(64 << 10, file);
        file.seek(SeekFrom::Start(at)).map_err(broken)?;
        let head = Self::take(&mut file, usize::try_from(len).map_err(|_| damaged())?)?;
        file.seek(SeekFrom::Start(head.code_len)).map_err(broken)?;
        let mut wit = Vec::new();
        file.by_ref().take(head.wit_len).read_to_end(&mut wit).map_err(broken)?;
        file.seek(SeekFrom::Start(0)).map_err(broken)?;
        let wit = head.copy(&mut wit.chain(file), &mut io::sink())?;
        Ok((head, wit))
    }

    /// Copies the code that follows this head to `to`, and answers the text before it.
    ///
    /// # Errors
    /// What is read is not what was written once; or `to` is full.
    pub(super) fn copy(&self, from: &mut impl BufRead, to: &mut impl Write) -> Result<String> {
        let broken = |error: std::io::Error| Error::new(Code::Io, error.to_string());
        let mut sum = self.sum();
        let mut wit = String::new();
        from.take(self.wit_len).read_to_string(&mut wit).map_err(|_| damaged())?;
        sum.write(wit.as_bytes());
        let mut rest = from.take(self.code_len);
        loop {
            let piece = rest.fill_buf().map_err(broken)?;
            if piece.is_empty() {
                break;
            }
            sum.write(piece);
            to.write_all(piece).map_err(broken)?;
            let len = piece.len();
            rest.consume(len);
        }
        // Too few bytes have another sum, too.
        if sum.finish() != self.checksum { Err(damaged()) } else { Ok(wit) }
    }

    /// Whether `len` bytes follow.
    fn fits(&self, len: usize) -> Result<()> {
        match self.wit_len.checked_add(self.code_len) == Some(len as u64) {
            true => Ok(()),
            false => Err(damaged()),
        }
    }

    /// A checksum of this, without what stands for the others.
    fn sum(&self) -> XxHash64 {
        let mut sum = XxHash64::with_seed(0);
        sum.write(&self.has_text.to_le_bytes());
        sum.write(&self.wit_len.to_le_bytes());
        sum.write(&self.code_len.to_le_bytes());
        for figure in self.figures() {
            sum.write(&figure.to_le_bytes());
        }
        sum
    }
}

fn damaged() -> Error {
    Error::new(Code::Compile, "a damaged serialized component")
}

fn take<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    bytes.split_first_chunk().map(|(head, rest)| (*head, rest))
}

/// Says what `bytes` are, if not a serialized component.
fn foreign(bytes: &[u8]) -> Error {
    Error::new(
        Code::Compile,
        if bytes.is_empty() {
            "empty, not a serialized component"
        } else if bytes.starts_with(WASM_MAGIC) {
            "WebAssembly, not a serialized component: it still has to be compiled"
        } else {
            "not a serialized component"
        },
    )
}
