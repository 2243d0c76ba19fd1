//! The cache and its directory: what is kept, what is believed, what survives.
#![cfg(unix)]

use std::fs::{self, File, Permissions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tracing::span;

use super::*;
use crate::error::{Code, Error};

fn open(directory: &Path) -> Result<Cache> {
    Cache::open(&CacheSettings { memory: 0, directory: Some(directory.to_owned()) })
}

/// Loads a component in a cache that knows only the directory; answers where it came from.
fn load(directory: &Path) -> [u64; 3] {
    let cache = open(directory).unwrap();
    cache.load(&Engine::default(), &component(1)).unwrap();
    counts(&cache)
}

const COMPILED: [u64; 3] = [0, 0, 1];
const FROM_DISK: [u64; 3] = [0, 1, 0];

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn code_outlives_the_cache() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("new/cache");
    assert_eq!(load(&directory), COMPILED);
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(load(&directory), FROM_DISK);
    let names = names(&directory);
    assert!(names.len() == 1 && names[0].len() == 64, "{names:?}");
    assert_eq!(mode(&directory.join(&names[0])), 0o600);
    // Other settings, other code.
    let mut config = wasmtime::Config::new();
    config.epoch_interruption(true);
    let cache = open(&directory).unwrap();
    cache.load(&wasmtime::Engine::new(&config).unwrap(), &component(1)).unwrap();
    assert_eq!(counts(&cache), COMPILED);
}

/// Whatever `change` does to the cached file: it is not believed, and then replaced.
fn recovers(what: &str, change: impl FnOnce(&Path)) {
    let directory = TempDir::new().unwrap();
    load(directory.path());
    let file = directory.path().join(&names(directory.path())[0]);
    let before = fs::read(&file).unwrap();
    change(&file);
    assert_eq!(load(directory.path()), COMPILED, "{what}: believed");
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!((mode(&file), fs::read(&file).unwrap()), (0o600, before), "{what}: not replaced");
    assert_eq!(load(directory.path()), FROM_DISK, "{what}: not used again");
}

#[test]
fn damaged_files_are_compiled_again() {
    let edit = |edit: fn(&mut Vec<u8>)| {
        move |file: &Path| {
            let mut bytes = fs::read(file).unwrap();
            edit(&mut bytes);
            fs::write(file, bytes).unwrap();
        }
    };
    recovers("emptied", edit(Vec::clear));
    recovers("cut off", edit(|bytes| bytes.truncate(bytes.len() / 2)));
    recovers("longer", edit(|bytes| bytes.push(0)));
    recovers("one bit of the code", edit(|bytes| *bytes.last_mut().unwrap() ^= 1));
    recovers("one bit of the key", edit(|bytes| bytes[0] ^= 1));
    recovers("zeros", edit(|bytes| bytes.fill(0)));
    recovers("sparse", |file| File::create(file).unwrap().set_len(1 << 40).unwrap());
    // Whole and ours, but another component's.
    recovers("swapped", |file| {
        let other = TempDir::new().unwrap();
        open(other.path()).unwrap().load(&Engine::default(), &component(2)).unwrap();
        fs::copy(other.path().join(&names(other.path())[0]), file).unwrap();
    });
}

fn answer(artifact: &Artifact) -> u32 {
    let engine = artifact.component().engine();
    let mut store = wasmtime::Store::new(engine, ());
    let linker = wasmtime::component::Linker::new(engine);
    let instance = linker.instantiate(&mut store, artifact.component()).unwrap();
    let function = instance.get_typed_func::<(), (u32,)>(&mut store, "answer").unwrap();
    function.call(&mut store, ()).unwrap().0
}

#[test]
fn code_in_use_does_not_change_with_its_file() {
    let directory = TempDir::new().unwrap();
    load(directory.path());
    let cache = open(directory.path()).unwrap();
    let artifact = cache.load(&Engine::default(), &component(1)).unwrap();
    assert_eq!(counts(&cache), FROM_DISK);
    if cfg!(target_os = "linux") {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        assert!(maps.contains("/memfd:wasmcell"), "not mapped: {maps}");
    }
    let file = directory.path().join(&names(directory.path())[0]);
    let len = fs::metadata(&file).unwrap().len();
    fs::write(&file, vec![0xcc; len as usize]).unwrap();
    assert_eq!(answer(&artifact), 1);
    File::create(&file).unwrap().set_len(0).unwrap();
    assert_eq!(answer(&artifact), 1);
    fs::remove_file(&file).unwrap();
    assert_eq!(answer(&artifact), 1);
    assert!(artifact.wit().unwrap().contains("answer"));
}

/// As on systems without files in memory, or without /proc.
#[test]
fn code_can_be_copied_into_memory() {
    let (directory, engine) = (TempDir::new().unwrap(), Engine::default());
    let artifact = Artifact::compile(&engine, &component(7)).unwrap();
    let disk = disk::Disk::open(directory.path()).unwrap();
    disk.write(&key(1), &artifact.serialize().unwrap()).unwrap();
    let mut file = disk.read(&key(1)).unwrap().unwrap();
    assert_eq!(answer(&Artifact::from_cache(&engine, &mut file).unwrap()), 7);
    file.rewind().unwrap();
    let copied = Artifact::copied(&engine, &mut file).unwrap();
    assert_eq!((answer(&copied), copied.wit().unwrap()), (7, artifact.wit().unwrap()));
    // Reading it twice more gives nothing, which is not code.
    assert!(Artifact::copied(&engine, &mut file).is_err());
}

#[test]
fn files_others_may_have_written_are_not_believed() {
    recovers("writable by the group", |file| set_mode(file, 0o620));
    recovers("writable by all", |file| set_mode(file, 0o602));
    recovers("a symbolic link", |file| {
        let target = file.with_extension("target");
        fs::rename(file, &target).unwrap();
        symlink(target, file).unwrap();
    });
    recovers("a hard link", |file| fs::hard_link(file, file.with_extension("twin")).unwrap());
    recovers("a pipe without a writer", |file| {
        fs::remove_file(file).unwrap();
        assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
    });
    recovers("a stranger's, or removed", |file| {
        // Only root can give files away; others see the file go instead.
        if chown(file, Some(12_345), None).is_err() {
            fs::remove_file(file).unwrap();
        }
    });
}

fn refusal(directory: &Path) -> Error {
    let error = open(directory).unwrap_err();
    assert!(error.message().contains("`cache_directory`"), "{error}");
    error
}

#[test]
fn directories_others_may_write_to_are_refused() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("cache");
    fs::create_dir(&directory).unwrap();
    for bad in [0o770, 0o720, 0o707, 0o1777] {
        set_mode(&directory, bad);
        let error = refusal(&directory);
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().contains(&format!("mode {bad:04o}; use 0700")), "{error}");
    }
    for good in [0o700, 0o755] {
        set_mode(&directory, good);
        open(&directory).unwrap();
    }
    let link = parent.path().join("link");
    symlink(&directory, &link).unwrap();
    for link in [link.clone(), link.join(""), link.join(".")] {
        let error = refusal(&link);
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().contains("symbolic link"), "{error}");
    }
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).message().contains("not a directory"));
    assert_eq!(refusal(&file.join("below")).code(), Code::Io);
    assert_eq!(refusal(Path::new("")).code(), Code::InvalidArgument);
    assert_eq!(refusal(Path::new("nul\0byte")).code(), Code::Io);
    // A stranger's: root makes one, everybody else knows one.
    let strangers =
        if chown(&directory, Some(12_345), None).is_ok() { &*directory } else { "/".as_ref() };
    assert_eq!(refusal(strangers).code(), Code::InvalidArgument);
    assert_eq!(names(parent.path()).len(), 3, "nothing is left behind");
}

#[test]
fn trouble_with_the_directory_is_not_an_error() {
    let parent = TempDir::new().unwrap();
    let directory = parent.path().join("cache");
    for spoil in [
        (|directory| fs::remove_dir_all(directory).unwrap()) as fn(&Path),
        |directory| set_mode(directory, 0o777),
        |directory| {
            fs::rename(directory, directory.with_extension("old")).unwrap();
            fs::create_dir(directory).unwrap();
            set_mode(directory, 0o700);
        },
    ] {
        let cache = open(&directory).unwrap();
        spoil(&directory);
        cache.load(&Engine::default(), &component(1)).unwrap();
        assert_eq!(counts(&cache), COMPILED);
        let left = names(parent.path()).len();
        assert!(left == 0 || names(&directory).is_empty(), "nothing is written there any more");
        let _ = fs::remove_dir_all(&directory);
    }
}

/// A host that loads a component whenever something is logged.
struct Reentrant<'a>(&'a Cache, &'a Engine, &'a Mutex<Vec<u64>>);

impl tracing::Subscriber for Reentrant<'static> {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::WARN
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &tracing::Event<'_>) {
        let loaded = self.0.load(self.1, &component(1)).unwrap();
        self.2.lock().unwrap().push(loaded.size());
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[test]
fn warnings_are_logged_without_a_lock() {
    let directory = TempDir::new().unwrap();
    load(directory.path());
    set_mode(&directory.path().join(&names(directory.path())[0]), 0o666);
    let cache: &'static Cache = Box::leak(Box::new(open(directory.path()).unwrap()));
    let engine: &'static Engine = Box::leak(Box::new(Engine::default()));
    let events: &'static Mutex<Vec<u64>> = Box::leak(Box::default());
    tracing::subscriber::with_default(Reentrant(cache, engine, events), || {
        cache.load(engine, &component(1)).unwrap();
    });
    // One for the file that is not believed; the load inside it replaces nothing, it shares.
    assert_eq!((events.lock().unwrap().len(), counts(cache)), (1, [1, 0, 1]));
}

#[test]
fn abandoned_temporary_files_go_after_an_hour() {
    let directory = TempDir::new().unwrap();
    let touch = |name: &str, age: u64| {
        let file = File::create(directory.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    };
    touch(".wasmcell-old.tmp", 3700);
    touch(".wasmcell-young.tmp", 3500);
    touch("somebody's.tmp", 9999);
    touch(".wasmcell-other", 9999);
    open(directory.path()).unwrap();
    let expected = [".wasmcell-other", ".wasmcell-young.tmp", "somebody's.tmp"];
    assert_eq!(names(directory.path()), expected);
}

const KILLED_IN: &str = "WASMCELL_TEST_KILLED_IN";

fn key(n: u8) -> [u8; 32] {
    [n; 32]
}

fn contents(n: u8) -> Vec<u8> {
    vec![n; 4 << 20]
}

/// Not a test but the other process of the next one: writes files until it is killed.
#[test]
#[ignore = "runs inside a_killed_writer_leaves_no_half_file"]
fn writes_until_killed() {
    let Some(directory) = std::env::var_os(KILLED_IN) else { return };
    let disk = disk::Disk::open(Path::new(&directory)).unwrap();
    for n in (0..16).cycle() {
        disk.write(&key(n), &contents(n)).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_no_half_file() {
    let directory = TempDir::new().unwrap();
    let disk = disk::Disk::open(directory.path()).unwrap();
    let (mut whole, mut halves) = (0, 0);
    for round in 0..20 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["code::cache::tests::files::writes_until_killed", "--exact", "--ignored"])
            .env(KILLED_IN, directory.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let patience = SystemTime::now();
        while names(directory.path()).len() < 2 {
            assert!(patience.elapsed().unwrap() < Duration::from_secs(30), "nothing is written");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(7 * round));
        writer.kill().unwrap();
        writer.wait().unwrap();
        for n in 0..16 {
            if let Some(mut file) = disk.read(&key(n)).unwrap() {
                let mut found = Vec::new();
                file.read_to_end(&mut found).unwrap();
                assert!(found == contents(n), "half a file under its final name");
                whole += 1;
            }
        }
        for name in names(directory.path()) {
            if name.starts_with(".wasmcell-") {
                halves += 1;
            }
            fs::remove_file(directory.path().join(name)).unwrap();
        }
    }
    assert!(whole > 0 && halves > 0, "the test kills too early or too late: {whole}, {halves}");
}
