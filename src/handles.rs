//! Resources as the host sees them: numbers.
//!
//! A resource that the host defined is the number the host chose for it. A resource of a guest is
//! an entry in its instance's table, and its number carries which instance and which use of the
//! entry that was, so that a handle of another instance, or one that was dropped, is an error.

use std::sync::atomic::{AtomicU32, Ordering};

use wasmtime::component::{ResourceAny, ResourceType};

use crate::error::{Code, Error, Result};
use crate::value::Value;

mod lent;
mod passage;

pub(crate) use lent::{HostType, Lent};
pub(crate) use passage::{Loans, Passage, StoreHandles};

/// Marks the numbers of guests' resources; those the host chose have 32 bits.
const GUEST: u64 = 1 << 63;
/// What of a handle is the index in the table: more than `max_resources` can be.
const INDEX: u32 = 0xff_ffff;

/// Turns handles into resources and back, where a store is at hand.
pub trait Handles {
    /// The number for a resource that leaves the guest.
    ///
    /// # Errors
    /// `RESOURCE_LIMIT` if the host holds too many.
    fn give(&mut self, resource: ResourceAny) -> Result<u64>;

    /// The resource behind a number that enters the guest, of the type that the guest expects.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` if it is of another instance or type, or no more.
    fn take(&mut self, handle: u64, ty: &ResourceType, owned: bool) -> Result<ResourceAny>;
}

/// Where there is no instance yet, there are no handles.
pub struct NoHandles;

impl Handles for NoHandles {
    fn give(&mut self, _: ResourceAny) -> Result<u64> {
        Err(Error::new(Code::Unsupported, "resources need an instance that outlives the call"))
    }

    fn take(&mut self, handle: u64, _: &ResourceType, _: bool) -> Result<ResourceAny> {
        let problem = format_args!("{handle:#x} is of no instance: the call makes a fresh one");
        Err(Error::invalid("resource", problem))
    }
}

/// The resources of one instance that the host holds.
#[derive(Debug)]
pub(crate) struct Table {
    serial: u32,
    entries: Vec<Entry>,
    free: Vec<u32>,
    max: usize,
}

#[derive(Debug)]
struct Entry {
    uses: u16,
    resource: Option<ResourceAny>,
}

impl Table {
    pub(crate) fn new(serials: &AtomicU32, max: usize) -> Self {
        // 23 bits of it are in a handle: enough to tell any two instances that are in use apart.
        let serial = serials.fetch_add(1, Ordering::Relaxed) & 0x7f_ffff;
        Self { serial, entries: Vec::new(), free: Vec::new(), max }
    }

    fn insert(&mut self, resource: ResourceAny) -> Result<u64> {
        let index = match self.free.pop() {
            Some(index) => index,
            None if self.entries.len() >= self.max => {
                let problem = format!(
                    "the host holds {} resources; `max_resources` allows no more",
                    self.max
                );
                return Err(Error::new(Code::ResourceLimit, problem));
            }
            None => {
                self.entries.push(Entry { uses: 0, resource: None });
                (self.entries.len() - 1) as u32
            }
        };
        let entry = &mut self.entries[index as usize];
        entry.uses = entry.uses.wrapping_add(1);
        entry.resource = Some(resource);
        Ok(GUEST | u64::from(self.serial) << 40 | u64::from(entry.uses) << 24 | u64::from(index))
    }

    fn find(&mut self, handle: u64) -> Result<(u32, &mut Entry)> {
        let stale = || {
            Error::invalid("resource", format_args!("{handle:#x} is no handle of this instance"))
        };
        let index = handle as u32 & INDEX;
        let ours = handle & GUEST != 0 && (handle >> 40) as u32 & 0x7f_ffff == self.serial;
        let entry = self.entries.get_mut(index as usize).filter(|_| ours).ok_or_else(stale)?;
        match entry.resource.is_some() && entry.uses == (handle >> 24) as u16 {
            true => Ok((index, entry)),
            false => Err(stale()),
        }
    }

    /// The resource behind `handle`, which stays the host's.
    pub(crate) fn peek(&mut self, handle: u64) -> Result<ResourceAny> {
        let (_, entry) = self.find(handle)?;
        entry.resource.ok_or_else(|| Error::invalid("resource", "was dropped"))
    }

    /// The resource behind `handle`, which is no more the host's.
    pub(crate) fn remove(&mut self, handle: u64) -> Result<ResourceAny> {
        let (index, entry) = self.find(handle)?;
        let resource = entry.resource.take();
        self.free.push(index);
        resource.ok_or_else(|| Error::invalid("resource", "was dropped"))
    }
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
