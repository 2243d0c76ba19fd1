use std::sync::Barrier;

use wasmtime::Config;

use super::*;

mod files;

/// A component whose bytes depend on `n`.
fn component(n: usize) -> Vec<u8> {
    let text = format!(
        r#"(component
            (core module $m (func (export "f") (result i32) i32.const {n}))
            (core instance $i (instantiate $m))
            (func (export "answer") (result u32) (canon lift (core func $i "f"))))"#
    );
    wat::parse_str(text).unwrap()
}

fn in_memory(memory: u64) -> Cache {
    Cache::open(&CacheSettings { memory, directory: None }).unwrap()
}

fn counts(cache: &Cache) -> [u64; 3] {
    let CacheStats { memory_hits, disk_hits, compiled } = cache.stats();
    [memory_hits, disk_hits, compiled]
}

#[test]
fn living_components_share_their_code() {
    let (cache, engine) = (in_memory(0), Engine::default());
    let first = cache.load(&engine, &component(1)).unwrap();
    let second = cache.load(&engine, &component(1)).unwrap();
    assert!(Arc::ptr_eq(&first, &second));
    cache.load(&engine, &component(2)).unwrap();
    drop((first, second));
    cache.load(&engine, &component(1)).unwrap();
    assert_eq!(counts(&cache), [1, 0, 3]);
}

#[test]
fn memory_keeps_the_code_of_dead_components() {
    let engine = Engine::default();
    let size = Artifact::compile(&engine, &component(1)).unwrap().size();
    let cache = in_memory(size * 2);
    for n in [1, 2, 1, 2, 3, 1] {
        cache.load(&engine, &component(n)).unwrap();
    }
    // 1 and 2 fit; 3 pushes 1 out.
    assert_eq!(counts(&cache), [2, 0, 4]);
}

#[test]
fn engines_do_not_share() {
    let cache = in_memory(1 << 30);
    let (one, two) = (Engine::default(), Engine::default());
    let first = cache.load(&one, &component(1)).unwrap();
    let second = cache.load(&two, &component(1)).unwrap();
    assert!(Engine::same(first.component().engine(), &one));
    assert!(Engine::same(second.component().engine(), &two));
    assert_eq!(counts(&cache), [0, 0, 2]);
}

#[test]
fn failures_are_not_remembered() {
    let (cache, engine) = (in_memory(1 << 30), Engine::default());
    for _ in 0..2 {
        assert!(cache.load(&engine, b"\0asm").is_err());
    }
    assert_eq!(counts(&cache), [0, 0, 0]);
}

#[test]
fn threads_compile_once() {
    let (cache, engine, start) = (in_memory(0), Engine::default(), Barrier::new(8));
    let loaded: Vec<_> = std::thread::scope(|scope| {
        let load = |n: usize| {
            let (cache, engine, start) = (&cache, &engine, &start);
            scope.spawn(move || {
                start.wait();
                cache.load(engine, &component(n % 2)).unwrap()
            })
        };
        let threads: Vec<_> = (0..8_usize).map(load).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(counts(&cache), [6, 0, 2]);
    assert!(Arc::ptr_eq(&loaded[0], &loaded[6]) && !Arc::ptr_eq(&loaded[0], &loaded[1]));
}

#[test]
fn disk_names_tell_everything_apart() {
    let mut config = Config::new();
    config.epoch_interruption(true);
    let (plain, epochs) = (Engine::default(), Engine::new(&config).unwrap());
    assert_eq!(disk_key(&plain, &[1; 32]), disk_key(&Engine::default(), &[1; 32]));
    assert_ne!(disk_key(&plain, &[1; 32]), disk_key(&plain, &[2; 32]));
    assert_ne!(disk_key(&plain, &[1; 32]), disk_key(&epochs, &[1; 32]));
}
