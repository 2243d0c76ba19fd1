//! A component's world as WIT text.

use std::panic::{self, AssertUnwindSafe};

use wit_component::{Output, OutputToString, WitPrinter};

/// Longest text. Anonymous types are spelled out wherever they occur, so a small component can
/// describe a text that no disk holds.
const MAX_TEXT: usize = 16 << 20;

const UNFIT: &str = "WIT cannot describe this component";

/// The world of `component`, a binary that wasmtime has validated, or why it has no text.
pub(super) fn text(component: &[u8]) -> Result<String, String> {
    super::packages::check(component).map_err(|problem| format!("{UNFIT}: {problem}"))?;
    // Every name and type is the guest's choice, and the decoder asserts where it meets what the
    // official tools do not produce. The text informs people, so a gap in it is no reason to
    // refuse the component, let alone to end the host.
    match panic::catch_unwind(AssertUnwindSafe(|| print(component))) {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(format!("{UNFIT}: {error:#}")),
        Err(payload) if payload.is::<TooLong>() => {
            Err(format!("the WIT of this component is longer than {MAX_TEXT} bytes"))
        }
        Err(_) => Err(UNFIT.to_owned()),
    }
}

fn print(component: &[u8]) -> anyhow::Result<String> {
    let decoded = wit_component::decode(component)?;
    let resolve = decoded.resolve();
    let main = decoded.package();
    let others: Vec<_> =
        resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut text = Bounded::default();
    WitPrinter::new(&mut text).print(resolve, main, &others)?;
    Ok(text.output.into())
}

/// Unwinds out of a printer that has no other way to stop.
struct TooLong;

/// Text up to [`MAX_TEXT`] bytes.
#[derive(Default)]
struct Bounded {
    output: OutputToString,
    len: usize,
}

impl Bounded {
    fn count(&mut self, bytes: usize) {
        self.len = self.len.saturating_add(bytes);
        if self.len > MAX_TEXT {
            // Not `panic!`: that would call the host's panic hook.
            panic::resume_unwind(Box::new(TooLong));
        }
    }
}

impl Output for &mut Bounded {
    fn push_str(&mut self, text: &str) {
        self.count(text.len());
        self.output.push_str(text);
    }

    fn indent_if_needed(&mut self) -> bool {
        self.output.indent_if_needed()
    }

    fn indent_start(&mut self) {
        self.output.indent_start();
    }

    fn indent_end(&mut self) {
        self.output.indent_end();
    }

    fn newline(&mut self) {
        self.count(1);
        self.output.newline();
    }
}
