//! How wasmtime is asked for what runs a guest, by each way that there is.

use std::pin::pin;

use wasmtime::component::{Func, Instance, InstancePre, ResourceAny};
use wasmtime::{AsContextMut, Result};

use super::guest::{Guest, Home};
use crate::call::{Running, Way};
use crate::marshal::{self, Args, Lifted};
use crate::system::process::Kept;
use crate::value::Value;

impl Way {
    pub(super) async fn instantiate(
        self,
        pre: &InstancePre<Guest>,
        store: &mut Home,
    ) -> Result<Instance> {
        match self {
            Self::Here => pre.instantiate(store),
            Self::Fiber => pre.instantiate_async(store).await,
        }
    }

    pub(super) async fn call(
        self,
        callee: &Func,
        store: &mut Home,
        args: &Args<'_>,
        has_result: bool,
    ) -> Result<Lifted> {
        match self {
            Self::Here => marshal::call_here(callee, store, args, has_result),
            Self::Fiber => marshal::call(callee, store, args, has_result).await,
        }
    }

    /// [`call`](Self::call) on this thread as part of `running`, without all that a future carries
    /// around.
    ///
    /// # Errors
    /// As [`Running::drive`].
    #[inline(always)]
    pub(super) fn run(
        self,
        callee: &Func,
        store: &mut Home,
        args: &Args<'_>,
        has_result: bool,
        running: &Running<'_>,
    ) -> crate::error::Result<Result<Lifted>> {
        match self {
            Self::Here => Ok(marshal::call_here(callee, store, args, has_result)),
            Self::Fiber => {
                let part = marshal::call(callee, store, args, has_result);
                running.drive(pin!(Kept::new(part)))
            }
        }
    }

    /// [`call`](Self::call) with values of wasmtime.
    pub(super) async fn call_values(
        self,
        callee: &Func,
        store: &mut Home,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<()> {
        match self {
            Self::Here => callee.call(store, args, results),
            Self::Fiber => callee.call_async(store, args, results).await,
        }
    }

    /// Drops a resource, which runs its destructor if that is the guest's.
    pub(super) async fn drop_resource(
        self,
        resource: ResourceAny,
        store: impl AsContextMut<Data = Guest>,
    ) -> Result<()> {
        match self {
            Self::Here => resource.resource_drop(store),
            Self::Fiber => resource.resource_drop_async(store).await,
        }
    }
}
