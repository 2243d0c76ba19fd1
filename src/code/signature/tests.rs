use wasmsign2::reexports::ct_codecs::{Base64, Encoder};
use wasmsign2::{CustomSection, KeyPair, Module, Section as Part};

use super::section::{Problem, Section};
use super::*;

const TEXT: &str = r#"(component
    (core module $m (func (export "f") (result i32) i32.const 42))
    (core instance $i (instantiate $m))
    (func (export "answer") (result u32) (canon lift (core func $i "f"))))"#;

fn component() -> Vec<u8> {
    wat::parse_str(TEXT).unwrap()
}

fn parts(binary: &[u8]) -> Module {
    Module::deserialize(&mut &*binary).unwrap()
}

fn bytes(module: &Module) -> Vec<u8> {
    let mut bytes = Vec::new();
    module.serialize(&mut bytes).unwrap();
    bytes
}

fn sign(binary: &[u8], key: &KeyPair) -> Vec<u8> {
    bytes(&key.sk.sign(parts(binary), None).unwrap())
}

fn trusting(key: &[u8]) -> Verifier {
    let mut verifier = Verifier::new();
    verifier.add_key(key).unwrap();
    verifier
}

fn refusal(verifier: &Verifier, component: &[u8]) -> String {
    let error = verifier.verify(component).unwrap_err();
    assert_eq!(error.code(), Code::Signature);
    error.message().to_owned()
}

#[test]
fn only_a_trusted_signature_counts() {
    let (ours, strangers) = (KeyPair::generate(), KeyPair::generate());
    let verifier = trusting(&ours.pk.to_bytes());
    let signed = sign(&component(), &ours);
    verifier.verify(&signed).unwrap();
    // And a signature is in nobody's way.
    crate::code::artifact::Artifact::compile(&wasmtime::Engine::default(), &signed).unwrap();
    assert!(refusal(&verifier, &component()).contains("not signed"));
    assert!(refusal(&verifier, &sign(&component(), &strangers)).contains("none of the trusted"));
    assert!(refusal(&Verifier::new(), &signed).contains("none of the trusted"));

    let mut both = trusting(&strangers.pk.to_bytes());
    both.add_key(&ours.pk.to_bytes()).unwrap();
    both.verify(&signed).unwrap();
    both.verify(&sign(&component(), &strangers)).unwrap();
}

#[test]
fn what_is_not_a_component_is_not_signed() {
    let key = KeyPair::generate();
    let verifier = trusting(&key.pk.to_bytes());
    let module = sign(&wat::parse_str("(module (func))").unwrap(), &key);
    // The same key signed it, as a core module; as a component it would be another thing.
    assert!(refusal(&verifier, &module).contains("not signed"));
    for garbage in [&b""[..], b"\0asm", TEXT.as_bytes(), &[0; 64], &[0xff; 64]] {
        assert!(refusal(&verifier, garbage).contains("not signed"));
    }
}

#[test]
fn every_key_format_is_understood() {
    let key = KeyPair::generate();
    let signed = sign(&component(), &key);
    let mut wire = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    wire.extend_from_slice(key.pk.pk.as_ref());
    let base64 = Base64::encode_to_string(&wire).unwrap();
    let openssh = format!("# deploy key\n\nssh-ed25519 {base64} someone@example.com\n");
    let pem = key.pk.to_pem();
    for form in [&*key.pk.to_bytes(), pem.as_bytes(), &key.pk.to_der(), openssh.as_bytes()] {
        trusting(form).verify(&signed).unwrap();
    }
    // Several keys in one text all count.
    let other = KeyPair::generate();
    trusting(format!("{}{pem}", other.pk.to_pem()).as_bytes()).verify(&signed).unwrap();
}

/// What tests/c/signature.c loads: a component signed by a trusted key, the same signed by somebody
/// else, and the trusted public key in each format. New keys, so nobody has the secret ones:
/// `cargo test --release --lib write_fixtures -- --ignored`.
#[test]
#[ignore = "writes tests/guests/signatures"]
fn write_fixtures() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = root.join("tests/guests/signatures");
    std::fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(directory.join(name), bytes).unwrap();
    let (ours, strangers) = (KeyPair::generate(), KeyPair::generate());
    write("signed.wasm", &sign(&component(), &ours));
    write("stranger.wasm", &sign(&component(), &strangers));
    write("trusted.pem", ours.pk.to_pem().as_bytes());
    write("trusted.der", &ours.pk.to_der());
    let mut wire = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    wire.extend_from_slice(ours.pk.pk.as_ref());
    let base64 = Base64::encode_to_string(&wire).unwrap();
    write("trusted.pub", format!("ssh-ed25519 {base64} tests\n").as_bytes());
}

/// Keys as the tools write them that people use.
#[test]
fn keys_of_openssl_and_ssh_keygen_are_understood() {
    let pem = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAql7/f4KP/ore0PefWp9nLsMmtY0qp3Z2QtFqqJK5ja4=\n-----END PUBLIC KEY-----\n";
    let ssh =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAXUUjFaPP8N6djnGbmEh8bvs2N5I6zSaChvu8vthmkw me@x";
    for key in [pem, ssh] {
        assert!(!trusting(key.as_bytes()).is_empty());
    }
}

#[test]
fn useless_keys_are_refused_by_name() {
    let key = KeyPair::generate();
    let pem = key.pk.to_pem();
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQC7 someone";
    let (weak, x25519) = ([&[1u8; 1][..], &[0; 32]].concat(), {
        let mut der = key.pk.to_der();
        der[8] = 110;
        der
    });
    for (bytes, says) in [
        (&b""[..], "is empty"),
        (b"hello", "not an Ed25519 public key"),
        (&key.sk.to_bytes(), "private key"),
        (key.sk.to_pem().as_bytes(), "private key"),
        (b"-----BEGIN OPENSSH PRIVATE KEY-----\n", "private key"),
        (rsa.as_bytes(), "line 1"),
        (format!("{}{}", pem, pem.replace("MCow", "MFkw")).as_bytes(), "PEM, but not"),
        (&x25519, "not an Ed25519 public key"),
        (&weak, "not a point"),
        (&key.pk.pk.as_ref()[..31], "not an Ed25519 public key"),
    ] {
        let mut verifier = Verifier::new();
        let error = verifier.add_key(bytes).unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(error.message().starts_with("`trusted_key`: "), "{error}");
        assert!(error.message().contains(says), "{error} instead of {says}");
        assert!(verifier.is_empty());
    }
}

#[test]
fn no_byte_can_change() {
    let key = KeyPair::generate();
    let verifier = trusting(&key.pk.to_bytes());
    let signed = sign(&component(), &key);
    for at in 0..signed.len() {
        for bit in 0..8 {
            let mut changed = signed.clone();
            changed[at] ^= 1 << bit;
            refusal(&verifier, &changed);
        }
    }
    for len in 0..signed.len() {
        refusal(&verifier, &signed[..len]);
    }
}

#[test]
fn nothing_can_be_added_or_moved() {
    let key = KeyPair::generate();
    let verifier = trusting(&key.pk.to_bytes());
    let signed = sign(&component(), &key);
    let extra = Part::Custom(CustomSection::new("extra".to_owned(), vec![1, 2, 3]));
    let count = parts(&signed).sections.len();
    for at in 0..=count {
        let mut module = parts(&signed);
        module.sections.insert(at, extra.clone());
        refusal(&verifier, &bytes(&module));
    }
    let mut module = parts(&signed);
    module.sections.swap(0, 1);
    assert!(refusal(&verifier, &bytes(&module)).contains("not signed"));
    // A second signature section is content like any other.
    let mut module = parts(&signed);
    module.sections.insert(1, module.sections[0].clone());
    assert!(refusal(&verifier, &bytes(&module)).contains("changed after signing"));
    // Another signer may be added, and takes nothing away.
    let twice = key.sk.sign(parts(&signed), Some(&vec![7; 12])).unwrap();
    verifier.verify(&bytes(&twice)).unwrap();
}

#[test]
fn a_signature_of_some_sections_is_not_enough() {
    let key = KeyPair::generate();
    let verifier = trusting(&key.pk.to_bytes());
    let wasmsign2 = PublicKeySet::new([key.pk.clone()].into());

    // Signed so that sections may be added later: whole it counts, extended it does not.
    let open = key.sk.sign_multi(parts(&component()), None, false, true).unwrap().0;
    verifier.verify(&bytes(&open)).unwrap();
    let mut extended = open;
    extended.sections.push(Part::Custom(CustomSection::new("extra".to_owned(), vec![1])));
    assert!(refusal(&verifier, &bytes(&extended)).contains("signed only in part"));

    // Signed with a delimiter inside: wasmsign2 accepts it also when cut off there.
    let mut index = 0;
    let in_two = parts(&component()).split(|_| {
        index += 1;
        index <= 2
    });
    let mut module = key.sk.sign_multi(in_two.unwrap(), None, false, false).unwrap().0;
    assert!(wasmsign2.verify(&mut &*bytes(&module), None).is_ok());
    assert!(refusal(&verifier, &bytes(&module)).contains("signed in parts"));
    let end = module.sections.iter().position(Part::is_signature_delimiter).unwrap();
    assert!(end + 1 < module.sections.len());
    module.sections.truncate(end + 1);
    assert!(wasmsign2.verify(&mut &*bytes(&module), None).is_ok());
    assert!(refusal(&verifier, &bytes(&module)).contains("signed in parts"));
}

#[test]
fn several_people_can_sign() {
    let (ours, theirs) = (KeyPair::generate(), KeyPair::generate());
    let once = theirs.sk.sign_multi(parts(&component()), None, false, false).unwrap().0;
    let twice = bytes(&ours.sk.sign_multi(once, None, false, false).unwrap().0);
    trusting(&ours.pk.to_bytes()).verify(&twice).unwrap();
    trusting(&theirs.pk.to_bytes()).verify(&twice).unwrap();
    let neither = trusting(&KeyPair::generate().pk.to_bytes());
    assert!(refusal(&neither, &twice).contains("none of the trusted"));
}

#[test]
fn lengths_are_checked_before_anything_is_allocated() {
    // Each of these made wasmsign2 ask for gigabytes.
    const HEAD: &[u8] = b"\0asm\x0d\0\x01\0";
    let huge = b"\xff\xff\xff\xff\x0f";
    let with = |section: &[u8]| {
        let name = [b"\x09signature", section].concat();
        [HEAD, &[0, u8::try_from(name.len()).unwrap()], &name].concat()
    };
    let verifier = trusting(&KeyPair::generate().pk.to_bytes());
    for (garbage, malformed) in [
        ([HEAD, &[0], huge].concat(), false),
        ([HEAD, &[0, 5], huge].concat(), false),
        (with(&[&[1, 1, 1, 1], &huge[..]].concat()), true),
        (with(&[&[1, 1, 1], &huge[..]].concat()), true),
        (with(&[1, 1, 1, 1, 4, 1, 0, 0, 0]), true),
        (with(&[&[1, 1, 1, 1, 40, 1], &[0; 32][..], &[1, 5], huge].concat()), true),
        (with(&[&[1, 1, 1, 1, 42, 1], &[0; 32][..], &[1, 7, 0, 1], huge].concat()), true),
        (with(&[1, 1, 1, 1, 0x80, 0x80, 0x80, 0x80, 0x80]), true),
    ] {
        let problem = Section::read(&garbage).err().unwrap();
        assert_eq!(matches!(problem, Problem::Malformed(_)), malformed, "{garbage:x?}");
        refusal(&verifier, &garbage);
    }
    // 64 KiB of section are refused before anybody looks for signatures in them.
    let long = [HEAD, &[0, 0x8a, 0x80, 4], b"\x09signature", &[1; 1 << 16]].concat();
    assert!(refusal(&verifier, &long).contains("longer than 64 KiB"));
    assert_eq!(Section::read(&with(&[])).err(), Some(Problem::Malformed("cut off")));
}
