//! Exported functions: looked up once, called as often as wanted, each time on a fresh instance.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::ComponentExportIndex;

use crate::call::{self, Call, CallOptions};
use crate::component::Component;
use crate::error::{Code, Error, Result};
use crate::host::Mailbox;
use crate::live::Live;
use crate::marshal::{Args, Results};
use crate::stack;
use crate::thread;
use crate::types::{FunctionType, Item, Name, Type, brief};
use crate::value::{self, Value};

/// One exported function of a component. Clones share it; any thread may call it.
#[derive(Clone)]
pub struct Function(Arc<Inner>);

struct Inner {
    name: Name,
    index: ComponentExportIndex,
    ty: Type,
    has_resources: bool,
    component: Component,
}

impl Function {
    pub(crate) fn find(component: &Component, name: &str) -> Result<Self> {
        crate::failpoint::hit("core:function");
        let item = component
            .types()
            .exports
            .iter()
            .find(|item| item.name.is(name) && matches!(item.ty, Some(Type::Function(_))))
            .ok_or_else(|| not_found(component, name))?;
        let index = resolve(component, name).ok_or_else(|| not_found(component, name))?;
        let ty = item.ty.clone().ok_or_else(|| not_found(component, name))?;
        let name = item.name.clone();
        let has_resources = ty.has_resources();
        Ok(Self(Arc::new(Inner { name, index, ty, has_resources, component: component.clone() })))
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
    /// `MEMORY_LIMIT`, `STACK_OVERFLOW`, `INSTANCE_LIMIT`, `RESOURCE_LIMIT`), or `UNSUPPORTED` if
    /// the result contains resources, which would not outlive the instance.
    pub fn call(&self, args: Args<'_>, options: &CallOptions) -> Result<Results> {
        self.check_result()?;
        let mailbox = Arc::default();
        let body = |call| self.start(&args, call, Arc::clone(&mailbox));
        call::run(self.component(), options, &mailbox, body)
    }

    /// The same with values of wasmtime.
    ///
    /// # Errors
    /// As [`call`](Self::call), and `TYPE_MISMATCH` if wasmtime refuses the arguments.
    pub fn call_values(&self, args: &[Value], options: &CallOptions) -> Result<Vec<Value>> {
        self.check_result()?;
        let (component, mailbox) = (&self.0.component, Arc::default());
        call::run(component, options, &mailbox, async |call| {
            let mut live = Live::start(component, call, Arc::clone(&mailbox)).await?;
            live.call_values(self.0.index, args, self.has_result()).await
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
        args: Args<'static>,
        options: &CallOptions,
        done: impl FnOnce(Result<Results>) + Send + 'static,
    ) -> Result<()> {
        self.check_result()?;
        let runtime = self.component().runtime();
        runtime.check_process()?;
        let pass = runtime.gate().task()?;
        let function = self.clone();
        let mailbox = Arc::<Mailbox>::default();
        let own = mailbox.clone();
        let body = |call| async move { function.start(&args, call, own).await };
        call::spawn(self.component(), options, mailbox, pass, body, done)
    }

    /// Makes an instance for one call.
    async fn start(&self, args: &Args<'_>, call: Call, mailbox: Arc<Mailbox>) -> Result<Results> {
        let mut live = Live::start(&self.0.component, call, mailbox).await?;
        live.call(self, args).await
    }

    /// Calls it on a fresh instance, with WAVE text in and out: `greet("world")`, or only
    /// `("world")`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` or `TYPE_MISMATCH` says where the text is wrong; and as
    /// [`call`](Self::call).
    pub fn call_text(&self, text: &str, options: &CallOptions) -> Result<String> {
        value::print_with_room(&self.call_values(&self.parse(text)?, options)?)
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
        let params = &self.signature().params;
        thread::with_room(stack::TEXT, || value::parse_params(&arguments, params))?
    }

    /// Refuses to lose resources: an instance that is made for one call ends with them.
    fn check_result(&self) -> Result<()> {
        let problem = "`result`: a resource needs an instance that outlives the call";
        let result = self.signature().result.as_ref();
        match self.0.has_resources && result.is_some_and(Type::has_resources) {
            true => Err(Error::new(Code::Unsupported, problem)),
            false => Ok(()),
        }
    }

    /// Whether both are clones of one function.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn component(&self) -> &Component {
        &self.0.component
    }

    pub(crate) fn index(&self) -> ComponentExportIndex {
        self.0.index
    }

    /// Whether resources cross the boundary in a call of it.
    pub(crate) fn has_resources(&self) -> bool {
        self.0.has_resources
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
    let compiled = component.compiled();
    match name.split_once('#') {
        None => compiled.get_export_index(None, name),
        Some((interface, name)) => {
            let interface = compiled.get_export_index(None, interface)?;
            compiled.get_export_index(Some(&interface), name)
        }
    }
}

/// How many of the functions that there are it names.
const NAMED: usize = 8;

fn not_found(component: &Component, name: &str) -> Error {
    let is_function = |item: &&Item| matches!(item.ty, Some(Type::Function(_)));
    let functions = || component.types().exports.iter().filter(is_function);
    let named = functions().take(NAMED).map(|item| format!("`{}`", brief(&item.name)));
    let (names, count) = (named.collect::<Vec<_>>().join(", "), functions().count());
    let there = match count.saturating_sub(NAMED) {
        _ if count == 0 => "it exports no functions".to_owned(),
        0 => format!("it exports {names}"),
        more => format!("it exports {names} and {more} more"),
    };
    let problem = format_args!("the component has no function `{}`; {there}", brief(name));
    Error::new(Code::NotFound, problem)
}
