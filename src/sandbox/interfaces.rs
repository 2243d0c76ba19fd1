//! wasi:config and wasi:logging, whichever of their drafts a component imports.

use tracing::Level;
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;
use wasmtime::component::types::ComponentFunc;

use crate::error::{Code, Error, Result};
use crate::guest::Guest;
use crate::host::Answer;
use crate::log;
use crate::types::{Field, FunctionType, Type, brief};
use crate::value::Value;

/// Whether `import` is an interface of which some is ours to define.
pub(crate) fn defines(import: &str) -> bool {
    let interface = import.split('@').next().unwrap_or_default();
    matches!(interface, "wasi:config/store" | "wasi:config/runtime" | "wasi:logging/logging")
}

/// Defines the function `name` of the interface `import`, and tells whether it is ours to define.
///
/// # Errors
/// `LINK` if the component wants it to have another type.
pub(crate) fn define(
    into: &mut LinkerInstance<'_, Guest>,
    import: &str,
    name: &str,
    ty: &ComponentFunc,
) -> Result<bool> {
    let check = |spelled: &str, fits: fn(&FunctionType) -> bool| {
        let wanted = FunctionType::from_wasmtime(ty);
        match fits(&wanted) {
            true => Ok(()),
            false => Err(contradicts(&format!("{import}#{name}"), spelled, &wanted)),
        }
    };
    match (import.split('@').next().unwrap_or_default(), name) {
        ("wasi:config/store" | "wasi:config/runtime", "get") => {
            check("func(key: string) -> result<option<string>, ..>", is_get)?;
            into.func_new(name, |store, _, args, results| Ok(get(&store, args, results)?))?;
        }
        ("wasi:config/store" | "wasi:config/runtime", "get-all") => {
            check("func() -> result<list<tuple<string, string>>, ..>", is_get_all)?;
            into.func_new(name, |store, _, _, results| Ok(get_all(&store, results)?))?;
        }
        ("wasi:logging/logging", "log") => {
            check("func(level: enum { .. }, context: string, message: string)", is_log)?;
            into.func_new_async(name, |store, _, args, _| {
                Box::new(async move { Ok(log(store, args).await?) })
            })?;
        }
        _ => return Ok(false),
    }
    Ok(true)
}

fn contradicts(path: &str, defined: &str, wanted: &FunctionType) -> Error {
    let wanted = brief(wanted);
    let problem =
        format!("import `{path}`: wasmcell has `{defined}`, the component wants `{wanted}`");
    Error::new(Code::Link, problem)
}

fn is_get(ty: &FunctionType) -> bool {
    let some = |ty: &Type| matches!(ty, Type::Option(some) if **some == Type::String);
    matches!(&ty.params[..], [key] if key.name.as_str() == "key" && key.ty == Type::String)
        && ok_of(ty).is_some_and(some)
}

fn is_get_all(ty: &FunctionType) -> bool {
    let pair = |ty: &Type| matches!(ty, Type::Tuple(it) if **it == [Type::String, Type::String]);
    let pairs = |ty: &Type| matches!(ty, Type::List(element) if pair(element));
    ty.params.is_empty() && ok_of(ty).is_some_and(pairs)
}

fn is_log(ty: &FunctionType) -> bool {
    let [level, context, message] = &ty.params[..] else { return false };
    let text = |it: &Field, name: &str| it.name.as_str() == name && it.ty == Type::String;
    let is_level = level.name.as_str() == "level" && matches!(level.ty, Type::Enum(_));
    is_level && text(context, "context") && text(message, "message") && ty.result.is_none()
}

/// What a function gives that gives a result, when all goes well.
fn ok_of(ty: &FunctionType) -> Option<&Type> {
    match &ty.result {
        Some(Type::Result(result)) => result.ok.as_ref(),
        _ => None,
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
    let Some(write) = store.data().log_at(level) else { return Ok(()) };
    let target = format!("guest:{}", store.data().component_name());
    let text = log::of_guest(message, context);
    let mailbox = store.data().mailbox.clone();
    let request = move || {
        write(level, &target, &text);
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
