//! Reads `include/wasmcell.h` well enough to check it and to write C from it.
//!
//! It understands what cbindgen writes, not C: documentation comments, typedefs of structs,
//! unions, enums and callbacks, and function declarations.

/// A function of the header.
pub struct Function {
    pub name: String,
    pub returns: String,
    pub params: Vec<Param>,
    pub doc: String,
    pub line: usize,
    pub nodiscard: bool,
}

/// A parameter of a function, or a field of a struct or union.
#[derive(Clone, Debug)]
pub struct Param {
    pub name: String,
    pub ty: String,
    pub doc: String,
}

/// What a type of the header is.
pub enum Shape {
    Opaque,
    Struct(Vec<Param>),
    Union(Vec<Param>),
    Enum(Vec<(String, Option<String>)>),
    Callback,
    Alias,
}

/// A type of the header.
pub struct Type {
    pub name: String,
    pub shape: Shape,
    pub doc: String,
    pub line: usize,
}

/// A `#define` with a value.
pub struct Macro {
    pub name: String,
    pub value: String,
    pub line: usize,
}

/// All of it.
#[derive(Default)]
pub struct Header {
    pub functions: Vec<Function>,
    pub types: Vec<Type>,
    pub macros: Vec<Macro>,
}

impl Param {
    /// Whether it is a pointer to data.
    pub fn is_pointer(&self) -> bool {
        self.ty.ends_with('*')
    }
}

impl Function {
    /// What the documentation says about one parameter, on one line.
    pub fn param_doc(&self, name: &str) -> Option<String> {
        self.param_docs().into_iter().find(|(n, _)| n == name).map(|(_, text)| text)
    }

    /// Each documented parameter with its text, in the order of the documentation.
    pub fn param_docs(&self) -> Vec<(String, String)> {
        sections(&self.doc)
            .into_iter()
            .filter(|(tag, _)| tag.starts_with("param"))
            .map(|(_, text)| {
                let (name, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
                (name.to_owned(), rest.to_owned())
            })
            .collect()
    }

    /// The tags of the documentation in order, each once: `param`, `return`, `threadsafe`, ...
    pub fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for (tag, _) in sections(&self.doc) {
            let tag = tag.split('[').next().unwrap_or_default().to_owned();
            if tags.last() != Some(&tag) {
                tags.push(tag);
            }
        }
        tags
    }

    /// The text of one tag, on one line.
    pub fn tag(&self, tag: &str) -> Option<String> {
        sections(&self.doc).into_iter().find(|(t, _)| t == tag).map(|(_, text)| text)
    }

    /// The sentence or sentences before the first tag.
    pub fn summary(&self) -> &str {
        self.doc.split("\n@").next().unwrap_or_default()
    }
}

impl Header {
    /// The type of that name.
    pub fn ty(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|t| t.name == name)
    }

    /// The committed header.
    pub fn committed() -> Self {
        Self::parse(&super::read("include/wasmcell.h"))
    }

    /// Reads the text of a header.
    pub fn parse(text: &str) -> Self {
        let mut header = Self::default();
        let (mut doc, mut code, mut start) = (String::new(), String::new(), 0);
        let mut lines = c_lines(text).into_iter().peekable();
        while let Some((number, line)) = lines.next() {
            let trimmed = line.trim();
            if trimmed.starts_with("/**") && code.is_empty() {
                doc = comment(trimmed, &mut lines);
            } else if trimmed.starts_with("/*") && code.is_empty() {
                let _ = comment(trimmed, &mut lines);
                doc.clear();
            } else if let Some(define) = trimmed.strip_prefix("#define ") {
                header.add_macro(define, number);
                doc.clear();
            } else if !trimmed.is_empty() && !trimmed.starts_with('#') {
                if code.is_empty() {
                    start = number;
                }
                code.push_str(&line);
                code.push('\n');
                if trimmed.ends_with(';') && balanced(&code) {
                    header.add_declaration(&code, std::mem::take(&mut doc), start);
                    code.clear();
                }
            }
        }
        assert!(code.trim().is_empty(), "the header ends inside a declaration: {code}");
        header
    }

    fn add_macro(&mut self, define: &str, line: usize) {
        let (name, value) = define.split_once(char::is_whitespace).unwrap_or((define, ""));
        let (name, value) = (name.to_owned(), value.trim().to_owned());
        self.macros.push(Macro { name, value, line });
    }

    fn add_declaration(&mut self, code: &str, doc: String, line: usize) {
        let bare = squeeze(&without_comments(code));
        if bare.starts_with("typedef") && !bare.contains('{') {
            let shape = if bare.contains("(*") { Shape::Callback } else { Shape::Alias };
            let opaque = bare.starts_with("typedef struct ") && matches!(shape, Shape::Alias);
            let name = if matches!(shape, Shape::Callback) {
                between(&bare, "(*", ")")
            } else {
                bare.trim_end_matches(';').rsplit(' ').next().unwrap_or_default().to_owned()
            };
            let shape = if opaque { Shape::Opaque } else { shape };
            // `typedef int32_t runtime_x_t;` repeats an enum that is there already.
            if self.ty(&name).is_none() {
                self.types.push(Type { name, shape, doc, line });
            }
        } else if bare.contains('{') {
            self.add_body(code, &bare, doc, line);
        } else if bare.contains('(') {
            self.add_function(&bare, doc, line);
        } else {
            panic!("line {line}: cannot read `{bare}`");
        }
    }

    fn add_body(&mut self, code: &str, bare: &str, doc: String, line: usize) {
        let words: Vec<&str> = bare.split(' ').filter(|w| *w != "typedef").collect();
        let name = words[1].trim_end_matches('{').to_owned();
        let body = &code[code.find('{').expect("a body") + 1..code.rfind('}').expect("its end")];
        let shape = match words[0] {
            "struct" => Shape::Struct(fields(body)),
            "union" => Shape::Union(fields(body)),
            "enum" => Shape::Enum(enumerators(body)),
            other => panic!("line {line}: cannot read a body after `{other}`"),
        };
        self.types.push(Type { name, shape, doc, line });
    }

    fn add_function(&mut self, bare: &str, doc: String, line: usize) {
        let (head, tail) = bare.split_once('(').expect("a function has parameters");
        let mut head = head.trim();
        let mut nodiscard = false;
        for word in ["RUNTIME_API", "RUNTIME_NODISCARD"] {
            if let Some(rest) = head.strip_prefix(word) {
                nodiscard |= word == "RUNTIME_NODISCARD";
                head = rest.trim();
            }
        }
        let Param { name, ty: returns, .. } = declarator(head);
        let params = tail.trim_end_matches(';').trim().trim_end_matches(')');
        let params = params.split(',').map(str::trim).filter(|p| !p.is_empty() && *p != "void");
        let params = params.map(declarator).collect();
        self.functions.push(Function { name, returns, params, doc, line, nodiscard });
    }
}

/// The lines a C compiler sees, with their numbers: nothing under `#ifdef __cplusplus`.
fn c_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut nesting: Vec<bool> = Vec::new(); // for each open #if: does C skip this branch?
    let joined = text.replace("\\\n", "\\\0"); // a macro over several lines is one line here
    let numbered = joined.lines().scan(1, |number, line| {
        let here = *number;
        *number += 1 + line.matches('\0').count();
        Some((here, line.replace("\\\0", " ")))
    });
    for (number, line) in numbered {
        let trimmed = line.trim();
        if trimmed.starts_with("#if") {
            let cpp = ["#ifdef __cplusplus", "#if defined(__cplusplus)"];
            nesting.push(cpp.iter().any(|condition| trimmed.starts_with(condition)));
        } else if trimmed.starts_with("#else") {
            if trimmed.contains("__cplusplus") {
                let skip = nesting.last_mut().expect("#else follows #if");
                *skip = !*skip;
            }
        } else if trimmed.starts_with("#endif") {
            nesting.pop();
        } else if !nesting.contains(&true) {
            lines.push((number, line));
        }
    }
    lines
}

/// The text of the comment that begins on `first`, without its decoration.
fn comment(first: &str, lines: &mut impl Iterator<Item = (usize, String)>) -> String {
    let mut text = vec![first.trim_start_matches('/').trim_start_matches('*').to_owned()];
    while !text.last().is_some_and(|l| l.contains("*/")) {
        let (_, line) = lines.next().expect("a comment ends");
        text.push(line.trim().to_owned());
    }
    let strip = |line: &String| {
        let line = line.trim_end().trim_end_matches("*/").trim_end();
        let line = line.strip_prefix('*').unwrap_or(line);
        line.strip_prefix(' ').unwrap_or(line).to_owned()
    };
    text.iter().map(strip).collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// `@tag text` sections of a documentation comment, each on one line.
fn sections(doc: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in doc.lines() {
        if let Some(rest) = line.trim_start().strip_prefix('@') {
            let (tag, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            found.push((tag.to_owned(), squeeze(text)));
        } else if let Some((_, text)) = found.last_mut() {
            *text = squeeze(&format!("{text} {line}"));
        }
    }
    found
}

fn balanced(code: &str) -> bool {
    let bare = without_comments(code);
    let count = |c| bare.matches(c).count();
    count('{') == count('}') && count('(') == count(')')
}

/// Code without its comments.
pub fn without_comments(code: &str) -> String {
    let mut rest = code;
    let mut bare = String::new();
    while let Some(start) = rest.find("/*") {
        bare.push_str(&rest[..start]);
        let end = rest[start..].find("*/").map_or(rest.len(), |i| start + i + 2);
        rest = &rest[end..];
    }
    bare.push_str(rest);
    bare.lines().map(|l| l.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The text with each run of white space as one space.
pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn between(text: &str, open: &str, close: &str) -> String {
    let start = text.find(open).map_or(0, |i| i + open.len());
    let end = text[start..].find(close).map_or(text.len(), |i| start + i);
    text[start..end].trim().to_owned()
}

/// Splits `const struct x_t *name` into its name and its type, without `struct`.
fn declarator(text: &str) -> Param {
    let text = squeeze(text);
    let cut = text.rfind([' ', '*']).map_or(0, |i| i + 1);
    let name = text[cut..].to_owned();
    let words: Vec<&str> =
        text[..cut].split(' ').filter(|w| !["struct", "enum", "union"].contains(w)).collect();
    let ty = words.join(" ").trim().to_owned();
    Param { name, ty, doc: String::new() }
}

fn fields(body: &str) -> Vec<Param> {
    let (mut found, mut doc, mut code) = (Vec::<Param>::new(), String::new(), String::new());
    let mut lines = body.lines().map(|l| (0, l.to_owned()));
    while let Some((_, line)) = lines.next() {
        let trimmed = line.trim();
        if trimmed.starts_with("/*") {
            doc = comment(trimmed, &mut lines);
            continue;
        }
        code.push_str(&without_comments(trimmed));
        if code.trim_end().ends_with(';') {
            let mut field = declarator(code.trim_end().trim_end_matches(';'));
            field.doc = std::mem::take(&mut doc);
            found.push(field);
            code.clear();
        }
    }
    found
}

fn enumerators(body: &str) -> Vec<(String, Option<String>)> {
    let bare = squeeze(&without_comments(body));
    let entries = bare.split(',').map(str::trim).filter(|e| !e.is_empty());
    entries
        .map(|entry| match entry.split_once('=') {
            Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
            None => (entry.to_owned(), None),
        })
        .collect()
}
