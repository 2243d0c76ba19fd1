//! Resources as the host sees them: numbers.
//!
//! A resource that the host defined is the number the host chose for it. A resource of a guest is
//! an entry in its instance's table, under a number that this process gives out once: a handle of
//! another instance or runtime, or one that was dropped, never means anything else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::component::ResourceAny;

use crate::error::{Code, Error, Result};
use crate::marshal::Handles;
use crate::value::Value;

/// Marks the numbers of guests' resources; those the host chose have 32 bits.
const GUEST: u64 = 1 << 63;
/// Numbers that an instance takes for itself at a time, so that instances do not share a cache
/// line for each resource. At a thousand million numbers a second they last for 290 years.
const BLOCK: u64 = 256;

/// The first number that no instance of this process has taken. It is not state that anybody could
/// observe, except by the promise that no number comes twice.
static UNUSED: AtomicU64 = AtomicU64::new(1);

/// The resources of one instance that the host holds.
#[derive(Debug)]
pub(crate) struct Table {
    held: BTreeMap<u64, ResourceAny>,
    /// The next number, and the end of those that are this instance's.
    next: u64,
    end: u64,
    max: usize,
}

impl Table {
    pub(crate) fn new(max: usize) -> Self {
        Self { held: BTreeMap::new(), next: 0, end: 0, max }
    }

    pub(crate) fn insert(&mut self, resource: ResourceAny) -> Result<u64> {
        if self.held.len() >= self.max {
            let problem =
                format!("the host holds {} resources; `max_resources` allows no more", self.max);
            let asked = Some(self.held.len() as u64 + 1);
            let error = Error::new(Code::ResourceLimit, problem);
            return Err(error.met("max_resources", asked, self.max as u64));
        }
        if self.next == self.end {
            self.next = UNUSED.fetch_add(BLOCK, Ordering::Relaxed);
            self.end = self.next + BLOCK;
        }
        let handle = GUEST | self.next;
        self.next += 1;
        self.held.insert(handle, resource);
        Ok(handle)
    }

    /// Whether the host holds any.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// The resource behind `handle`, which stays the host's.
    pub(crate) fn peek(&self, handle: u64) -> Result<ResourceAny> {
        self.held.get(&handle).copied().ok_or_else(|| stale(handle))
    }

    /// The resource behind `handle`, which the host gives up.
    pub(crate) fn remove(&mut self, handle: u64) -> Result<ResourceAny> {
        self.held.remove(&handle).ok_or_else(|| stale(handle))
    }
}

fn stale(handle: u64) -> Error {
    Error::invalid("resource", format_args!("{handle:#x} is no handle of this instance"))
}

/// The handles of all resources in `values`, in the order in which they stand there.
pub(crate) fn give_all(values: &[Value], handles: &mut dyn Handles) -> Result<Vec<u64>> {
    let mut given = Vec::new();
    each_resource(values, &mut |resource| {
        given.push(handles.give(resource)?);
        Ok(())
    })?;
    Ok(given)
}

/// Visits every resource in `values`, in order.
pub(crate) fn each_resource(
    values: &[Value],
    visit: &mut dyn FnMut(ResourceAny) -> Result<()>,
) -> Result<()> {
    for value in values {
        match value {
            Value::Resource(resource) => visit(*resource)?,
            Value::List(items) | Value::Tuple(items) => each_resource(items, visit)?,
            Value::Record(fields) => {
                for (_, field) in fields {
                    each_resource(std::slice::from_ref(field), visit)?;
                }
            }
            Value::Variant(_, Some(payload)) | Value::Option(Some(payload)) => {
                each_resource(std::slice::from_ref(&**payload), visit)?;
            }
            Value::Result(Ok(Some(payload)) | Err(Some(payload))) => {
                each_resource(std::slice::from_ref(&**payload), visit)?;
            }
            _ => {}
        }
    }
    Ok(())
}
