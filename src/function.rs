//! Exported functions: looked up once, called as often as wanted, each time on a fresh instance.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::ComponentExportIndex;

use crate::call::{self, CallOptions};
use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::instance::{Live, Returned};
use crate::types::{FunctionType, Name, Type};
use crate::value::{self, Value};

/// One exported function of a component. Clones share it; any thread may call it.
#[derive(Clone)]
pub struct Function(Arc<Inner>);

struct Inner {
    name: Name,
    index: ComponentExportIndex,
    ty: Type,
    component: Component,
}

impl Function {
    pub(crate) fn find(component: &Component, name: &str) -> Result<Self> {
        let item = component
            .types()
            .exports
            .iter()
            .find(|item| item.name.as_str() == name && matches!(item.ty, Some(Type::Function(_))))
            .ok_or_else(|| not_found(component, name))?;
        let index = resolve(component, name).ok_or_else(|| not_found(component, name))?;
        let ty = item.ty.clone().ok_or_else(|| not_found(component, name))?;
        let name = Name::new(name);
        Ok(Self(Arc::new(Inner { name, index, ty, component: component.clone() })))
    }

    /// The name it was looked up by.
    pub fn name(&self) -> &Name {
        &self.0.name
    }

    /// Its type: always [`Type::Function`].
    pub fn ty(&self) -> &Type {
        &self.0.ty
    }

    /// Its parameters and result.
    pub fn signature(&self) -> &FunctionType {
        match &self.0.ty {
            Type::Function(signature) => signature,
            _ => unreachable!("`find` takes functions only"),
        }
    }

    /// Calls it on a fresh instance, on this thread.
    ///
    /// # Errors
    /// What the guest did (`TRAP`, `EXIT`), which limit it met (`TIMEOUT`, `CANCELLED`,
    /// `MEMORY_LIMIT`, `STACK_OVERFLOW`, `INSTANCE_LIMIT`), `UNSUPPORTED` if the result contains
    /// resources, which would not outlive the instance, or `TYPE_MISMATCH` if wasmtime refuses
    /// the arguments.
    pub fn call(&self, args: &[Value], options: &CallOptions) -> Result<Vec<Value>> {
        self.check_result()?;
        let component = &self.0.component;
        call::run(component.runtime(), options, async |call| {
            let mut live = Live::start(component, call).await?;
            live.call(self.0.index, args, self.has_result()).await
        })
    }

    /// Calls it on a fresh instance, on the runtime's workers, and gives the outcome to `done`
    /// there.
    ///
    /// # Errors
    /// As [`call`](Self::call), as far as it is known before the guest starts; then `done` is
    /// dropped unused.
    pub fn call_async(
        &self,
        args: Vec<Value>,
        options: &CallOptions,
        done: impl FnOnce(Result<Returned>) + Send + 'static,
    ) -> Result<()> {
        self.check_result()?;
        let function = self.clone();
        let body = |call| async move {
            let mut live = Live::start(function.component(), call).await?;
            let values = live.call(function.index(), &args, function.has_result()).await?;
            Ok(Returned { values, handles: Vec::new() })
        };
        call::spawn(self.component().runtime(), options, body, done)
    }

    /// Calls it on a fresh instance, with WAVE text in and out: `greet("world")`, or only
    /// `("world")`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` or `TYPE_MISMATCH` says where the text is wrong; and as
    /// [`call`](Self::call).
    pub fn call_text(&self, text: &str, options: &CallOptions) -> Result<String> {
        value::print(&self.call(&self.parse(text)?, options)?)
    }

    /// The arguments in the text of a call of this function.
    pub(crate) fn parse(&self, text: &str) -> Result<Vec<Value>> {
        let (name, arguments) = value::parse_call(text)?;
        let own = self.0.name.as_str();
        let short = own.rsplit('#').next().unwrap_or(own);
        if !name.is_empty() && name != own && name != short {
            let problem = format_args!("calls `{name}`, but the function is `{own}`");
            return Err(Error::invalid("text", problem));
        }
        value::parse_params(&arguments, &self.signature().params)
    }

    /// Refuses to lose resources: an instance that is made for one call ends with them.
    fn check_result(&self) -> Result<()> {
        let problem = "`result`: a resource needs an instance that outlives the call";
        match self.signature().result.as_ref().is_some_and(Type::has_resources) {
            true => Err(Error::new(Code::Unsupported, problem)),
            false => Ok(()),
        }
    }

    pub(crate) fn component(&self) -> &Component {
        &self.0.component
    }

    pub(crate) fn index(&self) -> ComponentExportIndex {
        self.0.index
    }

    pub(crate) fn has_result(&self) -> bool {
        self.signature().result.is_some()
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({}: {})", self.0.name.as_str(), self.0.ty)
    }
}

/// Where the export is in the component.
fn resolve(component: &Component, name: &str) -> Option<ComponentExportIndex> {
    let compiled = component.pre().component();
    match name.split_once('#') {
        None => compiled.get_export_index(None, name),
        Some((interface, name)) => {
            let interface = compiled.get_export_index(None, interface)?;
            compiled.get_export_index(Some(&interface), name)
        }
    }
}

fn not_found(component: &Component, name: &str) -> Error {
    let names: Vec<_> = component
        .types()
        .exports
        .iter()
        .filter(|item| matches!(item.ty, Some(Type::Function(_))))
        .map(|item| format!("`{}`", item.name.as_str()))
        .collect();
    let there = match names.len() {
        0 => "it exports no functions".to_owned(),
        1..=8 => format!("it exports {}", names.join(", ")),
        more => format!("it exports {} and {} more", names[..8].join(", "), more - 8),
    };
    Error::new(Code::NotFound, format!("the component has no function `{name}`; {there}"))
}
