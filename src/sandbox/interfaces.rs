//! wasi:config and wasi:logging, whichever of their drafts a component imports.

use std::sync::Arc;

use tracing::Level;
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;
use wasmtime::component::types::{ComponentFunc, ComponentItem};

use crate::error::{Code, Error, Result};
use crate::guest::Guest;
use crate::host::Answer;
use crate::linker;
use crate::types::{FunctionType, Type};
use crate::value::Value;

/// Whether `import` is an interface of which some is ours to define.
pub(crate) fn defines(import: &str) -> bool {
    let interface = import.split('@').next().unwrap_or_default();
    matches!(interface, "wasi:config/store" | "wasi:config/runtime" | "wasi:logging/logging")
}

/// Defines the function `name` of the interface `import`, if it is ours to define.
///
/// # Errors
/// `LINK` if the component wants it to have another type.
pub(crate) fn define(
    into: &mut LinkerInstance<'_, Guest>,
    import: &str,
    name: &str,
    item: &ComponentItem,
) -> Result<()> {
    let ComponentItem::ComponentFunc(ty) = item else { return Ok(()) };
    let path = format!("{import}#{name}");
    let check = |start: &str, end: &str| check(&path, ty, start, end);
    match (import.split('@').next().unwrap_or_default(), name) {
        ("wasi:config/store" | "wasi:config/runtime", "get") => {
            check("func(key: string) -> result<option<string>", "")?;
            into.func_new(name, |store, _, args, results| Ok(get(&store, args, results)?))?;
        }
        ("wasi:config/store" | "wasi:config/runtime", "get-all") => {
            check("func() -> result<list<tuple<string, string>>", "")?;
            into.func_new(name, |store, _, _, results| Ok(get_all(&store, results)?))?;
        }
        ("wasi:logging/logging", "log") => {
            check("func(level: enum", "context: string, message: string)")?;
            into.func_new_async(name, |store, _, args, _| {
                Box::new(async move { Ok(log(store, args).await?) })
            })?;
        }
        _ => {}
    }
    Ok(())
}

fn check(path: &str, ty: &ComponentFunc, start: &str, end: &str) -> Result<()> {
    let wanted = Type::Function(Arc::new(FunctionType::from_wasmtime(ty))).to_string();
    match wanted.starts_with(start) && wanted.ends_with(end) {
        true => Ok(()),
        false => Err(linker::contradicts(path, &format!("{start}..{end}"), &wanted)),
    }
}

fn ok(value: Value) -> Value {
    Value::Result(Ok(Some(Box::new(value))))
}

fn get(store: &StoreContextMut<'_, Guest>, args: &[Value], results: &mut [Value]) -> Result<()> {
    let [Value::String(key)] = args else { return Err(unexpected()) };
    let value = store.data().world().and_then(|world| world.config_value(key));
    let value = value.map(|value| Box::new(Value::String(value.clone())));
    give(results, ok(Value::Option(value)))
}

fn get_all(store: &StoreContextMut<'_, Guest>, results: &mut [Value]) -> Result<()> {
    let text = |text: &String| Value::String(text.clone());
    let pairs = store.data().world().into_iter().flat_map(|world| world.config());
    let pairs = pairs.map(|(key, value)| Value::Tuple(vec![text(key), text(value)]));
    give(results, ok(Value::List(pairs.collect())))
}

/// Hands a record to the host, on the native stack: its callback must not run on a fiber.
async fn log(store: StoreContextMut<'_, Guest>, args: &[Value]) -> Result<()> {
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
    let Some(log) = store.data().log_at(level) else { return Ok(()) };
    let target = format!("guest:{}", store.data().component_name());
    let text = match context.is_empty() {
        true => message.clone(),
        false => format!("{message} context={context:?}"),
    };
    let mailbox = store.data().mailbox.clone();
    let request = move || {
        log(level, &target, &text);
        Answer::done(Ok(()))
    };
    mailbox.ask(request).await.map(drop)
}

fn give(results: &mut [Value], value: Value) -> Result<()> {
    let [result] = results else { return Err(unexpected()) };
    *result = value;
    Ok(())
}

/// The types were checked when the component was linked.
fn unexpected() -> Error {
    Error::new(Code::TypeMismatch, "the component passes other values than it imports")
}
