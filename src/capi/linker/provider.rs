use std::ffi::c_char;
use std::ptr;

use super::runtime_linker_t;
use crate::capi::boundary::{SizeTagged, borrow, borrow_mut, guard, options, text};
use crate::capi::component::runtime_component_t;
use crate::capi::error::runtime_error_t;
use crate::component::ProviderOptions;
use crate::error::Result;

/// What of a component serves the imports of others. NULL in its place means defaults.
///
/// Initialise with RUNTIME_PROVIDER_OPTIONS_INIT. Fields are only ever appended, so a program built
/// against an older header keeps working with a newer library.
///
/// @since 0.1
#[repr(C)]
#[derive(Clone, Copy)]
pub struct runtime_provider_options_t {
    /// sizeof(runtime_provider_options_t), as the caller was compiled.
    pub struct_size: usize,
    /// One interface that the component exports, such as `acme:shop/prices@1.0.0`, with the
    /// interfaces within it; `outer#inner` is one within another. A compatible version serves where
    /// that one is not exported, and where the version is left out, the only one. Borrowed for the
    /// call. NULL, the default, for all interfaces that it exports.
    pub interface_name: *const c_char,
    /// Length of `interface_name`; 0 for all.
    pub interface_name_len: usize,
    /// What that interface is imported as, if by another name than its own: with another version or
    /// another package. Needs `interface_name`. Borrowed for the call. NULL, the default, for its
    /// own name.
    pub import_name: *const c_char,
    /// Length of `import_name`; 0 for its own name.
    pub import_name_len: usize,
}

// SAFETY: repr(C), `struct_size` first, integers and raw pointers only.
unsafe impl SizeTagged for runtime_provider_options_t {}

const DEFAULTS: runtime_provider_options_t = runtime_provider_options_t {
    struct_size: size_of::<runtime_provider_options_t>(),
    interface_name: ptr::null(),
    interface_name_len: 0,
    import_name: ptr::null(),
    import_name_len: 0,
};

/// Has the exports of a component serve the imports of others: of all components that are loaded
/// with the linker from then on.
///
/// WHAT. The functions in the interfaces that `provider` exports, under the names of these
/// interfaces; what it exports outside of an interface serves nobody. They are definitions like
/// those of runtime_linker_define() with their types: compatible versions are served as there, and
/// types are compared when a component is loaded. Values are copied from one instance to the other.
/// Resources, streams and futures are not passed: a component that imports such a function, or a
/// resource, from the provider is RUNTIME_ERROR_LINK, and other functions of that interface serve
/// it all the same.
///
/// INSTANCES. The first call of a provider within a call of the host's makes an instance of it,
/// further ones within the same call find the state that it has then, and when the host's call is
/// over the instance is gone, also where the host keeps the instance that it calls
/// (runtime_instance_new()), or instances are used again (runtime_component_reuse_t). It never
/// serves two calls of the host, nor two instances. It is one of `max_components`
/// (runtime_builder_max_components()), and is waited for as any other. Where none can become free,
/// because all are of calls that wait for a provider's, the call is RUNTIME_ERROR_INSTANCE_LIMIT at
/// once; so it is where the provider may have few instances (`max_instances` of
/// runtime_component_limits_t), all of them are in calls, and this call has one of another such
/// provider. It has the limits of its own component on memory and the like, and the sandbox that
/// the provider was loaded with: what it prints goes where that says, and into `output` of the
/// host's call (runtime_call_options_t) if that captures.
///
/// CALLS. A call of a provider is a part of the host's: it has the rest of its time, its cancel
/// token, its `interrupt` and the rest of its fuel, whatever the options of the provider say; it
/// runs on the same thread or worker, and functions of the host that the provider calls find the
/// context of the host's call. It counts in runtime_stats() as a call. Where it fails, the guest
/// that called it is ended too, and the host gets an error with the same code that names import and
/// provider, with the provider's stack; a provider that ends itself is RUNTIME_ERROR_TRAP. What a
/// function of the host says by RUNTIME_ERROR_HOST stays as it is.
///
/// CHAINS. A provider may be served by others in turn. A component is linked before it can provide,
/// so they never come to a circle; more than 32 of them in a row, or than
/// runtime_builder_max_call_depth() allows, are RUNTIME_ERROR_LINK. Within a call they count for
/// that setting like calls by callbacks.
///
/// A provider that was loaded for blocking calls only serves components that were as well, and on
/// the caller's stack needs what their calls need. Both are of one runtime; otherwise loading is
/// RUNTIME_ERROR_LINK.
///
/// @param linker    The linker, borrowed for the call.
/// @param provider  The component. Borrowed for the call; the linker, and each component that it
///                  serves, keep what they need of it, and of its runtime, so it may be freed at
///                  any time.
/// @param options   Which of its interfaces, and their names. Borrowed for the call. NULL for
///                  defaults.
///
/// @return NULL on success, otherwise an error owned by the caller, and nothing has changed:
///         RUNTIME_ERROR_INVALID_ARGUMENT if `linker` or `provider` is NULL, if something is
///         defined already that `provider` would define, or if `options` says something impossible;
///         RUNTIME_ERROR_LINK if `provider` was loaded without being linked; RUNTIME_ERROR_SHUTDOWN
///         if its runtime was shut down; RUNTIME_ERROR_NOT_FOUND, with those that are there, if it
///         exports no such interface, or none at all with a function or resource in it.
///
/// @threadsafe No: one thread at a time for each linker. Any number may use `provider`.
/// @since 0.1
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn runtime_linker_component(
    linker: *mut runtime_linker_t,
    provider: *const runtime_component_t,
    options: *const runtime_provider_options_t,
) -> *mut runtime_error_t {
    guard("runtime_linker_component", || {
        // SAFETY: the header obliges callers to pass live pointers, and a linker of their own.
        let (linker, provider, options) = unsafe {
            let linker = borrow_mut(linker, "linker")?;
            (linker, borrow(provider, "provider")?, provider_options(options)?)
        };
        provider.0.provide(&mut linker.0, &options)
    })
}

/// Reads the options of a provider.
///
/// # Safety
/// As for [`options`]; the names span as many bytes as they say.
unsafe fn provider_options(it: *const runtime_provider_options_t) -> Result<ProviderOptions> {
    // SAFETY: as our own contract.
    let (interface, import) = unsafe {
        let it = options(it, DEFAULTS, "options")?;
        (
            text(it.interface_name, it.interface_name_len, "options.interface_name")?,
            text(it.import_name, it.import_name_len, "options.import_name")?,
        )
    };
    let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
    Ok(ProviderOptions { interface: named(interface), import: named(import) })
}
