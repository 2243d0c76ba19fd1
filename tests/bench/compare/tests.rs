use crate::measure::Spread;
use crate::{pasted, tables, without_host};

#[test]
fn quartiles_lie_between_numbers() {
    let it = Spread::of([4.0, 1.0, 3.0, 2.0].into_iter()).unwrap();
    assert_eq!((it.lower, it.median, it.upper), (1.75, 2.5, 3.25));
    assert!(Spread::of([].into_iter()).is_none());
}

#[test]
fn times_have_three_digits() {
    let all = [6.5, 65.25, 650.0, 6_500.0, 65_250.0, 6.5e6, 6.5e9].map(tables::time);
    let expected = ["6.50 ns", "65.2 ns", "650 ns", "6.50 µs", "65.2 µs", "6.50 ms", "6.50 s"];
    assert_eq!(all, expected);
}

#[test]
fn columns_are_aligned() {
    let table = "| a | bar |\n| --- | ---: |\n| long name | 1 |\n\ntext";
    assert_eq!(tables::aligned(table), "a          bar\nlong name    1\n\ntext");
}

#[test]
fn the_guest_does_without_its_host() {
    let guest = include_str!("../guest.wat");
    let plain = without_host(guest);
    assert!(guest.contains("$host") && !plain.contains("$host"));
    let bytes = wat::parse_str(&plain).unwrap();
    wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all())
        .validate_all(&bytes)
        .unwrap();
}

#[test]
fn results_go_between_the_comments() {
    let readme = "a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n";
    let once = pasted("new\n", readme).unwrap();
    assert_eq!(once, "a\n<!-- bench:begin -->\n\nnew\n<!-- bench:end -->\nb\n");
    assert_eq!(pasted("new\n", &once).unwrap(), once);
    assert_eq!(pasted("new\n", "<!-- bench:end -->"), None);
}

#[test]
fn a_few_rows_are_chosen_without_their_bars() {
    let table = "| one call | ours | theirs | ratio | bar | C |\n\
                 | --- | ---: | ---: | ---: | ---: | ---: |\n\
                 | (u32, u32) -> u32 | 1 | 2 | 3 | ≤ 4 ok | 5 |\n\
                 | other | 1 | 2 | 3 | 4 | 5 |\n\n\
                 | besides | ratio | bar |\n";
    let few = "| one call | ours | theirs | ratio | C |\n\
               | --- | ---: | ---: | ---: | ---: |\n\
               | (u32, u32) -> u32 | 1 | 2 | 3 | 5 |\n";
    assert_eq!(tables::few(table), few);
}

/// What README.md shows is what was measured, as it stands in the tables beside the benchmarks.
#[test]
fn the_rows_of_the_readme_are_those_of_the_tables() {
    let between = |text: &str| {
        let (_, rest) = text.split_once("<!-- bench:begin -->\n\n").unwrap();
        rest.split_once("<!-- bench:end -->").unwrap().0.to_owned()
    };
    let all = between(include_str!("../README.md"));
    let few = tables::few(&all);
    assert_eq!(few.lines().count(), 7, "{few}");
    assert_eq!(between(include_str!("../../../README.md")), few);
}
