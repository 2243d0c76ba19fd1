//! Lines, and files with their directories, which are put together for each unit.

use gimli::{Dwarf, Range, Unit};

use super::meter::{Bytes, Meter, RANGE, TooMuch};

/// A row of a table of lines.
const ROW: u64 = 15;

/// Adds up what the lines of `unit` take, and tells the ranges that they are of.
pub(super) fn read(
    dwarf: &Dwarf<Bytes<'_>>,
    unit: &Unit<Bytes<'_>>,
    mut found: impl FnMut(Range),
    meter: &mut Meter,
) -> Result<(), TooMuch> {
    let Some(program) = unit.line_program.clone() else { return Ok(()) };
    let header = program.header();
    meter.take(3 * header.raw_program_buf().len() as u64)?;
    let home = unit.comp_dir.map_or(0, |it| it.len() as u64);
    for directory in header.include_directories() {
        meter.path(dwarf.attr_string(unit, *directory)?)?;
    }
    for file in header.file_names() {
        meter.take(home)?;
        meter.path(dwarf.attr_string(unit, file.path_name())?)?;
        if let Some(directory) = file.directory(header) {
            meter.path(dwarf.attr_string(unit, directory)?)?;
        }
    }
    let (mut rows, mut begin) = (program.rows(), None);
    while let Some((_, row)) = rows.next_row()? {
        meter.take(ROW)?;
        let begins = *begin.get_or_insert(row.address());
        if row.end_sequence() {
            meter.take(RANGE)?;
            found(Range { begin: begins, end: row.address() });
            begin = None;
        }
    }
    Ok(())
}
