//! Host functions whose types only run time knows, as those that guests import; see `export`.

use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use wasmtime::component::__internal::{
    CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext, LowerContext,
};
use wasmtime::component::{ComponentNamedList, ComponentType, Lift, LinkerInstance, Lower};
use wasmtime::{Result, StoreContextMut, ValRaw, bail};

use super::agree::{Agreed, Origin};
use super::check::check_results;
use super::few::{Few, Passed, is_few};
use super::fits::fits;
use super::flat::{MAX_FLAT_PARAMS, MAX_FLAT_RESULTS, flat, flat_counts};
use super::lift::{From, lift};
use super::lower;
use super::reply::Replied;
use crate::types::{FunctionType, Type};

/// A host function, in stores with data of type `T`.
pub trait Host<T: 'static>: Clone + Send + Sync + 'static {
    /// The type that it was linked with, and what was found out about guests' own.
    fn agreed(&self) -> (&Agreed, &FunctionType);

    /// Serves a guest, on the guest's fiber. It may be asked for before the future is waited for.
    fn serve(
        self,
        store: StoreContextMut<'_, T>,
        given: Passed,
    ) -> impl Future<Output = Result<Checked>> + Send + Unpin;

    /// Serves a guest that is on its caller's stack.
    fn serve_here(&self, store: StoreContextMut<'_, T>, given: Passed) -> Result<Checked>;
}

/// What a host function answers, checked against its type.
pub struct Checked(Replied);

impl Checked {
    /// Checks `reply`.
    ///
    /// # Errors
    /// `TYPE_MISMATCH` and `INVALID_ARGUMENT` name the place.
    #[inline(always)]
    pub fn new(reply: Replied, ty: &FunctionType) -> crate::error::Result<Self> {
        let is_right = match (&reply, &ty.result) {
            // SAFETY: numbers lead nowhere.
            (Replied::Number(number), Some(ty)) => unsafe { fits(number.value(), ty) },
            _ => false,
        };
        if !is_right {
            // SAFETY: `Reply` obliges its implementors.
            unsafe { check_results(reply.values(), ty)? };
        }
        Ok(Self(reply))
    }
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Checked")
    }
}

/// Whether [`define`] can define functions of this type: those that give no resources, whose types
/// are an instance's own, and those of types that can cross the boundary.
pub fn can_define(ty: &FunctionType) -> bool {
    flat_counts(ty).is_some() && !ty.result.as_ref().is_some_and(Type::has_resources)
}

/// Defines `host` as the function `name`, of type `ty`; `directly` if guests call it from their
/// caller's stack, where it never waits as a future does.
///
/// # Errors
/// As wasmtime's, if the name is taken.
pub fn define<T: Send + 'static>(
    into: &mut LinkerInstance<'_, T>,
    name: &str,
    ty: &FunctionType,
    host: impl Host<T>,
    directly: bool,
) -> Result<()> {
    let (takes, gives) = flat_counts(ty).unwrap_or_default();
    let host = Defined { host, directly };
    match takes {
        0 if is_few(ty) => define_with::<T, GivenFew<0>>(into, name, gives, host),
        1 if is_few(ty) => define_with::<T, GivenFew<1>>(into, name, gives, host),
        2 if is_few(ty) => define_with::<T, GivenFew<2>>(into, name, gives, host),
        0 => define_with::<T, Given<0>>(into, name, gives, host),
        1 => define_with::<T, Given<1>>(into, name, gives, host),
        2 => define_with::<T, Given<2>>(into, name, gives, host),
        3 => define_with::<T, Given<3>>(into, name, gives, host),
        4 => define_with::<T, Given<4>>(into, name, gives, host),
        5 => define_with::<T, Given<5>>(into, name, gives, host),
        6 => define_with::<T, Given<6>>(into, name, gives, host),
        7 => define_with::<T, Given<7>>(into, name, gives, host),
        8 => define_with::<T, Given<8>>(into, name, gives, host),
        9 => define_with::<T, Given<9>>(into, name, gives, host),
        10 => define_with::<T, Given<10>>(into, name, gives, host),
        11 => define_with::<T, Given<11>>(into, name, gives, host),
        12 => define_with::<T, Given<12>>(into, name, gives, host),
        13 => define_with::<T, Given<13>>(into, name, gives, host),
        14 => define_with::<T, Given<14>>(into, name, gives, host),
        15 => define_with::<T, Given<15>>(into, name, gives, host),
        _ => define_with::<T, Given<16>>(into, name, gives, host),
    }
}

/// Arguments as a guest passes them, and the types that they were lifted by.
trait Arguments: ComponentNamedList + Lift + Send + 'static {
    fn take(self) -> (Passed, Origin);
}

/// Defines a function that takes `A`.
fn define_with<T: Send + 'static, A: Arguments>(
    into: &mut LinkerInstance<'_, T>,
    name: &str,
    gives: usize,
    Defined { host, directly }: Defined<impl Host<T>>,
) -> Result<()> {
    match (gives, directly) {
        (0, true) => into.func_wrap(name, move |store, given: A| {
            let (given, origin) = given.take();
            admit(&host, origin)?;
            host.serve_here(store, given).map(Answered::<0>)
        }),
        (_, true) => into.func_wrap(name, move |store, given: A| {
            let (given, origin) = given.take();
            admit(&host, origin)?;
            host.serve_here(store, given).map(Answered::<1>)
        }),
        (0, false) => into.func_wrap_async(name, move |store, given: A| {
            let (given, origin) = given.take();
            let served = admit(&host, origin).map(|()| host.clone().serve(store, given));
            Box::new(Answering::<_, 0>(served.map_err(Some)))
        }),
        (_, false) => into.func_wrap_async(name, move |store, given: A| {
            let (given, origin) = given.take();
            let served = admit(&host, origin).map(|()| host.clone().serve(store, given));
            Box::new(Answering::<_, 1>(served.map_err(Some)))
        }),
    }
}

/// What `F` answers, or why nobody is asked. By hand, because to move a future around that is made
/// within another takes more than what it does.
struct Answering<F, const N: usize>(std::result::Result<F, Option<wasmtime::Error>>);

impl<F: Future<Output = Result<Checked>> + Unpin, const N: usize> Future for Answering<F, N> {
    type Output = Result<Answered<N>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.get_mut().0 {
            Ok(served) => Pin::new(served).poll(context).map_ok(Answered),
            Err(refused) => {
                let twice = || wasmtime::Error::msg("a host function was asked for twice");
                Poll::Ready(Err(refused.take().unwrap_or_else(twice)))
            }
        }
    }
}

/// Refuses arguments that were lifted by other types than `host` was linked with. Called while the
/// guest that passes them is in its call.
#[inline(always)]
fn admit<T: 'static>(host: &impl Host<T>, origin: Origin) -> Result<()> {
    let (agreed, ty) = host.agreed();
    // SAFETY: the guest's call keeps its component alive, and that its types.
    unsafe { agreed.check(origin, ty) }
}

/// A host function and how it is called.
struct Defined<H> {
    host: H,
    directly: bool,
}

/// Refuses types whose values are not `count` on the guest's stack; 0 if more than `most` would be,
/// since all are in memory then. wasmtime asks when a component is linked. It does not know which
/// function it asks about: that its types are those that it was defined with is seen to before, by
/// `link`, and after, by [`admit`].
fn typecheck(
    ty: &InterfaceType,
    types: &InstanceType<'_>,
    most: usize,
    count: usize,
) -> Result<()> {
    let found = types.types.canonical_abi(ty).flat_count(most).unwrap_or(0);
    match found == count {
        true => Ok(()),
        false => bail!("a host function of {count} values on the stack, where {found} belong"),
    }
}

/// The arguments that a guest passes to a host function, `N` of them on its stack; with `N` 0
/// there are none, or all are in memory. And the types that they were lifted by.
struct Given<const N: usize>(Passed, Origin);

impl<const N: usize> Arguments for Given<N> {
    fn take(self) -> (Passed, Origin) {
        (self.0, self.1)
    }
}

// SAFETY: `typecheck` accepts types of `N` values on the stack only.
unsafe impl<const N: usize> ComponentType for Given<N> {
    type Lower = [ValRaw; N];

    const ABI: CanonicalAbiInfo = flat(N as u8);

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        typecheck(ty, types, MAX_FLAT_PARAMS, N)
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
        let origin = Origin::new(cx.types, ty);
        lift(cx, ty, From::Flat(src)).map(|lifted| Self(Passed::Many(lifted), origin))
    }

    fn linear_lift_from_memory(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        bytes: &[u8],
    ) -> Result<Self> {
        // wasmtime passes no bytes, since it was told that there are none; but where they begin.
        let origin = Origin::new(cx.types, ty);
        let at = bytes.as_ptr().addr().checked_sub(cx.memory().as_ptr().addr());
        match at {
            Some(at) => {
                lift(cx, ty, From::Memory(at)).map(|lifted| Self(Passed::Many(lifted), origin))
            }
            None => bail!("arguments are out of bounds of memory"),
        }
    }
}

/// As [`Given`], for functions that take so little that it needs no memory.
struct GivenFew<const N: usize>(Few, Origin);

impl<const N: usize> Arguments for GivenFew<N> {
    fn take(self) -> (Passed, Origin) {
        (Passed::Few(self.0), self.1)
    }
}

// SAFETY: as for `Given`.
unsafe impl<const N: usize> ComponentType for GivenFew<N> {
    type Lower = [ValRaw; N];

    const ABI: CanonicalAbiInfo = flat(N as u8);

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        typecheck(ty, types, MAX_FLAT_PARAMS, N)
    }
}

// SAFETY: as above.
unsafe impl<const N: usize> ComponentNamedList for GivenFew<N> {}

// SAFETY: reads what the function's own types say.
unsafe impl<const N: usize> Lift for GivenFew<N> {
    fn linear_lift_from_flat(
        cx: &mut LiftContext<'_>,
        ty: InterfaceType,
        src: &[ValRaw; N],
    ) -> Result<Self> {
        let origin = Origin::new(cx.types, ty);
        Few::lift(cx.types, ty, src).map(|few| Self(few, origin))
    }

    fn linear_lift_from_memory(
        _: &mut LiftContext<'_>,
        _: InterfaceType,
        _: &[u8],
    ) -> Result<Self> {
        bail!("few arguments are never in memory")
    }
}

/// What a host function gives to a guest, `N` values on its stack; with `N` 0 there are none, or
/// all go into memory.
struct Answered<const N: usize>(Checked);

// SAFETY: as for `Given`.
unsafe impl<const N: usize> ComponentType for Answered<N> {
    type Lower = [ValRaw; N];

    const ABI: CanonicalAbiInfo = flat(N as u8);

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> Result<()> {
        typecheck(ty, types, MAX_FLAT_RESULTS, N)
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
        if let (Replied::Number(number), [dst]) = (&self.0.0, &mut dst[..]) {
            return number.lower(cx.types, ty, dst);
        }
        // SAFETY: `Checked` were checked.
        let lowered = unsafe { lower::Lower::new(cx, &[]).on_stack(self.0.0.values(), ty, dst) };
        lowered.map_err(at_the_border)
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        ty: InterfaceType,
        at: usize,
    ) -> Result<()> {
        // SAFETY: as above.
        let lowered = unsafe { lower::Lower::new(cx, &[]).results(self.0.0.values(), ty, at) };
        lowered.map_err(at_the_border)
    }
}

/// An exception that a guest's allocator throws would go on to where the guest calls the host.
fn at_the_border(error: wasmtime::Error) -> wasmtime::Error {
    match error.is::<wasmtime::ThrownException>() {
        true => wasmtime::Trap::UncaughtException.into(),
        false => error,
    }
}
