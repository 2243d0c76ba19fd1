//! Calls callbacks for guests, and takes their answers.

use std::mem::{self, MaybeUninit};
use std::sync::{Arc, PoisonError};
use std::{ptr, slice};

use super::reply::{Origin, Owned};
use super::{runtime_call_t, runtime_host_fn_t};
use crate::capi::boundary::{contain, take};
use crate::capi::callback::UserData;
use crate::error::{Error, Result};
use crate::host::{Answer, Arguments, HostCall, HostFn};
use crate::marshal::layout::runtime_value_t;
use crate::marshal::{Memory, Number, Reply, Values};
use crate::types::Type;

/// The core's view of a callback. `user` is released when the last linker, component and instance
/// that know the callback are gone.
pub(in crate::capi) fn host_fn(
    callback: runtime_host_fn_t,
    user: Arc<UserData>,
) -> Result<Arc<HostFn>> {
    if callback.is_none() {
        return Err(Error::invalid("callback", "is NULL"));
    }
    Ok(Arc::new(move |call: &HostCall, mut args: Arguments| {
        // Where they are: moving them takes longer than looking at them.
        let given = &mut args.values;
        let of = Origin { ty: args.ty, types: args.types };
        // Nothing may unwind into the C frames that are below, and nothing is locked here.
        let answer = contain("runtime_host_fn_t", || answer(callback, &user, call, given, of));
        answer.unwrap_or_else(|error| Answer::Now(Err(error)))
    }))
}

fn answer(
    callback: runtime_host_fn_t,
    user: &UserData,
    call: &HostCall,
    given: &mut Values,
    of: Origin,
) -> Result<Answer> {
    let Some(callback) = callback else { return Err(Error::invalid("callback", "is NULL")) };
    // SAFETY: all zero is a value: integers, and a union of integers and pointers.
    let mut result = unsafe { MaybeUninit::<runtime_value_t>::zeroed().assume_init() };
    let len = usize::from(of.ty.result.is_some());
    let mut call = runtime_call_t::new(call.clone(), of);
    // SAFETY: the header obliges callers to register a function of this type that does not unwind,
    // with the `user_data` it expects; everything it is given lives for the call. The error that it
    // returns is ours.
    let error = unsafe {
        let results_ptr = if len == 0 { ptr::null_mut() } else { &raw mut result };
        let args = given.values();
        let args_ptr = if args.is_empty() { ptr::null() } else { args.as_ptr() };
        take(callback(user.get(), &raw mut call, args_ptr, args.len(), results_ptr, len))
    };
    if let Some(error) = error {
        return Ok(Answer::Now(Err(error.into())));
    }
    if let Some(later) = call.later {
        return Ok(Answer::Later(later));
    }
    if len == 0 {
        return Ok(Answer::done(Ok(())));
    }
    if let Some(number) = Number::of(result, &call.of.ty) {
        // It leads nowhere: what was given and made for it may go.
        return Ok(Answer::Number(number));
    }
    let arena = call.arena.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (of, _arena) = (call.of, arena.finish());
    Ok(Answer::Now(Ok(Box::new(Answered {
        result,
        len,
        of,
        arrived: false,
        _args: mem::take(given),
        _arena,
    }))))
}

/// Results as a callback left them, with all of ours that they may point to. They are read, kept or
/// given up right after it, on its thread: what they point to may be gone then.
struct Answered {
    result: runtime_value_t,
    /// 1, or 0 if there is no result.
    len: usize,
    of: Origin,
    /// Whether the resources in it are somebody's.
    arrived: bool,
    _args: Values,
    _arena: Memory,
}

// SAFETY: what `result` points to is in here, or of the host, who keeps it alive and unchanged
// until it was read (runtime_host_fn_t), which is before anything else happens on its thread.
unsafe impl Send for Answered {}
// SAFETY: sharing gives read access to memory that nobody writes to.
unsafe impl Sync for Answered {}

// SAFETY: the header obliges callbacks to fill in values whose pointers live until they were read.
unsafe impl Reply for Answered {
    fn values(&self) -> &[runtime_value_t] {
        slice::from_ref(&self.result).get(..self.len).unwrap_or_default()
    }

    fn delivered(&mut self) {
        self.arrived = true;
    }

    fn keep(mut self: Box<Self>) -> Result<Box<dyn Reply>> {
        self.arrived = true;
        // SAFETY: as above.
        Ok(Box::new(unsafe { Owned::copy(self.values(), self.of.clone())? }))
    }
}

impl Drop for Answered {
    /// The call was over by then: nobody else drops the resources in it.
    fn drop(&mut self) {
        let of = &self.of;
        let has_resources = || of.ty.result.as_ref().is_some_and(Type::has_resources);
        if !self.arrived && of.types.is_some() && has_resources() {
            // SAFETY: as above.
            drop(unsafe { Owned::copy(self.values(), of.clone()) });
        }
    }
}
