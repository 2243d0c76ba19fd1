//! The C ABI: pointers in, core calls, errors out. It translates and never decides, so that C,
//! C++ and Go get one policy.
//!
//! The header `include/wasmcell.h` is generated from these files and is the reference manual, so
//! documentation comments on exported items are written for C programmers.
//!
//! # Rules of the shell
//!
//! - A function that can fail returns `*mut runtime_error_t` and is one call of
//!   [`boundary::guard`] with its own name. Inside, one `unsafe` block, the airlock, turns
//!   arguments into references; the rest is safe code. Outputs come first in the airlock, so
//!   that they are cleared whatever the other arguments are.
//! - A `_free` function is one call of [`boundary::release`]; it is the only place for
//!   `Option<Box<T>>` in a signature.
//! - A setter of the builder is one call of `set` or `set_value` in `builder.rs`, preceded by
//!   nothing but [`callback::UserData`]; what goes wrong poisons the builder.
//! - `runtime_cancel_trigger` and `runtime_reply_complete` are called where nobody can look at an
//!   error; each is one call of [`boundary::quietly`].
//! - A function that registers a callback makes [`callback::UserData`] before anything else,
//!   outside the closure that `guard` runs, so that the finalizer runs whatever happens in there.
//! - A function that starts an asynchronous call reads `Completion` (`pending.rs`) first in its
//!   airlock, so that finalizers run and outputs are cleared whatever the other arguments are.
//! - Everything else is a getter: it takes `*const T`, has a documented answer for NULL, and
//!   calls nothing that can panic.
//! - `const T *` in the header means `T: Sync` here; [`boundary::borrow`] demands it.
//! - Numbers from C are integers until they have been checked; a Rust enum is only ever returned.
//! - A struct that C fills in or has filled in starts with `struct_size` and implements
//!   [`boundary::SizeTagged`]; [`boundary::options`] and [`boundary::OutStruct`] read and write
//!   it. Fields are appended, never changed.
//! - Nothing is remembered per thread or per process, and no lock is held across a callback.
//!
//! # Rationale
//!
//! *`release` rather than an empty body.* Freeing the last handle joins threads, unmaps the pool
//! and runs the host's finalizers. A panic there would meet `extern "C"` and abort the host.
//!
//! *Setters return nothing.* A host sets a dozen values in a row; a check after each would be
//! skipped. The builder remembers the first problem and [`runtime::runtime_build`] reports it.
//!
//! *A failpoint fires on entry,* before outputs are cleared. Between entry and the airlock there
//! is nothing that can panic, so only tests see it.
//!
//! *`runtime_item_t` and `runtime_type_t` are casts.* Reflection lends what the core holds, by
//! pointer; a wrapper for each item would need an owner. They are never made, and
//! one function each casts there and back.
//!
//! *Codes and kinds are spelt twice,* here and in the core. cbindgen reads these files only, C
//! wants other names and a number for "none", and constant assertions or tests hold the two
//! together.
//!
//! *No reference counts in the open.* `_clone` boxes another handle, and every handle has one
//! owner and one `_free`; the count is inside.
//!
//! *`lower_args` runs in the airlock.* It follows pointers inside values, so it is the C side of a
//! call that can be wrong; what comes out is safe.
// What is documented here is the C header, for Doxygen; the links are for readers of the source.
#![allow(rustdoc::private_intra_doc_links, rustdoc::broken_intra_doc_links)]
#![allow(unsafe_code, non_camel_case_types)]
#![allow(clippy::missing_safety_doc, reason = "the header's chapters state the obligations once")]
#![allow(clippy::must_use_candidate, reason = "RUNTIME_NODISCARD is for errors and owners")]
#![deny(clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::todo,
        clippy::unimplemented,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap
    )
)]

mod boundary;
mod builder;
mod bytes;
mod call;
mod callback;
mod cancel;
mod code;
mod component;
mod error;
#[cfg(feature = "failpoints")]
mod failpoint;
mod function;
mod http;
mod instance;
mod kind;
mod linker;
mod options;
mod output;
mod pending;
mod quiet;
mod resource;
mod runtime;
mod sandbox;
mod signals;
mod stats;
mod types;
mod value;
mod version;
