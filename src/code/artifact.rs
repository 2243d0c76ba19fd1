//! Compiled code: made from a component's bytes, written out, and read back.
//!
//! Reading back is the dangerous direction. What [`Artifact::serialize`] wrote is machine code, and
//! wasmtime runs it as it is. The container around it (magic, version, checksum) finds damage and
//! mix-ups; it cannot find malice, because a forger computes the checksum as well.

mod container;
mod dwarf;
mod import;
mod packages;
mod registered;
mod sealed;
mod shared;
mod state;
mod terms;
mod text;
mod threads;
mod wit;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io::Read;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, Weak};

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::code::cache::vetted::Vetted;
use crate::code::vet::{self, Price};
use crate::error::{Code, Error, Result};
use crate::features::proposals;
use crate::system::signals::Quiet;
use crate::traps::{exhausted, words};

use container::{Container, Head, WASM_MAGIC};
use registered::Registered;
use sealed::Sealed;
pub(crate) use terms::{MAX_COMPILE_COST, MAX_CORE_INSTANCES, MAX_TEXT_SIZE, Stop, Terms};

pub(crate) use state::State;

/// The four bytes after the magic: version, then layer (0 a core module, 1 a component).
const CORE_MODULE: [u8; 4] = [1, 0, 0, 0];
const COMPONENT: [u8; 4] = [0x0d, 0, 1, 0];

/// A component as machine code, with its world as WIT text.
pub struct Artifact {
    code: Registered,
    /// The text, or why there is none.
    wit: Result<Arc<str>, Arc<str>>,
    state: State,
    price: Price,
    elsewhere: Elsewhere,
}

/// What there is of the same code in other engines.
#[derive(Default)]
struct Elsewhere {
    copies: Mutex<Vec<Weak<Artifact>>>,
    /// Calls that would have had something of that.
    met: AtomicU32,
}

impl Artifact {
    /// Compiles a component: a binary, or the WebAssembly text format.
    ///
    /// # Errors
    /// `COMPILE` if the bytes are not a valid component, `UNSUPPORTED` if they need a feature of
    /// WebAssembly that this runtime has not enabled, `MEMORY_LIMIT` or `RESOURCE_LIMIT` if no
    /// instance would fit the runtime's pool, `RESOURCE_LIMIT` or `COMPONENT_TOO_LARGE` if a
    /// default limit of loading is met.
    pub fn compile(engine: &Engine, bytes: &[u8]) -> Result<Self> {
        Self::compile_on(engine, bytes, &Terms::default())
    }

    /// As [`compile`](Self::compile), on these terms.
    pub(crate) fn compile_on(engine: &Engine, bytes: &[u8], terms: &Terms) -> Result<Self> {
        let (binary, price) = vetted(bytes, terms)?;
        let binary = &*match terms.backtrace_details {
            true => dwarf::bounded(&binary),
            false => Cow::Borrowed(&*binary),
        };
        // All that recurses runs there, where there is stack for it.
        let (code, wit) = threads::compile(binary.len(), terms, || {
            crate::failpoint::hit("core:compile");
            let code = Registered::compile(engine, binary)?;
            Ok((code, wit::text(binary).map(Arc::from).map_err(Arc::from)))
        })?
        .map_err(|error| import::named(refusal(&error), binary))?;
        terms.stop.check()?;
        Ok(Self { code, wit, state: State::of(binary), price, elsewhere: Elsewhere::default() })
    }

    /// What wasmtime made of the bytes.
    pub fn component(&self) -> &Component {
        self.code.component()
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

    /// What each of its instances takes besides memories and tables.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    /// Whether `terms` allow to compile what this was made of, a component given as `bytes`.
    pub(crate) fn is_within(&self, bytes: &[u8], terms: &Terms) -> bool {
        let fits = bytes.starts_with(WASM_MAGIC) || bytes.len() as u64 <= terms.max_text_size;
        fits && self.price.is_within(terms.budget, terms.max_core_instances)
    }

    /// How many units compiling it takes.
    pub(crate) fn units(&self) -> u64 {
        self.price.units
    }

    /// Bytes of machine code and text that this keeps in memory.
    pub fn size(&self) -> u64 {
        let image = self.component().image_range();
        let text = self.wit.as_ref().map_or(0, |text| text.len());
        (image.end.addr().saturating_sub(image.start.addr()) + text) as u64
    }

    /// The machine code and all that goes with it, for [`Artifact::deserialize`] of this version
    /// of the library, with the same settings, on the same kind of machine.
    ///
    /// # Errors
    /// `COMPILE` with wasmtime's reason.
    pub fn serialize(&self) -> Result<Vec<u8>> {
        let code = self.component().serialize().map_err(|e| refusal(&e))?;
        let (has_text, wit) = self.text();
        let (state, price) = (self.state, self.price);
        Ok(Container { has_text, state, price, wit, code: &code }.write())
    }

    /// The text, or why there is none, and 1 or 0 for which of them it is.
    fn text(&self) -> (u32, &str) {
        match &self.wit {
            Ok(text) => (1, text),
            Err(reason) => (0, reason),
        }
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
        let code = Registered::load(|| unsafe { Component::deserialize(engine, container.code) })
            .map_err(|error| made_elsewhere(&error))?;
        let Container { has_text, state, price, wit, code: _ } = container;
        let wit = world(has_text, wit);
        Ok(Self { code, wit, state, price, elsewhere: Elsewhere::default() })
    }

    /// Reads what an earlier [`Artifact::serialize`] left in the disk cache.
    pub(crate) fn from_cache(engine: &Engine, file: &mut Vetted) -> Result<Self> {
        if let Some(artifact) = Self::mapped(engine, file)? {
            return Ok(artifact);
        }
        file.rewind()?;
        Self::copied(engine, file)
    }

    /// Copies the code into a file without a name, checking it on the way, and lets wasmtime map
    /// that. Not the cache's own file: a later change of that one would change running code.
    ///
    /// `None` if there is no such file, no /proc to find it in, or no permission to run it.
    #[allow(unsafe_code)]
    fn mapped(engine: &Engine, file: &mut Vetted) -> Result<Option<Self>> {
        // A limit on the size of files holds for those in memory, too.
        let _quiet = Quiet::here();
        let Some(mut copy) = Sealed::new() else { return Ok(None) };
        let len = file.len();
        let head = Head::take(file, len)?;
        let wit = head.copy(file, &mut copy)?;
        let Some(path) = copy.seal() else { return Ok(None) };
        // SAFETY: only `cache::disk` makes a `Vetted`, from a file that nobody but this user can
        // have written, in a directory where the cache alone stores what `serialize` gave it.
        // `Head::copy` has found it to be whole, and what stands at `path` stays as it is.
        let code = Registered::load(|| unsafe { Component::deserialize_file(engine, path) });
        let Head { has_text, state, price, .. } = head;
        Ok(code.ok().map(|code| Self {
            code,
            wit: world(has_text, &wit),
            state,
            price,
            elsewhere: Elsewhere::default(),
        }))
    }

    /// Reads all of it into memory first.
    #[allow(unsafe_code)]
    pub(crate) fn copied(engine: &Engine, file: &mut Vetted) -> Result<Self> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(file.len()).map_err(|_| Error::new(Code::Io, "too large"))?;
        file.read_to_end(&mut bytes).map_err(|error| Error::new(Code::Io, error.to_string()))?;
        // SAFETY: as in `mapped`; `deserialize` finds out whether it is whole.
        unsafe { Self::deserialize(engine, &bytes) }
    }
}

impl std::fmt::Debug for Artifact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artifact").field("size", &self.size()).finish_non_exhaustive()
    }
}

/// The text of a world, or why there is none.
fn world(has_text: u32, text: &str) -> Result<Arc<str>, Arc<str>> {
    if has_text == 1 { Ok(text.into()) } else { Err(text.into()) }
}

/// The binary of a component given as binary or text, and its price, which `terms` allow.
///
/// # Errors
/// `COMPILE` if the bytes are not a component; `RESOURCE_LIMIT` and `COMPONENT_TOO_LARGE` name the
/// limit that they meet.
fn vetted<'a>(bytes: &'a [u8], terms: &Terms) -> Result<(Cow<'a, [u8]>, Price)> {
    // Reading it takes memory, too.
    threads::fitting(bytes.len(), 1)?;
    let binary = component_binary(bytes, terms.max_text_size)?;
    terms.stop.check()?;
    let price = vet::vet(&binary, terms.budget, terms.max_core_instances)?;
    terms.stop.check()?;
    Ok((binary, price))
}

fn component_binary(bytes: &[u8], max_text_size: u64) -> Result<Cow<'_, [u8]>> {
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
        if text.len() as u64 > max_text_size {
            let size = text.len();
            let problem = match max_text_size {
                0 => "not a WebAssembly binary, and `max_text_size` is 0: no text".to_owned(),
                max => format!("the text has {size} bytes; `max_text_size` is {max}"),
            };
            let error = Error::new(Code::ComponentTooLarge, problem);
            return Err(error.met("max_text_size", Some(size as u64), max_text_size));
        }
        vet::text::vet(bytes)?;
        Cow::Owned(text::binary(text)?)
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

/// Why wasmtime does not take a component.
fn refusal(error: &wasmtime::Error) -> Error {
    if let Some(exhausted) = exhausted(error) {
        return exhausted;
    }
    let reason = reason(error);
    let code = match error.is::<std::io::Error>() {
        true => Code::Io,
        false => words::refusal(&reason),
    };
    match proposals::missing(&reason) {
        Some(it) if code == Code::Unsupported => {
            let on = format_args!("{reason}; {} in `proposals` switches it on", it.constant);
            Error::new(code, on).with_setting("proposals")
        }
        _ => Error::new(code, reason),
    }
}

/// Why wasmtime does not take compiled code.
fn made_elsewhere(error: &wasmtime::Error) -> Error {
    if let Some(exhausted) = exhausted(error) {
        return exhausted;
    }
    let reason = reason(error);
    if error.is::<std::io::Error>() {
        return Error::new(Code::Io, reason);
    }
    let hint = match words::made_with_other_settings(&reason) {
        true => {
            "; a runtime with another `signal_handlers`, another allocator, or other `proposals`, \
             made it"
        }
        false => "",
    };
    Error::new(Code::Compile, format!("made elsewhere: {reason}{hint}"))
}

/// The causes of `error` in one line, without those that only say that something failed.
fn reason(error: &wasmtime::Error) -> String {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let telling = |cause: &&String| !words::says_nothing(cause);
    let told: Vec<&str> = causes.iter().filter(telling).map(String::as_str).collect();
    if told.is_empty() { causes.join(": ") } else { told.join(": ") }
}
