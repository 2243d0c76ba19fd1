//! Names of functions, which may stand elsewhere: at another entry, which may name a third one.

use std::collections::HashMap;

use gimli::{AttributeValue, Dwarf, Unit, UnitOffset};

use super::meter::{Bytes, Meter, TooMuch};

/// How many entries a reader goes over for a name.
const HOPS: usize = 16;

pub(super) struct Names<'d, 'a> {
    dwarf: &'d Dwarf<Bytes<'a>>,
    units: &'d [Unit<Bytes<'a>>],
    /// What finding the name of an entry takes, by where that is.
    known: HashMap<usize, u64>,
}

impl<'d, 'a> Names<'d, 'a> {
    pub(super) fn new(dwarf: &'d Dwarf<Bytes<'a>>, units: &'d [Unit<Bytes<'a>>]) -> Self {
        Self { dwarf, units, known: HashMap::new() }
    }

    /// Adds up what finding the name takes that `value` refers to.
    pub(super) fn follow(
        &mut self,
        unit: &Unit<Bytes<'a>>,
        value: &AttributeValue<Bytes<'a>>,
        meter: &mut Meter,
    ) -> Result<(), TooMuch> {
        let Some((first, at)) = self.entry(unit, value) else { return Ok(()) };
        let place = start(first).saturating_add(at.0);
        if let Some(known) = self.known.get(&place) {
            meter.add(*known);
            return Ok(());
        }
        let (mut next, mut units) = (Some((first, at)), 0);
        for _ in 0..HOPS {
            let Some((unit, at)) = next else { break };
            units += self.hop(unit, at, &mut next, meter)?;
        }
        self.known.insert(place, units);
        Ok(())
    }

    /// Reads an entry, and what that refers to in turn.
    fn hop(
        &self,
        unit: &'d Unit<Bytes<'a>>,
        at: UnitOffset,
        next: &mut Option<(&'d Unit<Bytes<'a>>, UnitOffset)>,
        meter: &mut Meter,
    ) -> Result<u64, TooMuch> {
        *next = None;
        let mut units = 50;
        meter.take(units)?;
        let mut entries = unit.entries_raw(Some(at))?;
        let Some(entry) = entries.read_abbreviation()? else { return Ok(units) };
        for spec in entry.attributes() {
            let attribute = entries.read_attribute(*spec)?;
            if matches!(attribute.name(), gimli::DW_AT_abstract_origin | gimli::DW_AT_specification)
            {
                *next = self.entry(unit, &attribute.value());
            }
            let text = text(self.dwarf, unit, attribute.value()).transpose()?;
            let more = 5 + text.map_or(0, |it| it.len() as u64 / 2);
            meter.take(more)?;
            units += more;
        }
        Ok(units)
    }

    /// The entry that `value` refers to.
    fn entry(
        &self,
        unit: &Unit<Bytes<'a>>,
        value: &AttributeValue<Bytes<'a>>,
    ) -> Option<(&'d Unit<Bytes<'a>>, UnitOffset)> {
        let place = match value {
            AttributeValue::UnitRef(at) => start(unit).checked_add(at.0)?,
            AttributeValue::DebugInfoRef(at) => at.0,
            _ => return None,
        };
        let at = self.units.partition_point(|it| start(it) <= place).checked_sub(1)?;
        let unit = self.units.get(at)?;
        Some((unit, UnitOffset(place - start(unit))))
    }
}

fn start(unit: &Unit<Bytes<'_>>) -> usize {
    unit.header.debug_info_offset().map_or(0, |it| it.0)
}

/// The text that a value stands for, if it stands for text.
pub(super) fn text<'a>(
    dwarf: &Dwarf<Bytes<'a>>,
    unit: &Unit<Bytes<'a>>,
    value: AttributeValue<Bytes<'a>>,
) -> Option<Result<Bytes<'a>, TooMuch>> {
    matches!(
        value,
        AttributeValue::String(_)
            | AttributeValue::DebugStrRef(_)
            | AttributeValue::DebugStrOffsetsIndex(_)
            | AttributeValue::DebugLineStrRef(_)
    )
    .then(|| Ok(dwarf.attr_string(unit, value)?))
}
