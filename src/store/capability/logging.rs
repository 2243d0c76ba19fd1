//! wasi:logging, whichever of its drafts a component imports.

use std::sync::Arc;

use tracing::Level;
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;

use super::family::{Capability, Item, unexpected};
use crate::error::Result;
use crate::host::Answer;
use crate::linker::version;
use crate::store::guest::Guest;
use crate::system::log;
use crate::types::{Field, FunctionType, Type};
use crate::value::Value;

pub(super) struct Logging;

const INTERFACE: &str = "wasi:logging/logging";

impl Capability for Logging {
    fn serves(&self, import: &str) -> bool {
        version::unversioned(import) == INTERFACE
    }

    fn define(&self, into: &mut LinkerInstance<'_, Guest>, item: &Item<'_>) -> Result<bool> {
        if item.path() != (INTERFACE, "log") {
            return Ok(false);
        }
        item.check("func(level: enum { .. }, context: string, message: string)", is_log)?;
        into.func_new_async(item.name, |store, _, args, _| {
            Box::new(async move { Ok(log(store, args).await?) })
        })?;
        Ok(true)
    }
}

fn is_log(ty: &FunctionType) -> bool {
    let [level, context, message] = &ty.params[..] else { return false };
    let text = |it: &Field, name: &str| it.name.as_str() == name && it.ty == Type::String;
    let is_level = level.name.as_str() == "level" && matches!(level.ty, Type::Enum(_));
    is_level && text(context, "context") && text(message, "message") && ty.result.is_none()
}

/// What the records of an instance are filed under.
struct Target(Arc<str>);

/// Hands a record to the host, on the native stack: its callback must not run on a fiber.
async fn log(mut store: StoreContextMut<'_, Guest>, args: &[Value]) -> Result<()> {
    let [Value::Enum(level), Value::String(context), Value::String(message)] = args else {
        return Err(unexpected());
    };
    let level = match level.as_str() {
        "trace" => Level::TRACE,
        "debug" => Level::DEBUG,
        "info" => Level::INFO,
        "warn" => Level::WARN,
        _ => Level::ERROR,
    };
    let Some(write) = store.data().log_at(level) else { return Ok(()) };
    let target = store.data_mut().extension(|guest| {
        let name = guest.component_name();
        Target(Arc::from(format!("guest:{name}")))
    });
    let target = target.0.clone();
    let text = log::of_guest(message, context);
    let mailbox = store.data().mailbox.clone();
    let request = move || {
        write(level, &target, &text);
        Answer::done(Ok(()))
    };
    mailbox.ask(request).await.map(drop)
}
