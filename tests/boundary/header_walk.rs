//! What every declaration in `include/wasmcell.h` looks like.

use super::support::header::{Function, Header, Shape};
use super::support::none;

fn each(mut check: impl FnMut(&Function) -> Vec<String>) {
    let header = Header::committed();
    assert!(header.functions.len() > 20, "only {} functions", header.functions.len());
    let mut problems = Vec::new();
    for function in &header.functions {
        for problem in check(function) {
            let (line, name) = (function.line, &function.name);
            problems.push(format!("include/wasmcell.h:{line}: {name}: {problem}"));
        }
    }
    none(&problems);
}

/// Row 25: summary, parameters, `@return`, `@threadsafe`, `@since`, in that order.
#[test]
fn every_function_is_documented_in_full() {
    each(|function| {
        let mut problems = Vec::new();
        if function.summary().trim().is_empty() {
            problems.push("has no summary".to_owned());
        }
        let mut wanted = vec!["param", "return", "threadsafe", "since"];
        wanted.retain(|tag| match *tag {
            "param" => !function.params.is_empty(),
            "return" => function.returns != "void",
            _ => true,
        });
        let known = ["param", "return", "threadsafe", "since"];
        let tags = function.tags();
        let actual: Vec<&str> =
            tags.iter().map(String::as_str).filter(|t| known.contains(t)).collect();
        if actual != wanted {
            problems.push(format!("its tags are {actual:?}, wanted {wanted:?}"));
        }
        let documented: Vec<String> = function.param_docs().into_iter().map(|(n, _)| n).collect();
        let declared: Vec<String> = function.params.iter().map(|p| p.name.clone()).collect();
        if documented != declared {
            problems.push(format!("documents {documented:?}, declares {declared:?}"));
        }
        let since = function.tag("since").unwrap_or_default();
        if !since.split('.').all(|n| n.parse::<u32>().is_ok()) {
            problems.push(format!("`@since {since}` is not a version"));
        }
        problems
    });
}

/// Row 25: who owns what each pointer points to.
#[test]
fn every_pointer_says_who_owns_it() {
    each(|function| {
        let unclear = function.params.iter().filter(|p| p.is_pointer()).filter(|param| {
            let doc = function.param_doc(&param.name).unwrap_or_default().to_lowercase();
            !["borrow", "owned", "owner", "copied", "copies", "copy", "released", "consumed"]
                .iter()
                .any(|word| doc.contains(word))
        });
        let mut problems: Vec<String> = unclear
            .map(|p| format!("`{}` is neither borrowed, owned nor copied", p.name))
            .collect();
        if function.returns.ends_with('*') {
            let doc = function.tag("return").unwrap_or_default().to_lowercase();
            if !["borrow", "owned", "static", "lives"].iter().any(|word| doc.contains(word)) {
                problems.push("does not say who owns what it returns".to_owned());
            }
        }
        problems
    });
}

/// Row 14: one constructor with an options struct, instead of a family of names.
#[test]
fn names_do_not_grow_suffixes() {
    each(|function| {
        let mut problems = Vec::new();
        let name = &function.name;
        let suffixed = name.ends_with("_ex") || name.ends_with(|c: char| c.is_ascii_digit());
        if name.contains("_with_") || suffixed {
            problems.push("a suffix that should be a verb or an option".to_owned());
        }
        if !name.starts_with("runtime_") {
            problems.push("does not begin with `runtime_`".to_owned());
        }
        if function.params.len() > 6 {
            problems.push(format!("{} parameters", function.params.len()));
        }
        problems
    });
}

/// Argument order and lengths: `x, x_len` adjacent and `size_t`, outputs last.
#[test]
fn parameters_stand_in_the_agreed_order() {
    each(|function| {
        let mut problems = Vec::new();
        let is_out = |name: &str| name == "out" || name.ends_with("_out");
        let mut outs = false;
        for (i, param) in function.params.iter().enumerate() {
            if let Some(of) = param.name.strip_suffix("_len") {
                let before = i.checked_sub(1).map(|i| function.params[i].name.as_str());
                if before != Some(of) || param.ty != "size_t" {
                    problems.push(format!("`{}` does not follow `{of}` as size_t", param.name));
                }
            }
            if outs && !is_out(&param.name) {
                problems.push(format!("`{}` stands after an output", param.name));
            }
            outs |= is_out(&param.name);
            if param.ty.ends_with("**") && !is_out(&param.name) {
                problems.push(format!("output `{}` is not called `out`", param.name));
            }
        }
        problems
    });
}

/// Row 16: all flags are `uint64_t`, in parameters and in structs.
#[test]
fn flags_are_64_bits_wide() {
    let is_flags = |name: &str| ["flags", "features"].iter().any(|n| name.contains(n));
    let is_wide = |ty: &str| {
        let ty = ty.trim_start_matches("const ").trim_end_matches('*').trim();
        // A struct of its own is not an integer that could be too narrow.
        ty == "uint64_t" || ty.starts_with("runtime_")
    };
    each(|function| {
        let narrow = function.params.iter().filter(|p| is_flags(&p.name) && !is_wide(&p.ty));
        narrow.map(|p| format!("`{} {}` is not uint64_t", p.ty, p.name)).collect()
    });
    let header = Header::committed();
    for ty in &header.types {
        if let Shape::Struct(fields) | Shape::Union(fields) = &ty.shape {
            for field in fields.iter().filter(|f| is_flags(&f.name)) {
                assert!(is_wide(&field.ty), "{}.{} is not uint64_t", ty.name, field.name);
            }
        }
    }
}

/// Every function that can fail must have its answer looked at.
#[test]
fn errors_cannot_be_ignored() {
    each(|function| match function.returns.as_str() {
        "runtime_error_t *" if !function.nodiscard => vec!["lacks RUNTIME_NODISCARD".to_owned()],
        _ => Vec::new(),
    });
}

/// Row 7: each type says which threads may use it, and since when it is there.
#[test]
fn every_type_states_its_rules() {
    let mut problems = Vec::new();
    for ty in Header::committed().types {
        let mut problem = |text: &str| {
            problems.push(format!("include/wasmcell.h:{}: {}: {text}", ty.line, ty.name));
        };
        if ty.doc.is_empty() {
            problem("has no documentation");
        }
        if !ty.doc.contains("@since") {
            problem("has no `@since`");
        }
        if matches!(ty.shape, Shape::Opaque | Shape::Callback)
            && !ty.doc.to_lowercase().contains("thread")
        {
            problem("does not state its thread rule");
        }
        if !ty.name.starts_with("runtime_") || !ty.name.ends_with("_t") {
            problem("is not called `runtime_<noun>_t`");
        }
        if let Shape::Struct(fields) | Shape::Union(fields) = &ty.shape {
            for field in fields.iter().filter(|f| f.doc.is_empty()) {
                problem(&format!("field `{}` has no documentation", field.name));
            }
        }
        if let Shape::Enum(enumerators) = &ty.shape {
            for (name, _) in enumerators.iter().filter(|(_, value)| value.is_none()) {
                problem(&format!("`{name}` has no explicit number"));
            }
        }
    }
    none(&problems);
}

/// Row 15: a transparent struct that may grow begins with its size, and holes are named.
#[test]
fn structs_that_grow_begin_with_their_size() {
    let mut problems = Vec::new();
    for ty in Header::committed().types {
        let Shape::Struct(fields) = &ty.shape else { continue };
        let position = fields.iter().position(|f| f.name == "struct_size");
        let grows = ty.name.ends_with("_options_t") || ty.name.ends_with("_info_t");
        if grows && position != Some(0) {
            problems.push(format!("{} does not begin with struct_size", ty.name));
        }
        if position.is_some_and(|at| at != 0 || fields[at].ty != "size_t") {
            problems.push(format!("{}.struct_size is not a first size_t", ty.name));
        }
        for field in fields.iter().filter(|f| f.ty.contains("bool")) {
            problems
                .push(format!("{}.{} is a bool: C may put any byte there", ty.name, field.name));
        }
    }
    none(&problems);
}

/// Row 28: nobody frees with the allocator of somebody else.
#[test]
fn the_header_mentions_no_allocator() {
    let text = super::support::read("include/wasmcell.h");
    let mut problems = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let words = line.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '(');
        for word in words.filter(|w| ["free(", "malloc("].iter().any(|call| w.starts_with(call))) {
            problems.push(format!("include/wasmcell.h:{}: mentions {word})", number + 1));
        }
    }
    none(&problems);
}
