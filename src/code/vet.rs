//! What a component asks of the compiler, added up before it is compiled.
//!
//! A few bytes can keep a compiler busy for minutes: a branch that carries a thousand values takes
//! two bytes, a thousand loops within each other three thousand. So every part of the binary is
//! priced in units, each about a microsecond of one processor and at most some 200 bytes of memory
//! meanwhile, and their sum is held against the size of the binary and `max_compile_cost`. Nothing
//! here decides whether a component is valid; invalid ones are priced as far as they can be read.
//!
//! Measured with what people run, code costs from 0.7 to 2.2 units a byte, whatever language it was
//! written in and however large it is; the bar is at 2.2, and at 4 for the first 400 KB. Code
//! without any optimisation is looked at twice (see [`brief`]): a function of QuickJS built for
//! debugging has 8,000 locals in 89 KB.
//!
//! | guest | size | units | a byte |
//! | --- | --- | --- | --- |
//! | greeter (Rust) | 45 KB | 89 K | 2.0 |
//! | SQLite | 688 KB | 1.46 M | 2.1 |
//! | QuickJS | 503 KB | 1.02 M | 2.0 |
//! | QuickJS, built for debugging | 1.2 MB | 2.27 M | 1.9 |
//! | .NET (Mono) | 3.0 MB | 5.65 M | 1.9 |
//! | SpiderMonkey (componentize-js) | 12.0 MB | 16.6 M | 1.4 |
//! | CPython (componentize-py) | 18.3 MB | 13.4 M | 0.7 |
//! | Go (esbuild) | 14.0 MB | 19.2 M | 1.4 |
//! | Ruby | 16.3 MB | 24.5 M | 1.5 |
//! | PHP | 18.3 MB | 25.6 M | 1.4 |
//! | swc (Rust) | 18.0 MB | 30.1 M | 1.7 |
//! | PostgreSQL (PGlite) | 8.9 MB | 14.2 M | 1.6 |
//! | ITK elastix (C++) | 19.1 MB | 38.3 M | 2.0 |
//! | FFmpeg | 32.2 MB | 41.8 M | 1.3 |
//! | DuckDB (C++) | 39.4 MB | 70.4 M | 1.8 |

mod body;
mod brief;
mod component;
mod cost;
mod managed;
mod module;
mod problem;
mod scope;
mod signatures;
pub(crate) mod text;
mod types;
mod weights;

#[cfg(test)]
mod tests;

use wasmparser::{Parser, Payload};

use crate::error::{Code, Error, Result};

use body::Body;
pub(crate) use cost::Budget;
use cost::{Cost, too_deep};
use module::Module;
use problem::Problem;
use types::Scopes;

/// How deep types may lie within types before anybody reads them: readers recurse.
const MAX_NESTED_TYPES: u32 = 500;
/// How deep components may lie within components.
const MAX_NESTED_COMPONENTS: u32 = 100;

/// What a component asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Price {
    /// What compiling it takes.
    pub units: u64,
    /// The least `max_compile_cost` that allows it.
    pub needs: u64,
    pub core_instances: u64,
}

impl Price {
    /// Whether [`vet`] lets it through.
    pub(crate) fn is_within(self, budget: Budget, core_instances: u64) -> bool {
        self.needs <= budget.setting && self.core_instances <= core_instances
    }
}

/// The price of a component. Refuses one that takes more than `budget`, or makes more than
/// `core_instances` of these.
///
/// # Errors
/// `RESOURCE_LIMIT` naming the setting; `COMPILE` if the binary cannot be read.
pub(crate) fn vet(binary: &[u8], budget: Budget, core_instances: u64) -> Result<Price> {
    match walk(binary, budget, core_instances) {
        Ok(price) => Ok(price),
        Err(Problem::Refused(error)) => Err(error),
        Err(Problem::Malformed(error)) => Err(Error::new(Code::Compile, error.to_string())),
    }
}

fn walk(binary: &[u8], budget: Budget, core_instances: u64) -> Result<Price, Problem> {
    let mut cost = Cost::new(budget, binary.len());
    let mut scopes = Scopes { open: Vec::new() };
    let (mut module, mut body) = (None::<Module>, Body::default());
    for payload in Parser::new(0).parse_all(binary) {
        match payload? {
            Payload::ModuleSection { .. } => {
                cost.add(weights::MODULE)?;
                module = Some(Module::default());
            }
            Payload::ComponentSection { .. } => {
                cost.add(weights::COMPONENT)?;
                if scopes.open.len() > MAX_NESTED_COMPONENTS as usize {
                    let what = "components within components";
                    return Err(too_deep(what, MAX_NESTED_COMPONENTS).into());
                }
                scopes.here();
                scopes.open.push(scope::Scope::default());
            }
            Payload::End(_) => match module.take() {
                Some(done) => scopes.module(done.imports),
                None if scopes.open.len() > 1 => scopes.end_component(),
                None => {}
            },
            Payload::ComponentTypeSection(types) => {
                let bytes = binary.get(types.range()).unwrap_or_default();
                if nested(bytes) > MAX_NESTED_TYPES as usize {
                    return Err(too_deep("types within types", MAX_NESTED_TYPES).into());
                }
                scopes.payload(Payload::ComponentTypeSection(types), &mut cost)?;
            }
            other => match &mut module {
                Some(module) => module.payload(other, &mut body, &mut cost)?,
                None => scopes.payload(other, &mut cost)?,
            },
        }
    }
    let (each, instances) = component::whole(scopes.here());
    cost.add(each)?;
    if instances > core_instances {
        let setting = "max_core_instances_per_component";
        let problem = format!(
            "the component wants {instances} core instances; `{setting}` is {core_instances}"
        );
        let error = Error::new(Code::ResourceLimit, problem);
        return Err(Problem::Refused(error.met(setting, Some(instances), core_instances)));
    }
    Ok(Price { units: cost.units(), needs: cost.needs(), core_instances: instances })
}

/// How deep types can lie within each other in a section of these bytes, at most: each but the
/// outermost starts with one of these pairs.
fn nested(section: &[u8]) -> usize {
    section.windows(2).filter(|pair| matches!(pair, [0x01, 0x41 | 0x42])).count()
}
