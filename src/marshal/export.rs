//! Calls of functions whose types only run time knows, by wasmtime's way for those that Rust knows.
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

use super::check::Args;
use super::flat::{MAX_FLAT_PARAMS, flat};
use super::lift::{From, lift};
use super::lifted::Lifted;
use super::lower;

/// The arguments of a call, on their way.
struct Params<'a>(&'a Args<'a>);

// SAFETY: as many values as there can be on the stack, or one, which is where all of them are in
// memory. `typecheck` is never asked: the function's own types are looked at.
unsafe impl ComponentType for Params<'_> {
    type Lower = [ValRaw; MAX_FLAT_PARAMS];

    const ABI: CanonicalAbiInfo = flat(MAX_FLAT_PARAMS as u8);

    fn typecheck(_: &InterfaceType, _: &InstanceType<'_>) -> Result<()> {
        bail!("arguments are checked one by one")
    }
}

// SAFETY: as above.
unsafe impl ComponentNamedList for Params<'_> {}

// SAFETY: writes all values of the function's own types.
unsafe impl Lower for Params<'_> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> Result<()> {
        // SAFETY: an array of `MaybeUninit` needs no initialisation itself, and has the layout of
        // one.
        let dst =
            unsafe { &mut *dst.as_mut_ptr().cast::<[MaybeUninit<ValRaw>; MAX_FLAT_PARAMS]>() };
        let mut lower = lower::Lower::new(cx, self.0.resources());
        // SAFETY: `Args` were checked against the type of the function.
        unsafe { lower.args(self.0.values(), ty, dst) }
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

/// A function by the types that our values go by: `R` says whether it has a result.
fn typed<'a, R: ComponentNamedList + Lift>(function: &Func) -> TypedFunc<Params<'a>, R> {
    // SAFETY: lowering and lifting go by the function's own types, and compare them with the kinds
    // of the values, so that at worst arguments of another function are refused, and results lost.
    unsafe { TypedFunc::new_unchecked(*function) }
}

/// Calls `function`, whose arguments `args` are, on a stack of its own, where it may wait.
///
/// All in one future: each that is made within another is moved around twice, which takes longer
/// than what it does.
pub async fn call(
    function: &Func,
    store: impl AsContextMut<Data: Send>,
    args: &Args<'_>,
    has_result: bool,
) -> Result<Lifted> {
    match has_result {
        true => {
            let function = typed::<Returned>(function);
            function.call_async(store, Params(args)).await.map(|it| it.0)
        }
        false => {
            let function = typed::<()>(function);
            function.call_async(store, Params(args)).await.map(|()| Lifted::nothing())
        }
    }
}

/// Calls a `function` that never waits on this thread's stack, which has room for it.
pub fn call_here(
    function: &Func,
    store: impl AsContextMut,
    args: &Args<'_>,
    has_result: bool,
) -> Result<Lifted> {
    match has_result {
        true => typed::<Returned>(function).call(store, Params(args)).map(|it| it.0),
        false => typed::<()>(function).call(store, Params(args)).map(|()| Lifted::nothing()),
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
