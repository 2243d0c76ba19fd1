//! Which file of the library names what is defined in which other one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, VisRestricted, Visibility};

/// Something in `from` is called by a name whose definition is in `to`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Import {
    pub from: String,
    pub to: String,
    /// As it is written.
    pub path: String,
}

/// Every import from one file to another, but those of unit tests. What a module only hands on, by
/// `pub use`, is an import of whoever uses it, from where it is defined. `read` gives the text of a
/// file; the first is `lib.rs`.
pub fn imports(read: &dyn Fn(&Path) -> Option<String>) -> Vec<Import> {
    let mut house = House { read, modules: BTreeMap::new() };
    house.enter(Vec::new(), Path::new("lib.rs"));
    let mut found = Vec::new();
    for (at, module) in &house.modules {
        for path in &module.named {
            let to = house.file(at, path, 0);
            if let Some(to) = to.filter(|to| *to != module.file) {
                found.push(Import { from: module.file.clone(), to, path: path.join("::") });
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

type Names = Vec<String>;

/// All modules, each by its path from the root.
struct House<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    modules: BTreeMap<Names, Module>,
}

/// One module, as far as names go.
#[derive(Default)]
struct Module {
    file: String,
    inner: Names,
    /// Those of them that are in the same file.
    inline: Vec<(String, Module)>,
    items: Names,
    /// What `use` makes known here, and what that stands for.
    uses: Vec<(String, Names)>,
    /// What `use` makes known all of.
    globs: Vec<Names>,
    /// Paths that its code depends on.
    named: Vec<Names>,
}

impl House<'_> {
    /// Reads the module `at`, which is in `file`, and those in it.
    fn enter(&mut self, at: Names, file: &Path) {
        let text = (self.read)(file).unwrap_or_else(|| panic!("{} is not there", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut module = Module::of(file.display().to_string());
        module.visit_file(&parsed);
        let folder = match at.is_empty() || file.ends_with("mod.rs") {
            true => file.parent().map(Path::to_owned).unwrap_or_default(),
            false => file.with_extension(""),
        };
        for name in &module.inner {
            if module.inline.iter().all(|(inline, _)| inline != name) {
                let places = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
                let is_there = |place: &&PathBuf| (self.read)(place).is_some();
                let place = places.iter().find(is_there);
                let place = place.unwrap_or_else(|| panic!("{places:?}: neither is there"));
                self.enter(within(&at, name), place);
            }
        }
        self.keep(at, module);
    }

    fn keep(&mut self, at: Names, mut module: Module) {
        for (name, inner) in module.inline.drain(..) {
            self.keep(within(&at, &name), inner);
        }
        self.modules.insert(at, module);
    }

    /// The file that defines what `path` means in the module `at`; `None` if it is of another
    /// crate, or the name of something local.
    fn file(&self, at: &[String], path: &[String], depth: usize) -> Option<String> {
        assert!(depth < 50, "{path:?} in {at:?} leads in circles");
        let (mut at, mut rest) = (at.to_vec(), path);
        loop {
            let module = self.modules.get(&at)?;
            let Some((name, after)) = rest.split_first() else { return Some(module.file.clone()) };
            match name.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()?),
                _ if module.inner.contains(name) => at.push(name.clone()),
                _ if module.items.contains(name) => return Some(module.file.clone()),
                _ => {
                    let named = module.uses.iter().find(|(known, _)| known == name);
                    if let Some((_, target)) = named {
                        let path = [&target[..], after].concat();
                        // A crate that is called by its own name.
                        let known = path != rest;
                        return known.then(|| self.file(&at, &path, depth + 1)).flatten();
                    }
                    let through =
                        |glob: &Names| self.file(&at, &[&glob[..], rest].concat(), depth + 1);
                    return module.globs.iter().find_map(through);
                }
            }
            rest = after;
        }
    }
}

fn within(at: &[String], name: &str) -> Names {
    at.iter().cloned().chain([name.to_owned()]).collect()
}

/// Whether something is there in tests only: `cfg(test)`, or `cfg(all(test, ..))`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|it| it.path().is_ident("cfg")).any(|it| {
        let condition = it.meta.require_list().map(|list| list.tokens.to_string());
        let condition = condition.unwrap_or_default().replace(' ', "");
        condition == "test" || condition.starts_with("all(test,")
    })
}

impl Module {
    fn of(file: String) -> Self {
        Self { file, ..Self::default() }
    }

    /// Notes what `use` makes known.
    fn take(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(path) => self.take(&path.tree, &within(before, &path.ident.to_string())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.take(tree, before)),
            UseTree::Glob(_) => self.globs.push(before.to_vec()),
            UseTree::Name(name) if name.ident == "self" => {
                self.uses.push((before.last().cloned().unwrap_or_default(), before.to_vec()));
            }
            UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.uses.push((name.clone(), within(before, &name)));
            }
            UseTree::Rename(it) => {
                self.uses.push((it.rename.to_string(), within(before, &it.ident.to_string())));
            }
        }
    }

    /// Finds paths in what a macro is given, which has no grammar.
    fn scan(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Names::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.named.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    if let TokenTree::Group(group) = other {
                        self.scan(group.stream());
                    }
                    self.named.push(std::mem::take(&mut path));
                    colons = 0;
                }
            }
        }
        self.named.push(path);
        self.named.retain(|path| !path.is_empty());
    }
}

impl<'a> Visit<'a> for Module {
    fn visit_item(&mut self, item: &'a Item) {
        let (attributes, name) = match item {
            Item::Const(it) => (&it.attrs, Some(&it.ident)),
            Item::Enum(it) => (&it.attrs, Some(&it.ident)),
            Item::Fn(it) => (&it.attrs, Some(&it.sig.ident)),
            Item::Impl(it) => (&it.attrs, None),
            Item::Macro(it) => (&it.attrs, it.ident.as_ref()),
            Item::Mod(it) => (&it.attrs, None),
            Item::Static(it) => (&it.attrs, Some(&it.ident)),
            Item::Struct(it) => (&it.attrs, Some(&it.ident)),
            Item::Trait(it) => (&it.attrs, Some(&it.ident)),
            Item::Type(it) => (&it.attrs, Some(&it.ident)),
            Item::Union(it) => (&it.attrs, Some(&it.ident)),
            Item::Use(it) => (&it.attrs, None),
            _ => panic!("{}: an item of another kind", self.file),
        };
        if !is_test(attributes) {
            self.items.extend(name.map(ToString::to_string));
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'a ItemMod) {
        let name = module.ident.to_string();
        assert!(
            !module.attrs.iter().any(|it| it.path().is_ident("path")),
            "{}: `mod {name}` has its place by its name, not by #[path]",
            self.file
        );
        self.inner.push(name.clone());
        if let Some((_, items)) = &module.content {
            let mut inner = Self::of(self.file.clone());
            items.iter().for_each(|item| inner.visit_item(item));
            self.inline.push((name, inner));
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        let (uses, globs) = (self.uses.len(), self.globs.len());
        self.take(&item.tree, &[]);
        if matches!(item.vis, Visibility::Inherited) {
            let uses = self.uses[uses..].iter().map(|(_, path)| path.clone());
            self.named.extend(uses.chain(self.globs[globs..].iter().cloned()));
        }
    }

    fn visit_macro(&mut self, it: &'a Macro) {
        self.visit_path(&it.path);
        self.scan(it.tokens.clone());
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        self.named.push(path.segments.iter().map(|it| it.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_attribute(&mut self, _: &'a Attribute) {}

    fn visit_vis_restricted(&mut self, _: &'a VisRestricted) {}
}
