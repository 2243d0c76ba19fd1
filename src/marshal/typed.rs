//! What wasmtime's typed functions need to know about types that only run time knows.
//!
//! wasmtime asks a Rust type how many values of the guest's stack it stands for. Ours say what lets
//! wasmtime reserve enough, and then look into the function's own types. Those traits are not part
//! of what wasmtime promises to keep, hence the exact minor version in Cargo.toml.

use std::mem::MaybeUninit;

use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Func, Lift, Lower, TypedFunc};
use wasmtime::{AsContextMut, Result, ValRaw, bail};

use super::check::{Args, check_results};
use super::lift::{From, Lifted, lift};
use super::lower;
use super::reply::Reply;
use crate::types::FunctionType;

/// How many arguments go onto a guest's stack at most; more go through its memory. From the
/// canonical ABI, MAX_FLAT_PARAMS.
pub const MAX_FLAT_PARAMS: usize = 16;

/// What wasmtime is told about types of `count` values on the stack. It asks for sizes in memory
/// only of types whose values are never there as a whole.
const fn flat(count: u8) -> CanonicalAbiInfo {
    CanonicalAbiInfo { size32: 0, align32: 1, size64: 0, align64: 1, flat_count: Some(count) }
}

// SAFETY (of the two below): as many values as there can be on the stack, or one, which is where
// all of them are in memory. `typecheck` is never asked: the function's own types are looked at.
unsafe impl ComponentType for Args<'_> {
    type Lower = [ValRaw; MAX_FLAT_PARAMS];

    const ABI: CanonicalAbiInfo = flat(MAX_FLAT_PARAMS as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        bail!("arguments are checked one by one")
    }
}

// SAFETY: as above.
unsafe impl ComponentNamedList for Args<'_> {}

// SAFETY: writes all values of the function's own types.
unsafe impl Lower for Args<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        // SAFETY: an array of `MaybeUninit` needs no initialisation itself, and has the layout of
        // one.
        let dst = unsafe { &mut *dst.as_mut_ptr().cast::<[MaybeUninit<ValRaw>; MAX_FLAT_PARAMS]>() };
        let mut lower = lower::Lower::new(cx, self.resources());
        // SAFETY: `Args` were checked against the type of the function.
        unsafe { lower.args(self.values(), ty, dst) }
    }

    fn linear_lower_to_memory<T>(
        &self,
        _: &mut LowerContext<'_, T>,
        _: InterfaceType,
        _: usize,
    ) -> Result<()> {
        bail!("arguments are never in memory as a whole")
    }
}

/// Calls `function`, whose arguments `args` are.
pub async fn call(
    function: Func,
    store: impl AsContextMut<Data: Send>,
    args: Args<'_>,
    has_result: bool,
) -> Result<Lifted> {
    // SAFETY (of both): lowering and lifting go by the function's own types, and compare them with
    // the kinds of the values, so that at worst arguments of another function are refused.
    match has_result {
        true => {
            let typed = unsafe { TypedFunc::<Args<'_>, Returned>::new_unchecked(function) };
            typed.call_async(store, args).await.map(|returned| returned.0)
        }
        false => {
            let typed = unsafe { TypedFunc::<Args<'_>, ()>::new_unchecked(function) };
            typed.call_async(store, args).await.map(|()| Lifted::nothing())
        }
    }
}

/// The result of a function, in C memory.
struct Returned(pub Lifted);

// SAFETY: one value on the stack: the result, or where it is in memory.
unsafe impl ComponentType for Returned {
    type Lower = [ValRaw; 1];

    const ABI: CanonicalAbiInfo = flat(1);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        bail!("results are lifted as their type says")
    }
}

// SAFETY: as above.
unsafe impl ComponentNamedList for Returned {}

// SAFETY: reads what the function's own types say.
unsafe impl Lift for Returned {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &[ValRaw; 1],
    ) -> Result<Self> {
        let from = match cx.types.canonical_abi(&ty).flat_count(1) {
            Some(_) => From::Flat(src),
            None => From::Memory(src[0].get_u32() as usize),
        };
        lift(cx, ty, from).map(Self)
    }

    fn linear_lift_from_memory(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        _: &[u8],
    ) -> Result<Self> {
        bail!("wasmtime looks for a result on the stack")
    }
}

/// The arguments that a guest passes to a host function, `N` of them on its stack; with `N` 0
/// there are none, or all are in memory.
pub struct Given<const N: usize>(pub Lifted);

// SAFETY: `N` values on the stack, as the function's own type says. `typecheck` accepts the type
// because that is where `N` came from.
unsafe impl<const N: usize> ComponentType for Given<N> {
    type Lower = [ValRaw; N];

    const ABI: CanonicalAbiInfo = flat(N as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: as above.
unsafe impl<const N: usize> ComponentNamedList for Given<N> {}

// SAFETY: reads what the function's own types say.
unsafe impl<const N: usize> Lift for Given<N> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &[ValRaw; N],
    ) -> Result<Self> {
        lift(cx, ty, From::Flat(src)).map(Self)
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        // wasmtime passes no bytes, since it was told that there are none; but where they begin.
        let at = bytes.as_ptr().addr().checked_sub(cx.memory().as_ptr().addr());
        match at {
            Some(at) => lift(cx, ty, From::Memory(at)).map(Self),
            None => bail!("arguments are out of bounds of memory"),
        }
    }
}

/// What a host function gives to a guest, `N` values on its stack; with `N` 0 there are none, or
/// all go into memory.
pub struct Answered<const N: usize>(Box<dyn Reply>);

impl<const N: usize> Answered<N> {
    /// `reply`, checked against the type of the function.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` and `INVALID_ARGUMENT` name the place.
    pub fn check(reply: Box<dyn Reply>, ty: &FunctionType) -> crate::Result<Self> {
        // SAFETY: `Reply` obliges its implementors.
        unsafe { check_results(reply.values(), ty)? };
        Ok(Self(reply))
    }
}

// SAFETY: as for `Given`.
unsafe impl<const N: usize> ComponentType for Answered<N> {
    type Lower = [ValRaw; N];

    const ABI: CanonicalAbiInfo = flat(N as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        Ok(())
    }
}

// SAFETY: as above.
unsafe impl<const N: usize> ComponentNamedList for Answered<N> {}

// SAFETY: writes all values of the function's own types.
unsafe impl<const N: usize> Lower for Answered<N> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<[ValRaw; N]>,
    ) -> Result<()> {
        // SAFETY: as in `Args`.
        let dst = unsafe { &mut *dst.as_mut_ptr().cast::<[MaybeUninit<ValRaw>; N]>() };
        // SAFETY: whoever made `Answered` has checked the values.
        unsafe { lower::Lower::new(cx, &[]).args(self.0.values(), ty, dst) }
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        at: usize,
    ) -> Result<()> {
        // SAFETY: as above.
        unsafe { lower::Lower::new(cx, &[]).results(self.0.values(), ty, at) }
    }
}
