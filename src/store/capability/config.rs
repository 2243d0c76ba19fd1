//! wasi:config, whichever of its drafts a component imports.

use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;

use super::family::{Capability, Item, give, unexpected};
use crate::error::Result;
use crate::linker::version;
use crate::store::guest::Guest;
use crate::types::{FunctionType, Type};
use crate::value::Value;

pub(super) struct Config;

/// What the drafts have called it.
const INTERFACES: [&str; 2] = ["wasi:config/store", "wasi:config/runtime"];

impl Capability for Config {
    fn serves(&self, import: &str) -> bool {
        INTERFACES.contains(&version::unversioned(import))
    }

    fn define(&self, into: &mut LinkerInstance<'_, Guest>, item: &Item<'_>) -> Result<bool> {
        if !self.serves(item.import) {
            return Ok(false);
        }
        match item.name {
            "get" => {
                item.check("func(key: string) -> result<option<string>, ..>", is_get)?;
                into.func_new("get", |store, _, args, results| Ok(get(&store, args, results)?))?;
            }
            "get-all" => {
                item.check("func() -> result<list<tuple<string, string>>, ..>", is_get_all)?;
                into.func_new("get-all", |store, _, _, results| Ok(get_all(&store, results)?))?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
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
    let value = store.data().sandbox().and_then(|it| it.config_value(key));
    let value = value.map(|value| Box::new(Value::String(value.clone())));
    give(results, ok(Value::Option(value)))
}

fn get_all(store: &StoreContextMut<'_, Guest>, results: &mut [Value]) -> Result<()> {
    let text = |text: &String| Value::String(text.clone());
    let pairs = store.data().sandbox().into_iter().flat_map(|it| it.config());
    let pairs = pairs.map(|(key, value)| Value::Tuple(vec![text(key), text(value)]));
    give(results, ok(Value::List(pairs.collect())))
}
