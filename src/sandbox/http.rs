//! wasi:http 0.2, as components are linked to it. This room alone knows wasmtime's.

mod bounded;
mod codes;
mod hooks;
mod ledger;
mod opening;
mod trailers;
mod view;

use wasmtime::component::Linker;

pub(crate) use opening::{Answered, Broken, ResponseBody, open};
pub(crate) use trailers::is_trailer;
pub(crate) use view::{Bounded, Http, HttpView};

/// Defines wasi:http beside the WASI that is there.
pub(crate) fn add_http_to_linker<T: HttpView>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    bounded::add_to_linker(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}
