use std::ffi::c_char;
use std::time::Duration;

use crate::builder::MAX_MILLISECONDS;
use crate::capi::boundary::{self, SizeTagged, text};
use crate::capi::cancel::runtime_cancel_t;
use crate::capi::linker::runtime_linker_t;
use crate::capi::options::{call_defaults, runtime_call_options_t};
use crate::capi::sandbox::runtime_sandbox_t;
use crate::component::ComponentOptions;
use crate::engine::limits::ComponentLimits;
use crate::error::{Error, Result};
use crate::store::Reuse;

/// What one component may take, where that is less than its runtime allows. NULL in its place means
/// as much as that.
///
/// Each number limits as the setting of the same name does for the whole runtime, and errors name
/// that setting. 0, the default of each, stands for the runtime's own, which a larger number cannot
/// exceed.
///
/// Initialise with RUNTIME_COMPONENT_LIMITS_INIT. Fields are only ever appended, so a program built
/// against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_component_limits_t {
    /// sizeof(runtime_component_limits_t), as the caller was compiled.
    pub struct_size: usize,
    /// Bytes of each linear memory: runtime_builder_max_linear_memory().
    pub max_linear_memory: u64,
    /// Bytes of all memories and tables of an instance: runtime_builder_max_instance_memory().
    pub max_instance_memory: u64,
    /// Elements of each table: runtime_builder_max_table_elements().
    pub max_table_elements: u64,
    /// Bytes that are copied for a guest at a time: runtime_builder_max_hostcall_memory().
    pub max_hostcall_memory: u64,
    /// Resources of an instance: runtime_builder_max_resources().
    pub max_resources: u64,
    /// Random bytes at a time: runtime_builder_max_random_size().
    pub max_random_size: u64,
    /// Descriptors of an instance: runtime_builder_max_descriptors().
    pub max_descriptors: u64,
    /// Bytes in buffers of an instance: runtime_builder_max_buffers().
    pub max_buffers: u64,
    /// Name look-ups of an instance without an answer: runtime_builder_max_lookups().
    pub max_lookups: u64,
    /// Instances of the component that may be alive at once, each counted once: so that one
    /// component cannot take all of runtime_builder_max_components(). Calls that find none free
    /// wait for one as runtime_builder_instance_wait() says, and then for one of the runtime's, and
    /// are RUNTIME_ERROR_INSTANCE_LIMIT, which names `max_instances`, when that takes longer. At
    /// most 4,294,967,295.
    pub max_instances: u64,
    /// Milliseconds that a call may take: runtime_builder_max_execution_time().
    pub max_execution_time_ms: u64,
    /// Fuel that a call may use: runtime_builder_fuel(). In a runtime without fuel any number but 0
    /// is RUNTIME_ERROR_INVALID_ARGUMENT.
    pub fuel: u64,
    /// Bytes of stack that a guest may use, from 16,384: runtime_builder_max_stack(). A component
    /// that has less than its runtime allows has instances without the pool, as by
    /// RUNTIME_ALLOCATOR_ON_DEMAND, and its code is mapped once more. A runtime has at most 16 such
    /// sizes at a time; one more is RUNTIME_ERROR_RESOURCE_LIMIT.
    pub max_stack: u64,
}

// SAFETY: repr(C), `struct_size` first, integers only.
unsafe impl SizeTagged for runtime_component_limits_t {}

const NO_LIMITS: runtime_component_limits_t = runtime_component_limits_t {
    struct_size: size_of::<runtime_component_limits_t>(),
    max_linear_memory: 0,
    max_instance_memory: 0,
    max_table_elements: 0,
    max_hostcall_memory: 0,
    max_resources: 0,
    max_random_size: 0,
    max_descriptors: 0,
    max_buffers: 0,
    max_lookups: 0,
    max_instances: 0,
    max_execution_time_ms: 0,
    fuel: 0,
    max_stack: 0,
};

/// Reads the limits of a component.
///
/// # Safety
/// As for [`boundary::options`].
unsafe fn component_limits(limits: *const runtime_component_limits_t) -> Result<ComponentLimits> {
    // SAFETY: as our own contract.
    let given = unsafe { boundary::options(limits, NO_LIMITS, "options.limits")? };
    let less = |number: u64| (number != 0).then_some(number);
    let max_instances = less(given.max_instances).map(|number| {
        let problem = format_args!("{number} is not from 0 to {}", u32::MAX);
        u32::try_from(number).map_err(|_| Error::invalid("options.limits.max_instances", problem))
    });
    Ok(ComponentLimits {
        max_linear_memory: less(given.max_linear_memory),
        max_instance_memory: less(given.max_instance_memory),
        max_table_elements: less(given.max_table_elements),
        max_hostcall_memory: less(given.max_hostcall_memory),
        max_resources: less(given.max_resources),
        max_random_size: less(given.max_random_size),
        max_descriptors: less(given.max_descriptors),
        max_buffers: less(given.max_buffers),
        max_lookups: less(given.max_lookups),
        max_instances: max_instances.transpose()?,
        max_execution_time: less(given.max_execution_time_ms).map(Duration::from_millis),
        fuel: less(given.fuel),
        max_stack: less(given.max_stack),
    })
}

/// How long instances of a component are used again, instead of a fresh one for each call.
///
/// WARNING: what one call leaves in the guest's memory, the next call finds, whoever makes it: a
/// secret that was not wiped, a cache that was poisoned, a position in a file. Ask for it only
/// where all who call the component may know of each other. A fresh instance for each call, which
/// is what there is without this, leaves nothing.
///
/// After a call by runtime_function_call() or runtime_function_call_async() that ended well, its
/// instance waits for the next call of the same component. It never does so after a trap, a limit,
/// a time-out, a cancellation or any other failure, nor while it owns a resource of the host. Calls
/// with text, runtime_component_run() and runtime_instance_new() make instances of their own. What
/// waits counts for runtime_builder_max_components(), `max_instances` and all other limits, and in
/// runtime_stats(); it is ended as soon as a call of another component finds no place, and with its
/// component. Clocks go on, random numbers and what the guest has read of stdin are not repeated.
///
/// Initialise with RUNTIME_COMPONENT_REUSE_INIT. Fields are only ever appended, so a program built
/// against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_component_reuse_t {
    /// sizeof(runtime_component_reuse_t), as the caller was compiled.
    pub struct_size: usize,
    /// Instances that may wait for calls. 0, the default, stands for 16.
    pub max_instances: u64,
    /// Calls that each instance may have. 0, the default, stands for 1,000.
    pub max_calls: u64,
    /// Milliseconds that each may wait for a call, at most 31,622,400,000: 366 days. 0, the
    /// default, stands for 10,000.
    pub max_idle_ms: u64,
    /// Bytes by which its memories and tables may have grown since its start. 0, the default,
    /// stands for 16 MiB.
    pub max_growth: u64,
}

// SAFETY: repr(C), `struct_size` first, integers only.
unsafe impl SizeTagged for runtime_component_reuse_t {}

const REUSE: runtime_component_reuse_t = runtime_component_reuse_t {
    struct_size: size_of::<runtime_component_reuse_t>(),
    max_instances: 0,
    max_calls: 0,
    max_idle_ms: 0,
    max_growth: 0,
};

/// Reads how instances are used again.
///
/// # Safety
/// As for [`boundary::options`].
unsafe fn component_reuse(reuse: *const runtime_component_reuse_t) -> Result<Option<Reuse>> {
    if reuse.is_null() {
        return Ok(None);
    }
    // SAFETY: as our own contract.
    let given = unsafe { boundary::options(reuse, REUSE, "options.reuse")? };
    let or = |number: u64, default: u64| if number == 0 { default } else { number };
    let max_idle = or(given.max_idle_ms, 10_000);
    if max_idle > MAX_MILLISECONDS {
        let problem = format_args!("{max_idle} is not from 0 to {MAX_MILLISECONDS}");
        return Err(Error::invalid("options.reuse.max_idle_ms", problem));
    }
    Ok(Some(Reuse {
        max_instances: usize::try_from(or(given.max_instances, 16)).unwrap_or(usize::MAX),
        max_calls: or(given.max_calls, 1000),
        max_idle: Duration::from_millis(max_idle),
        max_growth: or(given.max_growth, 16 << 20),
    }))
}

/// How a component is to be loaded. NULL in its place means defaults.
///
/// Initialise with RUNTIME_COMPONENT_OPTIONS_INIT. Fields are only ever appended, so a program
/// built against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_component_options_t {
    /// sizeof(runtime_component_options_t), as the caller was compiled.
    pub struct_size: usize,
    /// What to call the component in log records, UTF-8. Copied. May be NULL if `name_len` is 0;
    /// default none.
    pub name: *const c_char,
    /// Length of `name`.
    pub name_len: usize,
    /// What the component is granted, borrowed for the call and copied. NULL, the default, grants
    /// nothing.
    pub sandbox: *const runtime_sandbox_t,
    /// What the host provides to the component, or NULL, the default, for nothing but WASI. Copied.
    pub linker: *const runtime_linker_t,
    /// 1 if all calls of the component will be blocking ones; asynchronous ones are
    /// RUNTIME_ERROR_UNSUPPORTED then. 0, the default, if not; anything else is
    /// RUNTIME_ERROR_INVALID_ARGUMENT.
    ///
    /// A component that imports nothing of WASI then runs on its caller's stack, and calls the
    /// host's functions right there: a call takes about two thirds of the time, a host function
    /// half. What it costs: the thread needs `max_stack` (runtime_builder_max_stack()) and 512 KiB
    /// of stack, otherwise calls are RUNTIME_ERROR_STACK_OVERFLOW, and of these the guest leaves at
    /// least 256 KiB to a host function. A component that imports WASI, and every component outside
    /// Linux, is run as ever.
    pub blocking_only: u64,
    /// How long loading may take, in milliseconds by the clock on the wall, rounded up to whole
    /// ticks; then it is RUNTIME_ERROR_TIMEOUT. 0, the default, is as long as it takes. See
    /// runtime_component_new() for what is done about the compiler.
    pub timeout_ms: u64,
    /// What cancels the load, borrowed for the call and copied: triggered, the load is
    /// RUNTIME_ERROR_CANCELLED. It has no effect on the component. NULL, the default, if nothing
    /// does.
    pub cancel: *const runtime_cancel_t,
    /// What the component may take where that is less than the runtime allows, borrowed for the
    /// call and copied. NULL, the default, for as much as the runtime allows.
    pub limits: *const runtime_component_limits_t,
    /// What calls of the component go by, each as far as its own options are NULL, 0 or have
    /// nothing there; borrowed for the call and copied. `cancel` and `interrupt` of a call take the
    /// place of these; asynchronous calls leave out this `interrupt`. `context` and
    /// `interrupt_user_data` must live until the component has ended, with all its calls. `report`
    /// and `output` must be NULL, otherwise it is RUNTIME_ERROR_INVALID_ARGUMENT. NULL, the
    /// default, for the defaults of runtime_call_options_t.
    pub call_defaults: *const runtime_call_options_t,
    /// 1 if the component is only to be looked at: to be asked for its imports and exports, WIT and
    /// compiled code. `linker` and `sandbox` then mean nothing, nothing has to provide the imports,
    /// and calls and instances are RUNTIME_ERROR_LINK; runtime_component_link() makes of it
    /// components that can be called. 0, the default, if not; anything else is
    /// RUNTIME_ERROR_INVALID_ARGUMENT.
    pub unlinked: u64,
    /// How long its instances are used again, borrowed for the call and copied. NULL, the default,
    /// for a fresh one in each call.
    pub reuse: *const runtime_component_reuse_t,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_component_options_t {}

const DEFAULTS: runtime_component_options_t = runtime_component_options_t {
    struct_size: size_of::<runtime_component_options_t>(),
    name: std::ptr::null(),
    name_len: 0,
    sandbox: std::ptr::null(),
    linker: std::ptr::null(),
    blocking_only: 0,
    timeout_ms: 0,
    cancel: std::ptr::null(),
    limits: std::ptr::null(),
    call_defaults: std::ptr::null(),
    unlinked: 0,
    reuse: std::ptr::null(),
};

/// Reads the options of a component.
///
/// # Safety
/// As for [`boundary::options`]; `name` spans `name_len` bytes, and `sandbox`, `linker` and
/// `cancel` are NULL or live, and so are `limits`, `reuse` and `call_defaults` with what they point
/// to.
pub(super) unsafe fn component_options(
    options: *const runtime_component_options_t,
) -> Result<ComponentOptions> {
    // SAFETY: as our own contract.
    let (name, sandbox, linker, cancel, options) = unsafe {
        let options = boundary::options(options, DEFAULTS, "options")?;
        let name = text(options.name, options.name_len, "options.name")?;
        let (sandbox, linker) = (options.sandbox.as_ref(), options.linker.as_ref());
        (name, sandbox, linker, options.cancel.as_ref(), options)
    };
    let blocking_only = flag(options.blocking_only, "options.blocking_only")?;
    let unlinked = flag(options.unlinked, "options.unlinked")?;
    // SAFETY: as our own contract.
    let (limits, call_defaults, reuse) = unsafe {
        let limits = component_limits(options.limits)?;
        (limits, call_defaults(options.call_defaults)?, component_reuse(options.reuse)?)
    };
    let name = (!name.is_empty()).then(|| name.to_owned());
    let sandbox = sandbox.map(|it| it.0.clone());
    let linker = linker.map(|it| it.0.clone());
    let cancel = cancel.map(|it| it.0.clone());
    let timeout = match options.timeout_ms {
        0 => None,
        ms @ 1..=MAX_MILLISECONDS => Some(Duration::from_millis(ms)),
        ms => {
            let problem = format_args!("{ms} is not from 0 to {MAX_MILLISECONDS}");
            return Err(Error::invalid("options.timeout_ms", problem));
        }
    };
    Ok(ComponentOptions {
        name,
        linker,
        sandbox,
        blocking_only,
        timeout,
        cancel,
        limits,
        call_defaults,
        reuse,
        unlinked,
    })
}

/// A field that is yes or no.
fn flag(value: u64, name: &str) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::invalid(name, format_args!("is {other}; only 0 and 1 mean something"))),
    }
}
