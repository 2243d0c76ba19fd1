//! The walks see what they are meant to see: the header reader on a header of its own.

use super::support::header::{Header, Shape};

const SAMPLE: &str = r#"
/* Generated. */
#ifndef WASMCELL_H
#define WASMCELL_H
#include <stdint.h>

/**
 * The overview, which belongs to nothing.
 */

#define RUNTIME_FEATURE_A 1
#define RUNTIME_LIMITS_INIT \
  {sizeof(runtime_limits_t), 0}

/**
 * How it went.
 *
 * @since 0.1
 */
enum runtime_code_t
#ifdef __cplusplus
  : int32_t
#endif // __cplusplus
 {
  /**
   * Fine, or not.
   */
  RUNTIME_CODE_NONE = 0,
  RUNTIME_CODE_LOST,
};
#ifndef __cplusplus
typedef int32_t runtime_code_t;
#endif // __cplusplus

/**
 * A thing, for one thread at a time.
 */
typedef struct runtime_thing_t runtime_thing_t;

/**
 * Called from any thread.
 */
typedef void (*runtime_log_fn_t)(void *user_data,
                                 const char *text);

typedef struct runtime_limits_t {
  /**
   * The size.
   */
  size_t struct_size;
  uint64_t fuel; /**< Undocumented to the reader. */
} runtime_limits_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a thing.
 *
 * @param name      Its name; copied. May be NULL if
 *                  `name_len` is 0.
 * @param name_len  Length of `name`.
 * @param[out] out  Receives the thing, owned.
 *
 * @return NULL or an error.
 *
 * @threadsafe Yes.
 * @since 0.1
 */
RUNTIME_API RUNTIME_NODISCARD
runtime_error_t *runtime_thing_new(const char *name,
                                   size_t name_len,
                                   struct runtime_thing_t **out);

RUNTIME_API uint32_t runtime_abi_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif /* WASMCELL_H */
"#;

#[test]
fn functions_are_read() {
    let header = Header::parse(SAMPLE);
    let [new, version] = &header.functions[..] else { panic!("two functions") };
    assert_eq!(
        (new.name.as_str(), new.returns.as_str()),
        ("runtime_thing_new", "runtime_error_t *")
    );
    assert!(new.nodiscard && !version.nodiscard);
    let params: Vec<_> = new.params.iter().map(|p| (p.ty.as_str(), p.name.as_str())).collect();
    let wanted = [("const char *", "name"), ("size_t", "name_len"), ("runtime_thing_t **", "out")];
    assert_eq!(params, wanted);
    assert_eq!(new.tags(), ["param", "return", "threadsafe", "since"]);
    assert_eq!(new.summary().trim(), "Makes a thing.");
    let name = new.param_doc("name").unwrap();
    assert_eq!(name, "Its name; copied. May be NULL if `name_len` is 0.");
    assert_eq!(new.param_doc("out").unwrap(), "Receives the thing, owned.");
    assert_eq!(new.tag("since").unwrap(), "0.1");
    assert_eq!((version.returns.as_str(), version.params.len()), ("uint32_t", 0));
    assert!(version.doc.is_empty(), "the documentation before it is not its own");
}

#[test]
fn types_and_macros_are_read() {
    let header = Header::parse(SAMPLE);
    let macros: Vec<_> = header.macros.iter().map(|m| (&*m.name, &*m.value)).collect();
    assert_eq!(macros[1], ("RUNTIME_FEATURE_A", "1"));
    assert_eq!(macros[2].0, "RUNTIME_LIMITS_INIT");
    let code = header.ty("runtime_code_t").unwrap();
    let Shape::Enum(values) = &code.shape else { panic!("an enum") };
    assert_eq!(values[0], ("RUNTIME_CODE_NONE".into(), Some("0".into())));
    assert_eq!(values[1], ("RUNTIME_CODE_LOST".into(), None));
    assert!(code.doc.starts_with("How it went."));
    assert!(matches!(header.ty("runtime_thing_t").unwrap().shape, Shape::Opaque));
    assert!(matches!(header.ty("runtime_log_fn_t").unwrap().shape, Shape::Callback));
    let Shape::Struct(fields) = &header.ty("runtime_limits_t").unwrap().shape else {
        panic!("a struct")
    };
    assert_eq!((fields[0].name.as_str(), fields[0].doc.as_str()), ("struct_size", "The size."));
    assert_eq!((fields[1].name.as_str(), fields[1].ty.as_str()), ("fuel", "uint64_t"));
}
