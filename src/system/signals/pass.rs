//! Doing with a signal what the system would have done, had we not been on top.
//!
//! Everything here runs in signal handlers.
#![allow(unsafe_code)]

use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::atomic::Ordering::SeqCst;

use libc::{c_int, c_void, sigaction, siginfo_t, sigset_t};

use super::covered::{Covered, Handler};
use super::mask::change;

/// Does what `covered` is set to do.
///
/// # Safety
/// `info` and `context` are those of a signal that this thread handles, or NULL; the handler of
/// `covered`, if there is one, is still where it was.
pub(super) unsafe fn call(
    covered: &Covered,
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
) {
    let action = &covered.action;
    let once = action.sa_flags & libc::SA_RESETHAND != 0;
    match action.sa_sigaction {
        // SAFETY: as the caller says.
        libc::SIG_IGN if unsafe { is_sent(info) } => {}
        // What is ignored ends the process all the same if an instruction caused it.
        // SAFETY: as the caller says.
        libc::SIG_DFL | libc::SIG_IGN => unsafe { default(signal, info) },
        // SAFETY: as the caller says.
        _ if once && covered.spent.swap(true, SeqCst) => unsafe { default(signal, info) },
        // SAFETY: as the caller says.
        _ => unsafe { enter(action, signal, info, context) },
    }
}

/// Calls a handler with the mask and on the stack that it asked for.
///
/// # Safety
/// As [`call`], and `action` is a handler.
unsafe fn enter(action: &sigaction, signal: c_int, info: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: it is neither SIG_DFL nor SIG_IGN, so it is a function. One that takes the number
    // alone does not notice that there is more, as little as when the system calls it.
    let handler = unsafe { mem::transmute::<usize, Handler>(action.sa_sigaction) };
    let deferred = action.sa_flags & libc::SA_NODEFER == 0;
    let mut mask = action.sa_mask;
    // SAFETY: the system filled it in.
    let masks_itself = deferred || unsafe { libc::sigismember(&raw const mask, signal) } == 1;
    // SAFETY: as above, and the signal exists.
    unsafe { libc::sigaddset(&raw mut mask, signal) };
    let before = change(libc::SIG_BLOCK, &mask);
    // SAFETY: as the caller says.
    let stack = unsafe { own_stack(action, context) };
    if let Some(stack) = stack {
        // Where there is no stack left, this ends the process, as it would have been ended.
        // SAFETY: nobody has anything there, below the red zone; or nothing is mapped there.
        unsafe { ptr::with_exposed_provenance_mut::<usize>(stack - 16).write_volatile(0) };
    }
    // SAFETY: `before` is initialised.
    if !masks_itself && unsafe { libc::sigismember(&raw const before, signal) } == 0 {
        change(libc::SIG_UNBLOCK, &only(signal));
    }
    match stack {
        // SAFETY: as the caller says; the stack is free from there on.
        Some(stack) => unsafe { on_stack(signal, info, context, handler, stack) },
        // SAFETY: as the caller says.
        None => unsafe { handler(signal, info, context) },
    }
    change(libc::SIG_SETMASK, &before);
}

/// Ends the process by the signal, as if nobody handled it.
///
/// # Safety
/// As [`call`].
pub(super) unsafe fn default(signal: c_int, info: *mut siginfo_t) {
    // SAFETY: all zero is SIG_DFL with no flags and an empty mask.
    let action: sigaction = unsafe { mem::zeroed() };
    // SAFETY: `action` is initialised, and the signal exists.
    unsafe { libc::sigaction(signal, &raw const action, ptr::null_mut()) };
    // An instruction that caused it is tried again when the handlers return, and ends the process
    // with everything where it was. One that was sent has to be sent again.
    // SAFETY: as the caller says.
    if unsafe { is_sent(info) } {
        // SAFETY: to this thread; the system copies `info`, which is NULL or live.
        unsafe {
            let (process, thread) = (libc::getpid(), libc::syscall(libc::SYS_gettid));
            let call = libc::SYS_rt_tgsigqueueinfo;
            if info.is_null() || libc::syscall(call, process, thread, signal, info) != 0 {
                libc::raise(signal);
            }
        }
        change(libc::SIG_UNBLOCK, &only(signal));
    }
}

/// Whether it was sent, rather than caused by an instruction.
///
/// # Safety
/// As [`call`].
unsafe fn is_sent(info: *const siginfo_t) -> bool {
    // SAFETY: as the caller says.
    unsafe { info.as_ref() }.is_none_or(|info| info.si_code <= 0)
}

fn only(signal: c_int) -> sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the first call fills in the whole set; the signal exists.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        set.assume_init()
    }
}

/// Where the stack of the interrupted code is free, if the handler wants to run there and we are
/// on the alternate one.
///
/// # Safety
/// As [`call`].
#[cfg(target_arch = "x86_64")]
unsafe fn own_stack(action: &sigaction, context: *const c_void) -> Option<usize> {
    /// Leaf functions use that much below the stack pointer.
    const RED_ZONE: usize = 128;
    if action.sa_flags & libc::SA_ONSTACK != 0 {
        return None;
    }
    // SAFETY: as the caller says.
    let context = unsafe { context.cast::<libc::ucontext_t>().as_ref() }?;
    let alternate = &context.uc_stack;
    let is_there = |at: usize| at.wrapping_sub(alternate.ss_sp.addr()) < alternate.ss_size;
    let here = (&raw const alternate).addr();
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "an address")]
    let interrupted = context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize;
    let has_switched = alternate.ss_flags & libc::SS_DISABLE == 0 && is_there(here);
    (has_switched && !is_there(interrupted)).then(|| (interrupted - RED_ZONE) & !15)
}

/// Elsewhere handlers run on the stack that the signal came in on.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn own_stack(_: &sigaction, _: *const c_void) -> Option<usize> {
    None
}

/// Calls `handler` on another stack, which unwinders can follow back.
///
/// # Safety
/// As [`call`], and the stack below `stack`, which is a multiple of 16, is free.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
unsafe extern "C" fn on_stack(
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
    handler: Handler,
    stack: usize,
) {
    std::arch::naked_asm!(
        ".cfi_startproc",
        "push rbp",
        ".cfi_def_cfa_offset 16",
        ".cfi_offset rbp, -16",
        "mov rbp, rsp",
        ".cfi_def_cfa_register rbp",
        "mov rsp, r8",
        "call rcx",
        "mov rsp, rbp",
        "pop rbp",
        ".cfi_def_cfa rsp, 8",
        "ret",
        ".cfi_endproc",
    )
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn on_stack(
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
    handler: Handler,
    _: usize,
) {
    // SAFETY: as the caller says.
    unsafe { handler(signal, info, context) };
}
