//! Values, and whole calls as WAVE text: `greet("world")`, `move-to({x: 1, y: -1})`.
//!
//! wasm-wave parses text into nodes; this module gives the nodes the types of a function, so that
//! an error names the place, both types and the column.

use wasmtime::component::Type as WasmtimeType;
use wasmtime::component::wasm_wave::parser::ParserError;
use wasmtime::component::wasm_wave::untyped::{UntypedFuncCall, UntypedValue};
use wasmtime::component::wasm_wave::writer::Writer;

use crate::error::{Code, Error, Result};
use crate::system::{stack, thread};
use crate::text::Cut;
use crate::types::{Field, Name, Path, Type};

#[cfg(test)]
mod tests;
mod text;

pub use wasmtime::component::Val as Value;

use text::{Text, ends, position};

/// Splits the text of a call into the function's name and its arguments.
///
/// The name is returned as written: `greet`, `ns:pkg/iface@1.0.0#greet`, or empty where the text
/// starts with the arguments. In the second string the name is blanked out, so that columns in the
/// errors of [`parse_args`] count from the start of the whole text.
pub fn parse_call(text: &str) -> Result<(String, String)> {
    let Some((name, rest)) = text.split_once('(') else {
        return Err(Error::invalid("text", "expected `name(arguments)`, found no `(`"));
    };
    let blank = |c: char| if c.is_whitespace() { c } else { ' ' };
    let mut args: String = name.chars().map(blank).collect();
    args.push('(');
    args.push_str(rest);
    Ok((name.trim().to_owned(), args))
}

/// Reads the arguments of a call, with their parentheses, as values of `types`.
///
/// See [`parse_params`]; this one takes wasmtime's types.
pub fn parse_args(args: &str, types: &[(String, WasmtimeType)]) -> Result<Vec<Value>> {
    let field =
        |(name, ty): &(String, _)| Field { name: Name::new(name), ty: Type::from_wasmtime(ty) };
    parse_params(args, &types.iter().map(field).collect::<Vec<_>>())
}

/// Reads the arguments of a call, with their parentheses, as values for `params`.
///
/// Optional parameters at the end may be left out, as may optional fields of a record.
pub fn parse_params(args: &str, params: &[Field]) -> Result<Vec<Value>> {
    if !args.trim_start().starts_with('(') {
        return Err(Error::invalid("text", "expected arguments in parentheses"));
    }
    // wasm-wave parses arguments only behind a name.
    let source = format!("f{args}");
    let call = UntypedFuncCall::parse(&source).map_err(|error| syntax(&source, &error))?;
    let nodes = match call.params_node() {
        Some(node) => node.as_tuple().map_err(|error| syntax(&source, &error))?.collect(),
        None => Vec::new(),
    };
    if let Some(extra) = nodes.get(params.len()) {
        let (wanted, found) = (params.len(), nodes.len());
        let place = position(&source, extra.span().start);
        let problem = format!("too many arguments at {place}: expected {wanted}, found {found}");
        return Err(Error::new(Code::TypeMismatch, problem));
    }
    let text = Text::new(&source);
    let mut values = Vec::with_capacity(params.len());
    for (i, param) in params.iter().enumerate() {
        let at = Path::parameter(&param.name);
        values.push(match (nodes.get(i), &param.ty) {
            (Some(node), ty) => text.value(node, ty, &at)?,
            (None, Type::Option(_)) => Value::Option(None),
            (None, ty) => {
                let found = format!("no argument at {}", ends(&source));
                return Err(at.mismatch(ty, found));
            }
        });
    }
    Ok(values)
}

/// Reads one value of type `ty`. Optional fields of a record may be left out.
///
/// # Errors
/// `INVALID_ARGUMENT` or `TYPE_MISMATCH` says where the text is wrong, `UNSUPPORTED` which part of
/// the type has no text, and `RESOURCE_LIMIT` that the value is out of proportion to the text.
pub fn parse_value(text: &str, ty: &Type) -> Result<Value> {
    // Columns are counted from behind one byte; see `position`.
    let source = format!(" {text}");
    let value = UntypedValue::parse(&source).map_err(|error| syntax(&source, &error))?;
    Text::new(&source).value(value.node(), ty, &Path::whole("value"))
}

/// The error of text that is not WAVE at all.
fn syntax(source: &str, error: &ParserError) -> Error {
    let place = position(source, error.span().start);
    let kind = error.kind();
    Error::invalid(
        "text",
        match error.detail() {
            Some(detail) => format!("{kind} at {place}: {detail}"),
            None => format!("{kind} at {place}"),
        },
    )
}

/// Room for short text, whose punctuation may be more than what it says.
const SHORT: u64 = 64 << 10;

/// What a call returned, as WAVE text: the value; `()` if there is none. A guest has to give six
/// times less than its text takes, so that has the limit `most` of what it gives, too.
pub fn print(values: &[Value], most: u64) -> Result<String> {
    let mut texts = Vec::with_capacity(values.len());
    let room = usize::try_from(most.saturating_add(SHORT)).unwrap_or(usize::MAX);
    for value in values {
        printable(value)?;
        let mut out = Cut::new(String::new(), room);
        let written = Writer::new(&mut out).write_value(value);
        if out.is_full() {
            let problem = format!("`max_hostcall_memory` is {most}: the result as text is larger");
            let error = Error::new(Code::ResourceLimit, problem);
            return Err(error.met("max_hostcall_memory", None, most));
        }
        written.map_err(|error| Error::new(Code::Unsupported, error.to_string()))?;
        texts.push(out.into_inner());
    }
    Ok(match texts.len() {
        1 => texts.remove(0),
        _ => format!("({})", texts.join(", ")),
    })
}

/// Prints as [`print()`] does, on a thread with more stack if this one has too little.
pub(crate) fn print_with_room(values: &[Value], most: usize) -> Result<String> {
    thread::with_room(stack::TEXT, || print(values, most as u64))?
}

/// wasm-wave panics on values that have no text.
fn printable(value: &Value) -> Result<()> {
    let unsupported = |what| {
        Err(Error::new(Code::Unsupported, format_args!("a {what} cannot be written as text")))
    };
    match value {
        Value::Resource(_) => unsupported("resource"),
        Value::Stream(_) => unsupported("stream"),
        Value::Future(_) => unsupported("future"),
        Value::ErrorContext(_) => unsupported("error context"),
        Value::Map(_) => unsupported("map"),
        Value::List(values) | Value::Tuple(values) | Value::FixedLengthList(values) => {
            values.iter().try_for_each(printable)
        }
        Value::Record(fields) => fields.iter().try_for_each(|(_, value)| printable(value)),
        Value::Variant(_, Some(payload))
        | Value::Option(Some(payload))
        | Value::Result(Ok(Some(payload)) | Err(Some(payload))) => printable(payload),
        _ => Ok(()),
    }
}
