//! Debug information of guests, which wasmtime reads anew for each frame of a backtrace, with no
//! limit: not on the names in it, not on how deep it nests, and calling itself for each level.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use gimli::{
    AttributeValue, DW_AT_ranges, DW_TAG_inlined_subroutine, Dwarf, EndianSlice, LittleEndian,
    Reader, Unit,
};
use wasmparser::{Parser, Payload};

type Bytes<'a> = EndianSlice<'a, LittleEndian>;

/// Bytes of all of it in a component.
const SIZE: u64 = 16 << 20;
/// Bytes that a reader may go over, many of them several times.
const WORK: u64 = 64 << 20;
/// Bytes of a name: of a function, a file, a directory.
const NAME: u64 = 16 << 10;
/// How deep functions may be inlined into each other.
const INLINED: usize = 64;

/// What sections with debug information begin with, in their names.
const PREFIX: &str = ".debug_";

/// The component in `binary`, without its debug information if that is more than is read.
pub(super) fn bounded(binary: &[u8]) -> Cow<'_, [u8]> {
    let modules = sections(binary);
    let all = || modules.iter().flatten();
    let size: u64 = all().map(|it| it.data.len() as u64).sum();
    if size <= SIZE && modules.iter().all(|it| measure(binary, it).is_ok()) {
        return Cow::Borrowed(binary);
    }
    tracing::warn!("debug information is left out: it is damaged, or takes too much to read");
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

/// It takes too much to read, or cannot be read.
#[derive(Debug)]
struct TooMuch;

impl From<gimli::Error> for TooMuch {
    fn from(_: gimli::Error) -> Self {
        Self
    }
}

/// What reading may still take.
struct Work(u64);

impl Work {
    fn take(&mut self, bytes: u64) -> Result<(), TooMuch> {
        self.0 = self.0.checked_sub(bytes).ok_or(TooMuch)?;
        Ok(())
    }

    /// One that is put together for each unit.
    fn path(&mut self, name: Bytes<'_>) -> Result<(), TooMuch> {
        let bytes = name.len() as u64;
        if bytes > NAME { Err(TooMuch) } else { self.take(bytes) }
    }

    /// One that is read where it is wanted, if at all.
    fn name(&mut self, name: Bytes<'_>) -> Result<(), TooMuch> {
        let bytes = name.len() as u64;
        if bytes > NAME { Err(TooMuch) } else { self.take(bytes / 16) }
    }
}

/// Adds up what a reader of the debug information of one module would go over.
fn measure(binary: &[u8], module: &[Section]) -> Result<(), TooMuch> {
    let find = |name: &str| module.iter().rev().find(|it| it.name == name);
    let bytes = |name| find(name).and_then(|it| binary.get(it.data.clone())).unwrap_or_default();
    let dwarf = Dwarf::load(|id| Ok::<_, TooMuch>(Bytes::new(bytes(id.name()), LittleEndian)))?;
    let mut work = Work(WORK);
    let mut tables = Tables { bytes: bytes(".debug_abbrev"), known: HashMap::new() };
    let mut units = dwarf.units();
    while let Some(header) = units.next()? {
        work.take(header.length_including_self() as u64)?;
        // Each unit reads its table of abbreviations, also where others have the same.
        tables.read(header.debug_abbrev_offset().0, &mut work)?;
        let unit = dwarf.unit(header)?;
        entries(&dwarf, &unit, &mut work)?;
        lines(&dwarf, &unit, &mut work)?;
    }
    Ok(())
}

/// Tables of abbreviations, which may overlap.
struct Tables<'a> {
    bytes: &'a [u8],
    known: HashMap<usize, u64>,
}

impl Tables<'_> {
    fn read(&mut self, at: usize, work: &mut Work) -> Result<(), TooMuch> {
        if let Some(known) = self.known.get(&at) {
            return work.take(*known);
        }
        let mut rest = Bytes::new(self.bytes.get(at..).ok_or(TooMuch)?, LittleEndian);
        let len = rest.len();
        while rest.read_uleb128()? != 0 {
            work.take(8)?;
            rest.read_uleb128()?;
            rest.read_u8()?;
            loop {
                work.take(2)?;
                let (name, form) = (rest.read_uleb128()?, rest.read_uleb128()?);
                if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                    rest.read_sleb128()?;
                }
                if (name, form) == (0, 0) {
                    break;
                }
            }
        }
        self.known.insert(at, (len - rest.len()) as u64);
        Ok(())
    }
}

/// Names, ranges, and how deep functions are inlined.
fn entries(
    dwarf: &Dwarf<Bytes<'_>>,
    unit: &Unit<Bytes<'_>>,
    work: &mut Work,
) -> Result<(), TooMuch> {
    // The depths of the inlined functions that an entry is in.
    let mut inlined: Vec<isize> = Vec::new();
    let mut entries = unit.entries_raw(None)?;
    while !entries.is_empty() {
        let depth = entries.next_depth();
        while inlined.last().is_some_and(|it| *it >= depth) {
            inlined.pop();
        }
        let Some(entry) = entries.read_abbreviation()? else { continue };
        if entry.tag() == DW_TAG_inlined_subroutine {
            inlined.push(depth);
            if inlined.len() > INLINED {
                return Err(TooMuch);
            }
        }
        for spec in entry.attributes() {
            let attribute = entries.read_attribute(*spec)?;
            let value = attribute.value();
            if attribute.name() == DW_AT_ranges
                && let Some(mut ranges) = dwarf.attr_ranges(unit, value)?
            {
                while ranges.next()?.is_some() {
                    work.take(8)?;
                }
            }
            if is_text(&value) {
                work.name(dwarf.attr_string(unit, value)?)?;
            }
        }
    }
    Ok(())
}

fn is_text(value: &AttributeValue<Bytes<'_>>) -> bool {
    matches!(
        value,
        AttributeValue::String(_)
            | AttributeValue::DebugStrRef(_)
            | AttributeValue::DebugStrOffsetsIndex(_)
            | AttributeValue::DebugLineStrRef(_)
    )
}

/// Lines, and files with their directories, which are put together for each unit.
fn lines(dwarf: &Dwarf<Bytes<'_>>, unit: &Unit<Bytes<'_>>, work: &mut Work) -> Result<(), TooMuch> {
    let Some(program) = &unit.line_program else { return Ok(()) };
    let header = program.header();
    work.take(header.raw_program_buf().len() as u64)?;
    let home = unit.comp_dir.map_or(0, |it| it.len() as u64);
    for directory in header.include_directories() {
        work.path(dwarf.attr_string(unit, *directory)?)?;
    }
    for file in header.file_names() {
        work.take(home)?;
        work.path(dwarf.attr_string(unit, file.path_name())?)?;
        if let Some(directory) = file.directory(header) {
            work.path(dwarf.attr_string(unit, directory)?)?;
        }
    }
    Ok(())
}
