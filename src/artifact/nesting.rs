//! How deep a component nests, looked at before anybody reads it: wasmparser and what stands on it
//! call themselves for each type within a type, until the stack is used up, which ends the process.

use wasmparser::{Parser, Payload};

use crate::error::{Code, Error, Result};

/// How deep types may lie within types. Toolchains make two or three levels.
const TYPES: usize = 500;
/// How deep components may lie within components.
const COMPONENTS: usize = 100;

/// Stack that reading so many levels takes, with room to spare.
pub(super) const STACK: usize = 16 << 20;

/// Refuses what nests deeper than its readers have stack for. What else is wrong with `binary` is
/// for them to say.
///
/// # Errors
/// `RESOURCE_LIMIT`.
pub(super) fn check(binary: &[u8]) -> Result<()> {
    let mut open: usize = 0;
    for payload in Parser::new(0).parse_all(binary) {
        match payload {
            Ok(Payload::ComponentSection { .. } | Payload::ModuleSection { .. }) => open += 1,
            Ok(Payload::End(_)) => open = open.saturating_sub(1),
            Ok(Payload::ComponentTypeSection(types)) => {
                let section = binary.get(types.range()).unwrap_or_default();
                if types_within_types(section) > TYPES {
                    return Err(too_deep("types within types", TYPES));
                }
            }
            Ok(_) => {}
            Err(_) => return Ok(()),
        }
        if open > COMPONENTS {
            return Err(too_deep("components within components", COMPONENTS));
        }
    }
    Ok(())
}

/// How deep types lie within each other in a section of these bytes, at most: each but the first
/// begins with one of these pairs, "a type is declared" and "it is a component" or "an instance".
fn types_within_types(section: &[u8]) -> usize {
    section.windows(2).filter(|pair| matches!(pair, [0x01, 0x41 | 0x42])).count()
}

fn too_deep(what: &str, most: usize) -> Error {
    Error::new(Code::ResourceLimit, format!("more than {most} levels of {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::Artifact;

    fn leb(mut number: usize, into: &mut Vec<u8>) {
        while number > 0x7f {
            into.push(number as u8 | 0x80);
            number >>= 7;
        }
        into.push(number as u8);
    }

    /// `depth` types of this constructor within each other.
    fn types(depth: usize, constructor: u8) -> Vec<u8> {
        let mut section = vec![1];
        (0..depth).for_each(|_| section.extend([constructor, 1, 1]));
        section.extend([constructor, 0]);
        let mut binary = b"\0asm\x0d\0\x01\0\x07".to_vec();
        leb(section.len(), &mut binary);
        binary.extend(section);
        binary
    }

    /// `depth` components within each other.
    fn components(depth: usize) -> Vec<u8> {
        (0..depth).fold(b"\0asm\x0d\0\x01\0".to_vec(), |inner, _| {
            let mut outer = b"\0asm\x0d\0\x01\0\x04".to_vec();
            leb(inner.len(), &mut outer);
            outer.extend(inner);
            outer
        })
    }

    fn compile(binary: &[u8]) -> Result<()> {
        let engine = wasmtime::Engine::default();
        Artifact::compile(&engine, binary).map(drop)
    }

    #[test]
    fn honest_depths_are_read() {
        for constructor in [0x41, 0x42] {
            compile(&types(10, constructor)).unwrap();
        }
        compile(&components(20)).unwrap();
    }

    #[test]
    fn the_deepest_that_are_read_have_the_stack() {
        for constructor in [0x41, 0x42] {
            // Whatever the validator says of them.
            let _ = compile(&types(TYPES - 1, constructor));
        }
        let _ = compile(&components(COMPONENTS - 1));
    }

    #[test]
    fn deeper_ones_are_refused_by_their_depth() {
        for depth in [1_000, 100_000] {
            for constructor in [0x41, 0x42] {
                let error = compile(&types(depth, constructor)).unwrap_err();
                assert_eq!(error.code(), Code::ResourceLimit, "{error}");
            }
        }
        for depth in [COMPONENTS + 1, 1_000] {
            let error = compile(&components(depth)).unwrap_err();
            assert_eq!(error.code(), Code::ResourceLimit, "{error}");
        }
    }
}
