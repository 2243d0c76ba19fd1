//! The floating-point environment of a thread: how numbers are rounded, whether tiny ones count as
//! zero, which results are signals.
//!
//! WebAssembly has one such environment, and Rust has the same. A host may have another one on its
//! threads, so it is changed where a host's code meets the library's; see [`super::thread`].
//!
//! The x87 unit of x86 has an environment of its own, which nobody touches: no guest, and nothing
//! in this library, computes there.
#![allow(unsafe_code)]

/// The environment of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Floats(machine::Floats);

impl Floats {
    /// Rust's and WebAssembly's: round to nearest, tiny numbers count, nothing is a signal.
    pub(crate) const STANDARD: Self = Self(machine::STANDARD);

    /// This thread's.
    #[inline(always)]
    pub(crate) fn here() -> Self {
        Self(machine::read())
    }

    /// Whether numbers come out as in [`STANDARD`](Self::STANDARD). What earlier results left in
    /// the flags makes no difference.
    #[inline(always)]
    pub(crate) fn is_standard(self) -> bool {
        machine::is_standard(self.0)
    }

    /// Makes it this thread's, with its flags. To compare takes a nanosecond, to write some.
    #[inline(always)]
    pub(crate) fn set(self) {
        if machine::read() != self.0 {
            machine::write(self.0);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod machine {
    use std::arch::asm;

    /// MXCSR: its six lowest bits are the flags.
    pub(super) type Floats = u32;

    /// All signals masked, the rest 0.
    pub(super) const STANDARD: Floats = 0x1f80;

    const FLAGS: Floats = 0x3f;

    #[inline(always)]
    pub(super) fn is_standard(floats: Floats) -> bool {
        floats & !FLAGS == STANDARD
    }

    #[inline(always)]
    pub(super) fn read() -> Floats {
        let mut floats = 0;
        // SAFETY: the instruction writes the four bytes of `floats` and nothing else.
        unsafe {
            asm!("stmxcsr [{}]", in(reg) &raw mut floats, options(nostack, preserves_flags));
        }
        floats
    }

    #[inline(always)]
    pub(super) fn write(floats: Floats) {
        // SAFETY: the value was this register's before, or is what it is when a thread starts, so
        // no reserved bit is set. What Rust computes in another environment than its own is not
        // defined, so this module's callers compute nothing there (see `crate::system::thread`).
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const floats, options(nostack, readonly)) }
    }
}

#[cfg(target_arch = "aarch64")]
mod machine {
    use std::arch::asm;

    /// FPCR, and FPSR, which has the flags.
    pub(super) type Floats = (u64, u64);

    /// Nothing is asked for.
    pub(super) const STANDARD: Floats = (0, 0);

    #[inline(always)]
    pub(super) fn is_standard((control, _): Floats) -> bool {
        control == STANDARD.0
    }

    #[inline(always)]
    pub(super) fn read() -> Floats {
        let (control, flags): (u64, u64);
        // SAFETY: both registers may be read in user mode.
        unsafe {
            asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack, preserves_flags));
            asm!("mrs {}, fpsr", out(reg) flags, options(nomem, nostack, preserves_flags));
        }
        (control, flags)
    }

    #[inline(always)]
    pub(super) fn write((control, flags): Floats) {
        // SAFETY: both registers may be written in user mode, and had these values before, or have
        // them when a thread starts. What Rust computes in another environment than its own is not
        // defined, so this module's callers compute nothing there (see `crate::system::thread`).
        unsafe {
            asm!("msr fpcr, {}", in(reg) control, options(nostack));
            asm!("msr fpsr, {}", in(reg) flags, options(nostack));
        }
    }
}

/// Elsewhere guests compute as the host does.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod machine {
    pub(super) type Floats = ();

    pub(super) const STANDARD: Floats = ();

    pub(super) fn is_standard(_: Floats) -> bool {
        true
    }

    pub(super) fn read() -> Floats {}

    pub(super) fn write(_: Floats) {}
}
