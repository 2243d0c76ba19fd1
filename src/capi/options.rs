use std::ffi::c_void;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use super::boundary::{self, OutStruct, SizeTagged};
use super::callback::{self, runtime_interrupt_fn_t};
use super::cancel::runtime_cancel_t;
use super::output::runtime_output_t;
use crate::call::{CallOptions, CallReport};
use crate::error::{Error, Result};
use crate::host::Context;

/// How one call is to be made. NULL in its place means defaults.
///
/// Initialise with RUNTIME_CALL_OPTIONS_INIT. Fields are only ever appended, so a program built
/// against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_call_options_t {
    /// sizeof(runtime_call_options_t), as the caller was compiled.
    pub struct_size: usize,
    /// Milliseconds that the call may take; 0, the default, stands for
    /// runtime_builder_max_execution_time(), which a larger number cannot exceed. Rounded up to
    /// whole ticks of runtime_builder_epoch_tick().
    pub timeout_ms: u64,
    /// Fuel that the call may use; 0, the default, stands for runtime_builder_fuel(), which a
    /// larger number cannot exceed. In a runtime without fuel any other number is
    /// RUNTIME_ERROR_INVALID_ARGUMENT.
    pub fuel: u64,
    /// What may cancel the call, borrowed until the function returns: an asynchronous call keeps
    /// its own reference. NULL, the default, if nothing may.
    pub cancel: *const runtime_cancel_t,
    /// Where to put what the call used, or NULL, the default. Owned by the caller, and filled in
    /// when the call ends, whether it succeeds or fails. For an asynchronous call it must live,
    /// untouched, until the completion callback is called or the outcome is waited for; a function
    /// that fails to start the call does not need it afterwards.
    pub report: *mut runtime_call_report_t,
    /// Where to put what the guest prints, if its sandbox captures that; borrowed until the
    /// function returns: an asynchronous call keeps its own reference. NULL, the default, drops it.
    /// See runtime_sandbox_stdout_capture().
    pub output: *mut runtime_output_t,
    /// What host functions get by runtime_call_context(), or NULL, the default. The library passes
    /// it on and never looks behind it. It is up to the caller that it lives until the call has
    /// ended, and that the thread of the call may use it.
    pub context: *mut c_void,
    /// Asked on the thread of the call, at most once a tick, whether the call may go on; NULL, the
    /// default, if nobody is asked. What it returns ends the call. Only for calls that block: with
    /// an asynchronous one it is RUNTIME_ERROR_INVALID_ARGUMENT.
    pub interrupt: runtime_interrupt_fn_t,
    /// What `interrupt` gets. The library passes it on and never looks behind it; it must live
    /// until the call has ended.
    pub interrupt_user_data: *mut c_void,
}

// SAFETY: repr(C), `struct_size` first, integers, raw pointers and optional functions only.
unsafe impl SizeTagged for runtime_call_options_t {}

const DEFAULTS: runtime_call_options_t = runtime_call_options_t {
    struct_size: size_of::<runtime_call_options_t>(),
    timeout_ms: 0,
    fuel: 0,
    cancel: ptr::null(),
    report: ptr::null_mut(),
    output: ptr::null_mut(),
    context: ptr::null_mut(),
    interrupt: None,
    interrupt_user_data: ptr::null_mut(),
};

/// What a caller wants its host functions to see.
pub(super) struct CallerContext(*mut c_void);

// SAFETY: the header leaves it to callers that host functions may use it on the thread of the call;
// this crate never looks behind it.
unsafe impl Send for CallerContext {}
// SAFETY: as above.
unsafe impl Sync for CallerContext {}

impl CallerContext {
    pub(super) fn get(&self) -> *mut c_void {
        self.0
    }
}

/// What a call used. See runtime_call_options_t.
///
/// Initialise with RUNTIME_CALL_REPORT_INIT. Fields are only ever appended, so a program built
/// against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_call_report_t {
    /// sizeof(runtime_call_report_t), as the caller was compiled.
    pub struct_size: usize,
    /// Fuel that the call used; 0 in a runtime without fuel. The same in every run, unless the
    /// call was stopped from outside.
    pub fuel_used: u64,
    /// 1 if the guest took the resources that it was to own among the arguments: they are the
    /// caller's no more, also if the call failed, and those of the host are dropped by their
    /// destructor or come back. 0 if the call ended before that, or its function takes none.
    pub resources_taken: u64,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_call_report_t {}

/// Where the caller of a call wants to know what it used. Written when dropped, so that every way
/// out of a call reports.
pub(super) struct Report {
    out: Option<OutStruct<'static, runtime_call_report_t>>,
    used: Arc<CallReport>,
}

// SAFETY: the header obliges callers to leave `report` alone until the call has ended
// (runtime_call_options_t), whichever thread it runs on; nobody else writes to it.
unsafe impl Send for Report {}

impl Drop for Report {
    fn drop(&mut self) {
        if let Some(out) = self.out.take() {
            let struct_size = size_of::<runtime_call_report_t>();
            let (fuel_used, taken) = (self.used.fuel(), self.used.taken());
            let resources_taken = taken.into();
            out.set(&runtime_call_report_t { struct_size, fuel_used, resources_taken });
        }
    }
}

/// The options of a call, most of which have none.
pub(super) struct Options(Option<Box<Wanted>>);

struct Wanted {
    core: CallOptions,
    report: Option<Report>,
}

static PLAIN: CallOptions = CallOptions::new();

impl Deref for Options {
    type Target = CallOptions;

    fn deref(&self) -> &CallOptions {
        self.0.as_ref().map_or(&PLAIN, |it| &it.core)
    }
}

impl Options {
    /// The report, for a call that goes on without these options.
    pub(super) fn take_report(&mut self) -> Option<Report> {
        self.0.as_mut().and_then(|it| it.report.take())
    }
}

/// Reads what the calls of a component go by that do not say otherwise.
///
/// # Safety
/// As for [`boundary::options`], and what the options point to is live.
pub(super) unsafe fn call_defaults(
    options: *const runtime_call_options_t,
) -> Result<Option<CallOptions>> {
    if options.is_null() {
        return Ok(None);
    }
    // SAFETY: as our own contract.
    let given = unsafe { boundary::options(options, DEFAULTS, "options.call_defaults")? };
    for (name, is_there) in
        [("report", !given.report.is_null()), ("output", !given.output.is_null())]
    {
        if is_there {
            let problem = "each call has its own";
            return Err(Error::invalid(&format!("options.call_defaults.{name}"), problem));
        }
    }
    // SAFETY: as our own contract.
    unsafe { call_options(options).map(|it| it.0.map(|it| it.core)) }
}

/// Reads the options of a call. The report, if one is wanted, is written when it is dropped, which
/// must be when the call has ended.
///
/// # Safety
/// As for [`boundary::options`]; and what the options point to is live, `report` until it is
/// dropped.
pub(super) unsafe fn call_options(options: *const runtime_call_options_t) -> Result<Options> {
    if options.is_null() {
        return Ok(Options(None));
    }
    // SAFETY: as our own contract.
    let options = unsafe { boundary::options(options, DEFAULTS, "options")? };
    let report = match options.report.is_null() {
        true => None,
        // SAFETY: as our own contract.
        false => Some(unsafe { OutStruct::new(options.report, "options.report")? }),
    };
    let report = report.map(|out| Report { out: Some(out), used: Arc::default() });
    // SAFETY: as our own contract; NULL becomes `None`.
    let (cancel, output) = unsafe { (options.cancel.as_ref(), options.output.as_ref()) };
    let context = CallerContext(options.context);
    let core = CallOptions {
        timeout: (options.timeout_ms != 0).then(|| Duration::from_millis(options.timeout_ms)),
        cancel: cancel.map(|it| it.0.clone()),
        fuel: (options.fuel != 0).then_some(options.fuel),
        report: report.as_ref().map(|it| it.used.clone()),
        context: (!context.0.is_null()).then(|| -> Context { Arc::new(context) }),
        output: output.map(|it| it.0.clone()),
        interrupt: callback::interrupt(options.interrupt, options.interrupt_user_data),
    };
    Ok(Options(Some(Box::new(Wanted { core, report }))))
}
