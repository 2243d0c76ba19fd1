//! What a reader of the debug information of one module goes over: some of it for every frame, and
//! the rest where the frame lies in it.

use std::collections::HashMap;

use gimli::{Dwarf, Range, Reader, Section, Unit};

use super::lines;
use super::meter::{Bytes, Meter, RANGE, TooMuch};
use super::names::{Names, text};

/// How deep functions may be inlined into each other.
const INLINED: usize = 64;
/// What an entry may be described by; compilers use some 20.
const ATTRIBUTES: usize = 64;

/// A unit, beside what is in it.
const UNIT: u64 = 1500;
/// Finding out that a range is where a frame lies.
const VISIT: i64 = 100;
const FUNCTION: u64 = 100;

/// What is read, whose numbers are those of [`Meter`].
pub(super) struct Reading<'d, 'a> {
    dwarf: &'d Dwarf<Bytes<'a>>,
    /// Where tables of abbreviations start, and what each takes; they may overlap.
    tables: HashMap<usize, u64>,
    /// What is read for every frame.
    always: u64,
    /// Addresses where more is to be read, or less.
    steps: Vec<(u64, i64)>,
}

/// What one frame takes at most, wherever it lies.
pub(super) fn frame(
    dwarf: &Dwarf<Bytes<'_>>,
    meter: &mut Meter,
    most: u64,
) -> Result<u64, TooMuch> {
    let (tables, steps) = (HashMap::new(), Vec::new());
    let mut reading = Reading { dwarf, tables, always: 0, steps };
    let mut known = reading.known(meter)?;
    let mut units = Vec::new();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        meter.take(UNIT)?;
        reading.table(header.debug_abbrev_offset().0, meter)?;
        units.push(dwarf.unit(header)?);
        reading.always += meter.next();
        if reading.always > most {
            return Err(TooMuch);
        }
    }
    let mut names = Names::new(dwarf, &units);
    for unit in &units {
        let at = unit.header.debug_info_offset().map(|it| it.0);
        let ranges = at.and_then(|it| known.remove(&it)).unwrap_or_default();
        reading.unit(unit, ranges, &mut names, meter)?;
    }
    Ok(reading.most())
}

impl<'a> Reading<'_, 'a> {
    /// The ranges of units that a section of their own lists.
    fn known(&mut self, meter: &mut Meter) -> Result<HashMap<usize, Vec<Range>>, TooMuch> {
        let mut known = HashMap::<usize, Vec<Range>>::new();
        let mut headers = self.dwarf.debug_aranges.headers();
        while let Some(header) = headers.next()? {
            meter.take(RANGE)?;
            let ranges = known.entry(header.debug_info_offset().0).or_default();
            let mut entries = header.entries();
            while let Some(entry) = entries.next().transpose() {
                meter.take(RANGE)?;
                ranges.extend(entry.map(|it| it.range()));
            }
        }
        self.always += meter.next();
        Ok(known)
    }

    /// Each unit reads its table of abbreviations, also where others have the same.
    fn table(&mut self, at: usize, meter: &mut Meter) -> Result<(), TooMuch> {
        if let Some(known) = self.tables.get(&at) {
            return meter.take(*known);
        }
        let mut rest = *self.dwarf.debug_abbrev.reader();
        rest.skip(at)?;
        let mut units = 0;
        while rest.read_uleb128()? != 0 {
            units += 100;
            rest.read_uleb128()?;
            rest.read_u8()?;
            let mut attributes = 0;
            loop {
                let (name, form) = (rest.read_uleb128()?, rest.read_uleb128()?);
                if form == u64::from(gimli::DW_FORM_implicit_const.0) {
                    rest.read_sleb128()?;
                }
                if (name, form) == (0, 0) {
                    break;
                }
                attributes += 1;
                if attributes > ATTRIBUTES {
                    return Err(TooMuch);
                }
            }
            units += 10 * attributes as u64;
        }
        self.tables.insert(at, units);
        meter.take(units)
    }

    /// One unit, of which these ranges are known.
    fn unit(
        &mut self,
        unit: &Unit<Bytes<'a>>,
        mut ranges: Vec<Range>,
        names: &mut Names<'_, 'a>,
        meter: &mut Meter,
    ) -> Result<(), TooMuch> {
        self.entries(unit, &mut ranges, names, meter)?;
        let entries = meter.next();
        ranges.retain(|it| it.begin < it.end);
        let has_ranges = !ranges.is_empty();
        lines::read(self.dwarf, unit, |range| ranges.push(range), meter)?;
        let lines = meter.next();
        // Where nothing else says where a unit is, its lines do.
        self.always += if has_ranges { 0 } else { lines };
        self.always += ranges.len() as u64 * RANGE;
        let here = i64::try_from(entries.saturating_add(lines)).map_err(|_| TooMuch)?;
        for range in &ranges {
            self.steps.extend([(range.begin, VISIT), (range.end, -VISIT)]);
        }
        // What was read for one of them has been read for all.
        for range in united(ranges) {
            self.steps.extend([(range.begin, here), (range.end, -here)]);
        }
        meter.take(2 * RANGE)
    }

    /// Names, ranges, and how deep functions are inlined.
    fn entries(
        &self,
        unit: &Unit<Bytes<'a>>,
        of_unit: &mut Vec<Range>,
        names: &mut Names<'_, 'a>,
        meter: &mut Meter,
    ) -> Result<(), TooMuch> {
        // The depths of the inlined functions that an entry is in.
        let mut inlined: Vec<isize> = Vec::new();
        let mut entries = unit.entries_raw(None)?;
        let mut is_root = true;
        while !entries.is_empty() {
            let depth = entries.next_depth();
            while inlined.last().is_some_and(|it| *it >= depth) {
                inlined.pop();
            }
            meter.take(10)?;
            let Some(entry) = entries.read_abbreviation()? else { continue };
            if entry.tag() == gimli::DW_TAG_inlined_subroutine {
                inlined.push(depth);
                if inlined.len() > INLINED {
                    return Err(TooMuch);
                }
            }
            let is_function =
                matches!(entry.tag(), gimli::DW_TAG_inlined_subroutine | gimli::DW_TAG_subprogram);
            meter.take(if is_function { FUNCTION } else { 0 })?;
            let mut place = Extent::default();
            for spec in entry.attributes() {
                meter.take(5)?;
                let attribute = entries.read_attribute(*spec)?;
                let value = attribute.value();
                match attribute.name() {
                    gimli::DW_AT_ranges => {
                        let Some(mut ranges) = self.dwarf.attr_ranges(unit, value)? else {
                            continue;
                        };
                        while let Some(range) = ranges.next()? {
                            meter.take(RANGE)?;
                            of_unit.extend(is_root.then_some(range));
                        }
                        continue;
                    }
                    gimli::DW_AT_abstract_origin | gimli::DW_AT_specification if is_function => {
                        names.follow(unit, &value, meter)?;
                    }
                    gimli::DW_AT_low_pc => place.begin = self.dwarf.attr_address(unit, value)?,
                    gimli::DW_AT_high_pc => {
                        place.size = attribute.udata_value().or(place.size);
                        place.end = self.dwarf.attr_address(unit, value)?.or(place.end);
                    }
                    _ => {}
                }
                if let Some(text) = text(self.dwarf, unit, attribute.value()) {
                    meter.name(text?)?;
                }
            }
            if is_root {
                of_unit.extend(place.ranges());
            }
            is_root = false;
        }
        Ok(())
    }

    /// The most that is read for one address.
    fn most(mut self) -> u64 {
        self.steps.sort_unstable();
        let (mut here, mut most) = (0_i64, 0);
        for (_, step) in self.steps {
            here = here.saturating_add(step);
            most = most.max(here);
        }
        self.always.saturating_add(most.unsigned_abs())
    }
}

/// The addresses of `ranges`, in ranges that do not overlap.
fn united(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable_by_key(|it| it.begin);
    ranges.dedup_by(|next, last| {
        let overlap = next.begin <= last.end;
        last.end = if overlap { last.end.max(next.end) } else { last.end };
        overlap
    });
    ranges
}

/// Where a unit says it is, without ranges.
#[derive(Default)]
struct Extent {
    begin: Option<u64>,
    end: Option<u64>,
    size: Option<u64>,
}

impl Extent {
    fn ranges(&self) -> impl Iterator<Item = Range> {
        let begin = self.begin.unwrap_or_default();
        let by_size = self.size.map(|it| begin.wrapping_add(it));
        self.end.into_iter().chain(by_size).map(move |end| Range { begin, end })
    }
}
