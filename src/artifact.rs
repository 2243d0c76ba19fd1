//! Compiled code: made from a component's bytes, written out, and read back.
//!
//! Reading back is the dangerous direction. What [`Artifact::serialize`] wrote is machine code, and
//! wasmtime runs it as it is. The container around it (magic, version, SHA-256) finds damage and
//! mix-ups; it cannot find malice, because whoever forges the code also computes the digest.

mod packages;
mod threads;
mod wit;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::Vetted;
use crate::error::{Code, Error, Result};
use crate::process::Birthplace;

/// What a WebAssembly binary starts with, whatever its kind.
const WASM_MAGIC: &[u8] = b"\0asm";
/// The four bytes after the magic: version, then layer (0 a core module, 1 a component).
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];

/// A component as machine code, with its world as WIT text.
pub struct Artifact {
    component: Component,
    /// The text, or why there is none.
    wit: Result<Arc<str>, Arc<str>>,
    birthplace: Birthplace,
}

impl Artifact {
    /// Compiles a component: a binary, or the WebAssembly text format.
    ///
    /// # Errors
    /// `COMPILE` if the bytes are no valid component, `UNSUPPORTED` if they need a feature of
    /// WebAssembly that this runtime has not enabled, `MEMORY_LIMIT` or `RESOURCE_LIMIT` if no
    /// instance would fit the runtime's pool.
    pub fn compile(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        let binary = component_binary(bytes)?;
        let component = threads::compile(|| Component::from_binary(engine, &binary))?
            .map_err(|e| refusal(&e))?;
        let wit = wit::text(&binary).map(Arc::from).map_err(Arc::from);
        Ok(Self { component, wit, birthplace: Birthplace::here() })
    }

    /// What wasmtime made of the bytes.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// The component's world in WIT, together with the packages it refers to.
    ///
    /// # Errors
    /// `UNSUPPORTED` if the component has types that WIT cannot spell.
    pub fn wit(&self) -> Result<&str> {
        match &self.wit {
            Ok(text) => Ok(text),
            Err(reason) => Err(Error::new(Code::Unsupported, &**reason)),
        }
    }

    /// Bytes of machine code and text that this keeps in memory.
    pub fn size(&self) -> u64 {
        let image = self.component.image_range();
        let text = self.wit.as_ref().map_or(0, |text| text.len());
        (image.end.addr().saturating_sub(image.start.addr()) + text) as u64
    }

    /// The machine code and all that goes with it, for [`Artifact::deserialize`] of this version
    /// of the library, with the same settings, on the same kind of machine.
    ///
    /// # Errors
    /// `COMPILE` with wasmtime's reason.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let code = self.component.serialize().map_err(|e| refusal(&e))?;
        let (has_text, wit) = match &self.wit {
            Ok(text) => (1, &**text),
            Err(reason) => (0, &**reason),
        };
        Ok(Container { has_text, wit, code: &code }.write())
    }

    /// Reads what [`Artifact::serialize`] wrote.
    ///
    /// # Errors
    /// `COMPILE` if the bytes are something else, damaged, or made by another version, for another
    /// machine or with other settings.
    ///
    /// # Safety
    /// `bytes` come, unmodified, from [`Artifact::serialize`]: others may run as machine code.
    #[allow(unsafe_code)]
    pub unsafe fn deserialize(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        let container = Container::read(bytes)?;
        // SAFETY: the caller vouches for the origin of `bytes`; `Container::read` has found them
        // to be whole.
        let component = unsafe { Component::deserialize(engine, container.code) }
            .map_err(|e| Error::new(Code::Compile, format!("made elsewhere: {}", reason(&e))))?;
        let wit: Arc<str> = container.wit.into();
        let wit = if container.has_text == 1 { Ok(wit) } else { Err(wit) };
        Ok(Self { component, wit, birthplace: Birthplace::here() })
    }

    /// Reads what an earlier [`Artifact::serialize`] left in the disk cache.
    #[allow(unsafe_code)]
    pub(crate) fn from_cache(engine: &Engine, file: &Vetted) -> Result<Self> {
        // SAFETY: only `cache::disk` makes a `Vetted`, from a file that nobody but this user can
        // have written, in a directory where the cache alone stores what `serialize` gave it.
        unsafe { Self::deserialize(engine, file.artifact()) }
    }
}

impl Drop for Artifact {
    fn drop(&mut self) {
        if self.birthplace.is_forked() {
            // Threads that did not come along may hold wasmtime's locks on code for ever.
            std::mem::forget(self.component.clone());
        }
    }
}

impl std::fmt::Debug for Artifact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifact").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// A serialized artifact, taken apart. On disk, integers little-endian: magic, version, `has_text`,
/// length of `wit`, SHA-256 of all that follows it and of the two integers before; `wit`; `code`.
struct Container<'a> {
    /// 1 if `wit` is the world, 0 if it is the reason why there is no text.
    has_text: u32,
    wit: &'a str,
    code: &'a [u8],
}

impl<'a> Container<'a> {
    const MAGIC: [u8; 8] = *b"wasmcell";
    const VERSION: u32 = 1;
    const HEAD: usize = 56;

    fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::HEAD + self.wit.len() + self.code.len());
        bytes.extend_from_slice(&Self::MAGIC);
        bytes.extend_from_slice(&Self::VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.has_text.to_le_bytes());
        bytes.extend_from_slice(&(self.wit.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&self.digest());
        bytes.extend_from_slice(self.wit.as_bytes());
        bytes.extend_from_slice(self.code);
        bytes
    }

    fn read(bytes: &'a [u8]) -> Result<Self> {
        let (magic, rest) = take::<8>(bytes).ok_or_else(|| foreign(bytes))?;
        if magic != Self::MAGIC {
            return Err(foreign(bytes));
        }
        let damaged = || Error::new(Code::Compile, "a damaged serialized component");
        let (version, rest) = take(rest).ok_or_else(damaged)?;
        let version = u32::from_le_bytes(version);
        if version != Self::VERSION {
            let ours = Self::VERSION;
            let problem = format!("a serialized component of format {version}, not {ours}");
            return Err(Error::new(Code::Compile, problem));
        }
        let (has_text, rest) = take(rest).ok_or_else(damaged)?;
        let (wit_len, rest) = take(rest).ok_or_else(damaged)?;
        let (digest, rest) = take::<32>(rest).ok_or_else(damaged)?;
        let wit_len = usize::try_from(u64::from_le_bytes(wit_len)).map_err(|_| damaged())?;
        let (wit, code) = rest.split_at_checked(wit_len).ok_or_else(damaged)?;
        let wit = std::str::from_utf8(wit).map_err(|_| damaged())?;
        let container = Self { has_text: u32::from_le_bytes(has_text), wit, code };
        if container.digest() != digest { Err(damaged()) } else { Ok(container) }
    }

    fn digest(&self) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.has_text.to_le_bytes())
            .chain_update((self.wit.len() as u64).to_le_bytes())
            .chain_update(self.wit)
            .chain_update(self.code)
            .finalize()
            .into()
    }
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

/// The binary of a component given as binary or text.
fn component_binary(bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    let refuse = |problem: &str| Err(Error::new(Code::Compile, problem));
    if bytes.is_empty() {
        return refuse("empty, not a component");
    }
    if bytes.starts_with(&Container::MAGIC) {
        return refuse("already compiled: a serialized component, which has to be deserialized");
    }
    let binary = if bytes.starts_with(WASM_MAGIC) {
        Cow::Borrowed(bytes)
    } else {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refuse("neither a WebAssembly binary nor WebAssembly text");
        };
        Cow::Owned(wat::parse_str(text).map_err(|e| bad_text(&e))?)
    };
    match binary.get(4..8) {
        Some(kind) if kind == COMPONENT => Ok(binary),
        Some(kind) if kind == CORE_MODULE => refuse(
            "a core module, not a component: `wasm-tools component new` makes a component of it",
        ),
        Some(&[a, b, 1, 0]) => {
            let version = u16::from_le_bytes([a, b]);
            refuse(&format!("a component of binary format {version}; this runtime reads 13"))
        }
        Some(_) => refuse("a WebAssembly binary of an unknown kind"),
        None => refuse("cut off within the first eight bytes of a WebAssembly binary"),
    }
}

/// One line for what `wat` prints as a picture of the source: the problem and its place.
fn bad_text(error: &wat::Error) -> Error {
    let picture = error.to_string();
    let mut lines = picture.lines();
    let problem = lines.next().unwrap_or_default();
    let place = lines.next().and_then(|line| line.split_once("<anon>:")).map(|(_, place)| place);
    let message = match place.and_then(|place| place.split_once(':')) {
        Some((line, column)) => {
            format!("not WebAssembly text: line {line}, column {column}: {problem}")
        }
        None => format!("not WebAssembly text: {problem}"),
    };
    Error::new(Code::Compile, message)
}

/// Classifies why wasmtime does not take a component. It has one type for all of these, hence the
/// look at the words; an unknown wording falls back to `COMPILE`.
fn refusal(error: &wasmtime::Error) -> Error {
    let reason = reason(error);
    let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    let code = if says(&["minimum byte size", "minimum element size"]) {
        Code::MemoryLimit
    } else if says(&["exceeds the configured maximum", "exceeds the per-instance limit"]) {
        Code::ResourceLimit
    } else if says(&[
        " feature",
        "not enabled",
        "must be enabled",
        "disabled",
        "not supported",
        "proposal",
    ]) {
        Code::Unsupported
    } else {
        Code::Compile
    };
    Error::new(code, reason)
}

/// The causes of `error` in one line, without those that only say that something failed.
fn reason(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let telling = |cause: &&String| !cause.starts_with("failed to parse WebAssembly module");
    let told: Vec<&str> = causes.iter().filter(telling).map(String::as_str).collect();
    if told.is_empty() { causes.join(": ") } else { told.join(": ") }
}
