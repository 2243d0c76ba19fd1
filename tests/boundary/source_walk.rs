//! What every exported function in `src/capi` looks like.

use std::collections::BTreeSet;
use std::path::PathBuf;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, FnArg, Item, ItemFn, ReturnType, Stmt, Type};

use super::support::{files, none, read};

/// Functions that return an error and yet are not one call of `guard`: they make the error.
const MAKE_ERRORS: [&str; 3] =
    ["runtime_error_new", "runtime_error_of_code", "runtime_error_clone"];

/// One exported function, and the file it is in.
struct Export {
    file: PathBuf,
    item: ItemFn,
}

impl Export {
    fn name(&self) -> String {
        self.item.sig.ident.to_string()
    }

    fn problem(&self, text: &str) -> String {
        let line = self.item.sig.ident.span().start().line;
        format!("{}:{line}: {}: {text}", self.file.display(), self.name())
    }

    fn params(&self) -> Vec<(String, &Type)> {
        let typed = self.item.sig.inputs.iter().filter_map(|arg| match arg {
            FnArg::Typed(arg) => Some(arg),
            FnArg::Receiver(_) => None,
        });
        typed.map(|arg| (quote(&arg.pat), &*arg.ty)).collect()
    }

    fn returns(&self) -> String {
        match &self.item.sig.output {
            ReturnType::Default => String::new(),
            ReturnType::Type(_, ty) => quote(ty),
        }
    }

    fn is_fallible(&self) -> bool {
        self.returns() == "*mut runtime_error_t"
    }
}

/// The source text of `node` on one line.
fn quote(node: &impl Spanned) -> String {
    let text = node.span().source_text().unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sources() -> Vec<(PathBuf, syn::File)> {
    let parse = |path: PathBuf| {
        let file = syn::parse_file(&read(&path)).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        (path, file)
    };
    files("src/capi", "rs").into_iter().map(parse).collect()
}

fn has_attr(attrs: &[syn::Attribute], name: &str) -> bool {
    attrs.iter().any(|a| match a.path().is_ident("doc") {
        true => name == "doc",
        false => quote(&a.meta).contains(name),
    })
}

fn exports() -> Vec<Export> {
    let mut found = Vec::new();
    for (file, parsed) in sources() {
        if file.ends_with("failpoint.rs") {
            continue; // only in the tests' own build of the library
        }
        for item in parsed.items {
            if let Item::Fn(item) = item
                && has_attr(&item.attrs, "no_mangle")
            {
                found.push(Export { file: file.clone(), item });
            }
        }
    }
    assert!(found.len() > 20, "only {} exported functions in src/capi", found.len());
    found
}

/// Rows 1 and 8: a panic becomes an error. Everything that can fail runs inside `guard`; the few
/// others release memory or read and write fields, and hold nothing that can panic.
#[test]
fn every_fallible_function_is_one_guard() {
    let mut problems = Vec::new();
    for export in exports() {
        if export.is_fallible() && !MAKE_ERRORS.contains(&export.name().as_str()) {
            let guards = ["guard", "guard_keeping", "guard_roomy"];
            if !guards.iter().any(|guard| is_one_call_of(&export, guard)) {
                problems.push(export.problem("its body is not one `guard(\"<its name>\", ..)`"));
            }
        } else if export.name().ends_with("_free") {
            if !is_one_call_of(&export, "release") {
                problems.push(export.problem("its body is not one `release(\"<its name>\", ..)`"));
            }
        } else if let Some(what) = Panics::within(&export.item.block) {
            problems.push(export.problem(&format!("`{what}` can panic outside `guard`")));
        }
    }
    none(&problems);
}

/// Whether the body is one call of `name`, which is told the name of the exported function. What a
/// callback brings is taken over first: its finalizer runs whatever happens afterwards.
fn is_one_call_of(export: &Export, name: &str) -> bool {
    let takes_over = |statement: &Stmt| match statement {
        Stmt::Local(local) => local.init.as_ref().is_some_and(|init| {
            let value = quote(&*init.expr);
            value.starts_with("UserData::new(") && Panics::within_expr(&init.expr).is_none()
        }),
        _ => false,
    };
    let mut rest = export.item.block.stmts.iter().skip_while(|statement| takes_over(statement));
    let (Some(Stmt::Expr(Expr::Call(call), _)), None) = (rest.next(), rest.next()) else {
        return false;
    };
    let told = call.args.first().map(quote).unwrap_or_default();
    let is_it = matches!(&*call.func, Expr::Path(path) if path.path.is_ident(name));
    is_it && told == format!("\"{}\"", export.name())
}

/// Finds expressions that can panic.
#[derive(Default)]
struct Panics(Option<String>);

impl Panics {
    fn within(block: &syn::Block) -> Option<String> {
        let mut walk = Self::default();
        walk.visit_block(block);
        walk.0
    }

    fn within_expr(expression: &Expr) -> Option<String> {
        let mut walk = Self::default();
        walk.visit_expr(expression);
        walk.0
    }

    fn found(&mut self, what: &str) {
        self.0.get_or_insert_with(|| what.to_owned());
    }
}

impl<'ast> Visit<'ast> for Panics {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        let known = ["unwrap", "expect", "unwrap_err", "expect_err", "copy_from_slice", "split_at"];
        if known.contains(&name.as_str()) {
            self.found(&name);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_index(&mut self, index: &'ast syn::ExprIndex) {
        if !matches!(&*index.index, Expr::Range(all) if all.start.is_none() && all.end.is_none()) {
            self.found("an index");
        }
        visit::visit_expr_index(self, index);
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if matches!(binary.op, syn::BinOp::Div(_) | syn::BinOp::Rem(_)) {
            self.found("a division");
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        let name = quote(&invocation.path);
        let panics = ["panic", "todo", "unimplemented", "unreachable", "assert", "debug_assert"];
        if panics.iter().any(|p| name.starts_with(p)) {
            self.found(&format!("{name}!"));
        }
    }
}

/// Row 2: a reference or an owning type in a signature is undefined behaviour before line one.
/// `Option<Box<T>>` is for `_free` alone, where NULL is `None`.
#[test]
fn signatures_have_raw_pointers_only() {
    let mut problems = Vec::new();
    for export in exports() {
        for (name, ty) in export.params() {
            let text = quote(ty);
            let frees = export.name().ends_with("_free") && text.starts_with("Option<Box<");
            if !frees && ["&", "Box<", "Vec<", "String", "str"].iter().any(|t| text.contains(t)) {
                problems.push(export.problem(&format!("`{name}: {text}`")));
            }
        }
        if export.returns().contains(['&', '<']) {
            problems.push(export.problem(&format!("returns `{}`", export.returns())));
        }
    }
    none(&problems);
}

/// Row 5: C can put any number where Rust has an enum, `bool` or `char`. A `bool` parameter is
/// fine, since the calling convention makes it 0 or 1; one in a struct is not. A `bool` that only
/// comes out is written before anybody reads it.
#[test]
fn no_input_type_has_invalid_values() {
    let enums = enums_of_the_crate();
    let invalid = |ty: &Type, bool_too: bool| {
        let text = quote(ty);
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        words.iter().any(|w| enums.contains(*w) || *w == "char" || bool_too && *w == "bool")
    };
    let mut problems = Vec::new();
    for export in exports() {
        for (name, ty) in export.params() {
            let comes_out = name == "out" && quote(ty) == "*mut bool";
            if invalid(ty, matches!(ty, Type::Ptr(_)) && !comes_out) {
                problems.push(export.problem(&format!("`{name}: {}`", quote(ty))));
            }
        }
    }
    for (file, parsed) in sources_and_layouts() {
        for (owner, field, ty) in repr_c_fields(&parsed) {
            if invalid(ty, true) {
                problems.push(format!("{}: {owner}.{field}: {}", file.display(), quote(ty)));
            }
        }
    }
    none(&problems);
}

fn sources_and_layouts() -> Vec<(PathBuf, syn::File)> {
    let mut all = sources();
    for path in files("src/marshal", "rs") {
        let parsed = syn::parse_file(&read(&path)).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        all.push((path, parsed));
    }
    all
}

fn enums_of_the_crate() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files("src", "rs") {
        let parsed = syn::parse_file(&read(&path)).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        for item in parsed.items {
            if let Item::Enum(item) = item
                // An enum without values cannot be met in a signature: it names an opaque type.
                && !item.variants.is_empty()
            {
                names.insert(item.ident.to_string());
            }
        }
    }
    names
}

/// The fields of each `#[repr(C)]` struct and union: (type, field, its type).
fn repr_c_fields(parsed: &syn::File) -> Vec<(String, String, &Type)> {
    let mut found = Vec::new();
    for item in &parsed.items {
        let (name, attrs, fields): (_, _, Vec<&syn::Field>) = match item {
            Item::Struct(s) => (&s.ident, &s.attrs, s.fields.iter().collect()),
            Item::Union(u) => (&u.ident, &u.attrs, u.fields.named.iter().collect()),
            _ => continue,
        };
        if has_attr(attrs, "repr(C)") {
            found.extend(fields.into_iter().map(|field| {
                let ident =
                    field.ident.as_ref().map_or_else(|| "0".to_owned(), ToString::to_string);
                (name.to_string(), ident, &field.ty)
            }));
        }
    }
    found
}

/// Row 6: a function that takes pointers says so with `unsafe`, and every export is documented,
/// public and `extern "C"`.
#[test]
fn exports_are_declared_properly() {
    let mut problems = Vec::new();
    for export in exports() {
        let sig = &export.item.sig;
        let abi = sig.abi.as_ref().and_then(|a| a.name.as_ref()).map(syn::LitStr::value);
        if abi.as_deref() != Some("C") || !matches!(export.item.vis, syn::Visibility::Public(_)) {
            problems.push(export.problem("is not `pub extern \"C\"`"));
        }
        let pointers = export.params().iter().any(|(_, ty)| matches!(ty, Type::Ptr(_)));
        if pointers && sig.unsafety.is_none() {
            problems.push(export.problem("takes pointers, so it is an `unsafe extern` function"));
        }
        if !has_attr(&export.item.attrs, "doc") {
            problems.push(export.problem("has no documentation"));
        }
        if export.is_fallible() && !has_attr(&export.item.attrs, "must_use") {
            problems.push(export.problem("returns an error without `#[must_use]`"));
        }
        if !export.name().starts_with("runtime_") {
            problems.push(export.problem("does not begin with `runtime_`"));
        }
    }
    none(&problems);
}

/// cbindgen reads source text: what a macro makes is missing from the header.
#[test]
fn no_export_is_made_by_a_macro() {
    let mut problems = Vec::new();
    for (file, parsed) in sources() {
        for item in &parsed.items {
            if let Item::Macro(item) = item
                && item.mac.span().source_text().is_some_and(|t| t.contains("no_mangle"))
            {
                problems.push(format!("{}: a macro with `no_mangle`", file.display()));
            }
        }
    }
    none(&problems);
}

/// Row 13: a number that C sees is written down, not counted.
#[test]
fn enumerators_have_explicit_numbers() {
    let mut problems = Vec::new();
    for path in files("src", "rs") {
        let parsed = syn::parse_file(&read(&path)).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        for item in parsed.items {
            let Item::Enum(item) = item else { continue };
            if !has_attr(&item.attrs, "repr") {
                continue;
            }
            for variant in item.variants.iter().filter(|v| v.discriminant.is_none()) {
                let line = variant.span().start().line;
                let (path, name) = (path.display(), &item.ident);
                problems.push(format!("{path}:{line}: {name}::{} has no number", variant.ident));
            }
        }
    }
    none(&problems);
}

/// Row 20: nothing here changes the process it is loaded into.
#[test]
fn the_library_leaves_the_process_alone() {
    let forbidden = ["set_hook", "take_hook", "set_global_default", "global_allocator", "set_var"];
    let forbidden = forbidden.iter().chain(&["set_logger", "remove_var", "set_current_dir"]);
    let forbidden: Vec<&&str> = forbidden.collect();
    let mut problems = Vec::new();
    let mut sources = files("src", "rs");
    // The hook of our own copy of the standard library; see there.
    sources.retain(|path| !path.ends_with("src/capi/quiet.rs"));
    for path in sources {
        for (number, line) in super::searches::code(&path) {
            if let Some(word) = forbidden.iter().find(|w| line.contains(***w)) {
                problems.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    none(&problems);
}
