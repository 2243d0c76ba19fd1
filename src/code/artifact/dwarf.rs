//! Debug information of guests, which wasmtime reads anew for each of up to 20 frames of a
//! backtrace, with no limit: not on the names in it, not on how deep it nests, and calling itself
//! for each level. A trap is told within a tenth of a second, whatever the deadline of the call.

mod lines;
mod measure;
mod meter;
mod names;

use std::borrow::Cow;
use std::ops::Range;

use gimli::{Dwarf, LittleEndian};
use wasmparser::{Parser, Payload};

use meter::{Bytes, Meter, TooMuch};

/// Bytes of all of it in a component.
const SIZE: u64 = 16 << 20;
/// What adding up may take, a quarter of a second: it goes over all of it once.
const WORK: u64 = 250_000_000;
/// What reading it for one frame of a trap may take: some five milliseconds, since numbers are
/// rather higher than lower.
const FRAME: u64 = 6_000_000;

/// What sections with debug information begin with, in their names.
const PREFIX: &str = ".debug_";

/// The component in `binary`, without its debug information if that is more than is read.
pub(super) fn bounded(binary: &[u8]) -> Cow<'_, [u8]> {
    let modules = sections(binary);
    let all = || modules.iter().flatten();
    let size: u64 = all().map(|it| it.data.len() as u64).sum();
    let mut meter = Meter::new(WORK);
    if size <= SIZE && modules.iter().all(|it| is_modest(binary, it, &mut meter)) {
        return Cow::Borrowed(binary);
    }
    tracing::warn!(
        target: "wasmcell::artifact::dwarf",
        "debug information is left out: it is damaged, or takes too much to read"
    );
    let mut binary = binary.to_vec();
    // Sections with other names are nobody's.
    all().for_each(|it| binary[it.name_at] = b'-');
    Cow::Owned(binary)
}

/// A section with debug information.
struct Section {
    name: String,
    name_at: usize,
    data: Range<usize>,
}

/// For each module, and each component, its sections with debug information.
fn sections(binary: &[u8]) -> Vec<Vec<Section>> {
    let (mut all, mut open) = (Vec::<Vec<Section>>::new(), Vec::new());
    for payload in Parser::new(0).parse_all(binary) {
        match payload {
            Ok(Payload::Version { .. }) => {
                open.push(all.len());
                all.push(Vec::new());
            }
            Ok(Payload::End(_)) => drop(open.pop()),
            Ok(Payload::CustomSection(section)) if section.name().starts_with(PREFIX) => {
                let start = section.data_offset();
                let data = start..start + section.data().len();
                let (name, name_at) = (section.name().to_owned(), start - section.name().len());
                let module = open.last().and_then(|it: &usize| all.get_mut(*it));
                module.into_iter().for_each(|it| {
                    it.push(Section { name: name.clone(), name_at, data: data.clone() });
                });
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    all
}

/// Whether the debug information of one module takes no more than it may.
fn is_modest(binary: &[u8], module: &[Section], meter: &mut Meter) -> bool {
    let find = |name: &str| module.iter().rev().find(|it| it.name == name);
    let bytes = |name| find(name).and_then(|it| binary.get(it.data.clone())).unwrap_or_default();
    Dwarf::load(|id| Ok::<_, TooMuch>(Bytes::new(bytes(id.name()), LittleEndian)))
        .and_then(|dwarf| measure::frame(&dwarf, meter, FRAME))
        .is_ok_and(|units| units <= FRAME)
}
