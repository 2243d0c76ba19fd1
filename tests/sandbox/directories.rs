//! Directories: each right does what it says, and no path leads out.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use wasmcell::sandbox::Rights;
use wasmcell::{Code, Component, ComponentOptions, Sandbox};

use crate::{call, guest, load, load_bare, runtime, scratch};

const READ: Rights = Rights { read: true, write: false, list: false };
const WRITE: Rights = Rights { read: false, write: true, list: false };
const LIST: Rights = Rights { read: false, write: false, list: true };

fn granted(directory: &Path, rights: Rights) -> Component {
    load(Sandbox::new().directory(directory, "/data", rights).unwrap())
}

/// A directory `in` with some files, beside a secret.
fn populated(name: &str) -> std::path::PathBuf {
    let root = scratch(name);
    fs::create_dir_all(root.join("in/sub")).unwrap();
    fs::write(root.join("in/file"), "text").unwrap();
    fs::write(root.join("in/sub/deep"), "deep").unwrap();
    fs::write(root.join("secret"), "secret").unwrap();
    root
}

fn denied(answer: &str) {
    // Uncategorized: std's word for wasi-libc's "not capable", when no grant has the path.
    let kinds =
        ["PermissionDenied", "ReadOnlyFilesystem", "NotFound", "FilesystemLoop", "Uncategorized"];
    assert!(kinds.iter().any(|kind| answer == format!("err(\"{kind}\")")), "{answer}");
}

#[test]
fn without_a_grant_there_are_no_files() {
    let root = populated("none");
    let component = load_bare();
    for path in
        [root.join("in/file").to_str().unwrap(), "/etc/passwd", "file", ".", "/proc/self/fd/0"]
    {
        denied(&call(&component, &format!("read-file(\"{path}\")")));
        denied(&call(&component, &format!("list-directory(\"{path}\")")));
        denied(&call(&component, &format!("write-file(\"{path}\", \"\")")));
    }
}

#[test]
fn all_rights_let_a_guest_do_all() {
    let root = populated("all");
    let component = granted(&root.join("in"), Rights::ALL);
    assert_eq!(call(&component, "directories()"), r#"["/data"]"#);
    assert_eq!(call(&component, r#"read-file("/data/file")"#), r#"ok("text")"#);
    assert_eq!(call(&component, r#"read-file("/data/sub/../sub/deep")"#), r#"ok("deep")"#);
    assert_eq!(call(&component, r#"size-of("/data/file")"#), "ok(4)");
    assert_eq!(call(&component, r#"write-file("/data/new", "a")"#), "ok");
    assert_eq!(call(&component, r#"append-file("/data/new", "b")"#), "ok");
    assert_eq!(fs::read_to_string(root.join("in/new")).unwrap(), "ab");
    assert_eq!(call(&component, r#"make-directory("/data/made")"#), "ok");
    assert_eq!(call(&component, r#"rename("/data/new", "/data/made/moved")"#), "ok");
    assert_eq!(call(&component, r#"hard-link("/data/file", "/data/made/hard")"#), "ok");
    assert_eq!(call(&component, r#"symlink("file", "/data/soft")"#), "ok");
    assert_eq!(call(&component, r#"read-link("/data/soft")"#), r#"ok("file")"#);
    assert_eq!(call(&component, r#"read-file("/data/soft")"#), r#"ok("text")"#);
    assert_eq!(call(&component, r#"list-directory("/data/made")"#), r#"ok(["hard", "moved"])"#);
    assert_eq!(call(&component, r#"remove-file("/data/made/moved")"#), "ok");
    assert!(!root.join("in/made/moved").exists());
}

fn cannot_change(component: &Component, root: &Path) {
    for change in [
        r#"write-file("/data/file", "x")"#,
        r#"write-file("/data/new", "x")"#,
        r#"append-file("/data/file", "x")"#,
        r#"make-directory("/data/new")"#,
        r#"remove-file("/data/file")"#,
        r#"rename("/data/file", "/data/new")"#,
        r#"hard-link("/data/file", "/data/new")"#,
        r#"symlink("file", "/data/new")"#,
    ] {
        denied(&call(component, change));
    }
    assert_eq!(fs::read_to_string(root.join("in/file")).unwrap(), "text");
    assert!(!root.join("in/new").exists());
}

#[test]
fn the_right_to_read_is_only_that() {
    let root = populated("read");
    let component = granted(&root.join("in"), READ);
    assert_eq!(call(&component, r#"read-file("/data/sub/deep")"#), r#"ok("deep")"#);
    denied(&call(&component, r#"list-directory("/data")"#));
    denied(&call(&component, r#"list-directory("/data/sub")"#));
    cannot_change(&component, &root);
}

#[test]
fn the_right_to_list_is_only_that() {
    let root = populated("list");
    symlink("file", root.join("in/link")).unwrap();
    let component = granted(&root.join("in"), LIST);
    assert_eq!(call(&component, r#"list-directory("/data")"#), r#"ok(["file", "link", "sub"])"#);
    assert_eq!(call(&component, r#"list-directory("/data/sub")"#), r#"ok(["deep"])"#);
    denied(&call(&component, r#"read-file("/data/file")"#));
    denied(&call(&component, r#"read-file("/data/sub/deep")"#));
    denied(&call(&component, r#"read-link("/data/link")"#));
    cannot_change(&component, &root);
}

#[test]
fn the_right_to_write_is_only_that() {
    let root = populated("write");
    let component = granted(&root.join("in"), WRITE);
    assert_eq!(call(&component, r#"write-file("/data/new", "x")"#), "ok");
    assert_eq!(call(&component, r#"append-file("/data/new", "y")"#), "ok");
    assert_eq!(fs::read_to_string(root.join("in/new")).unwrap(), "xy");
    denied(&call(&component, r#"read-file("/data/file")"#));
    denied(&call(&component, r#"list-directory("/data")"#));
    assert_eq!(call(&component, r#"remove-file("/data/file")"#), "ok");
}

#[test]
fn no_path_leads_out() {
    let root = populated("out");
    let inside = root.join("in");
    symlink(root.join("secret"), inside.join("absolute")).unwrap();
    symlink("../secret", inside.join("relative")).unwrap();
    symlink("..", inside.join("up")).unwrap();
    symlink("/proc/self/fd", inside.join("fds")).unwrap();
    symlink("sub/deep", inside.join("within")).unwrap();
    symlink(&inside, root.join("back")).unwrap();
    let component = granted(&inside, Rights::ALL);
    let secret = root.join("secret");
    let secret = secret.to_str().unwrap();
    for path in [
        "/data/../secret",
        "/data/sub/../../secret",
        "../secret",
        secret,
        "/data/absolute",
        "/data/relative",
        "/data/up/secret",
        "/data/fds/0",
        "/proc/self/fd/0",
        "/proc/self/root",
        "/etc/passwd",
        "/data//../secret",
        "/data/./../secret",
        "/dev/null",
    ] {
        denied(&call(&component, &format!("read-file(\"{path}\")")));
        denied(&call(&component, &format!("append-file(\"{path}\", \"x\")")));
        denied(&call(&component, &format!("rename(\"/data/file\", \"{path}/x\")")));
        // A link to a link that leads out leads out as little as that.
        let _ = call(&component, &format!("hard-link(\"{path}\", \"/data/hard\")"));
        denied(&call(&component, r#"read-file("/data/hard")"#));
        let _ = fs::remove_file(inside.join("hard"));
    }
    for path in ["/data/..", "/data/up", "/", "/data/fds", "/data/../back"] {
        denied(&call(&component, &format!("list-directory(\"{path}\")")));
        denied(&call(&component, &format!("make-directory(\"{path}/x\")")));
    }
    assert_eq!(call(&component, r#"read-file("/data/within")"#), r#"ok("deep")"#);
    assert_eq!(fs::read_to_string(secret).unwrap(), "secret");
    assert!(inside.join("file").exists());
}

#[test]
fn links_that_a_guest_makes_lead_nowhere() {
    let root = populated("made");
    let component = granted(&root.join("in"), Rights::ALL);
    denied(&call(&component, r#"symlink("/etc/passwd", "/data/absolute")"#));
    let _ = call(&component, r#"symlink("../secret", "/data/relative")"#);
    let _ = call(&component, r#"symlink("sub/../../secret", "/data/winding")"#);
    for path in ["/data/absolute", "/data/relative", "/data/winding"] {
        denied(&call(&component, &format!("read-file(\"{path}\")")));
        denied(&call(&component, &format!("append-file(\"{path}\", \"x\")")));
    }
    assert_eq!(fs::read_to_string(root.join("secret")).unwrap(), "secret");
}

#[test]
fn nothing_moves_from_one_grant_to_another() {
    let root = populated("across");
    fs::create_dir(root.join("other")).unwrap();
    let mut sandbox = Sandbox::new();
    sandbox.directory(&root.join("in"), "/hidden", WRITE).unwrap();
    sandbox.directory(&root.join("other"), "/open", Rights::ALL).unwrap();
    let component = load(&sandbox);
    for verb in ["rename", "hard-link"] {
        let answer = call(&component, &format!(r#"{verb}("/hidden/file", "/open/file")"#));
        assert_eq!(answer, r#"err("CrossesDevices")"#);
    }
    denied(&call(&component, r#"read-file("/hidden/file")"#));
    assert!(!root.join("other/file").exists() && root.join("in/file").exists());
}

#[test]
fn a_fifo_or_device_is_not_opened() {
    let root = populated("fifo");
    let fifo = root.join("in/fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    symlink("fifo", root.join("in/link")).unwrap();
    let component = granted(&root.join("in"), Rights::ALL);
    let start = Instant::now();
    for path in ["/data/fifo", "/data/link"] {
        denied(&call(&component, &format!("read-file(\"{path}\")")));
        denied(&call(&component, &format!("append-file(\"{path}\", \"x\")")));
        denied(&call(&component, &format!("write-file(\"{path}\", \"x\")")));
    }
    assert!(start.elapsed() < Duration::from_secs(10));
    let devices = granted(Path::new("/dev"), Rights { write: false, ..Rights::ALL });
    for path in ["/data/null", "/data/zero", "/data/tty"] {
        denied(&call(&devices, &format!("read-file(\"{path}\")")));
    }
    let process = granted(Path::new("/proc/self"), Rights::READ_ONLY);
    for path in ["/data/fd/0", "/data/root/etc/passwd", "/data/cwd/Cargo.toml"] {
        denied(&call(&process, &format!("read-file(\"{path}\")")));
    }
}

#[test]
fn what_cannot_be_granted_is_refused() {
    let root = populated("refused");
    let mut sandbox = Sandbox::new();
    let mut refused = |host: &Path, guest: &str, rights| {
        let error = sandbox.directory(host, guest, rights).map(drop).unwrap_err();
        (error.code(), error.message().to_owned())
    };
    let (code, message) = refused(&root.join("missing"), "/data", Rights::ALL);
    assert_eq!(code, Code::Io);
    assert!(message.contains("missing: No such file"), "{message}");
    let (code, message) = refused(&root.join("secret"), "/data", Rights::ALL);
    assert_eq!(code, Code::Io);
    assert!(message.contains("secret: not a directory"), "{message}");
    assert_eq!(refused(&root, "", Rights::ALL).1, "`guest_path`: is empty");
    assert_eq!(refused(&root, "a\0", Rights::ALL).1, "`guest_path`: contains a NUL");
    assert_eq!(refused(&root, "/data", Rights::default()).1, "`rights`: are none");
    assert_eq!(refused(Path::new(""), "/data", Rights::ALL).1, "`host_path`: is empty");
    sandbox.directory(&root, "/data", READ).unwrap();
    let error = sandbox.directory(&root, "/data", READ).unwrap_err();
    assert_eq!(error.message(), "`guest_path`: `/data` is granted already");
}

#[test]
fn a_directory_that_is_gone_is_an_error_at_load() {
    let root = populated("gone");
    let mut sandbox = Sandbox::new();
    sandbox.directory(&root.join("in"), "/data", READ).unwrap();
    let component = load(&sandbox);
    fs::rename(root.join("in"), root.join("renamed")).unwrap();
    // What was granted stays granted, wherever it is now.
    assert_eq!(call(&component, r#"read-file("/data/file")"#), r#"ok("text")"#);
    let options = ComponentOptions { sandbox: Some(sandbox), ..ComponentOptions::default() };
    let error = Component::new(runtime(), &guest("wasi.wasm"), &options).unwrap_err();
    assert_eq!(error.code(), Code::Io);
    assert!(error.message().contains("gone/in: No such file"), "{error}");
}
