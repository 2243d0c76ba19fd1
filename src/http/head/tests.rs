use super::*;
use crate::error::Code;

fn request(build: impl FnOnce(&mut Request) -> Result<()>) -> Result<http::Request<()>> {
    let mut request = Request::new();
    build(&mut request)?;
    request.left_after(0, true)?;
    request.complete(())
}

fn of_host(authority: &str) -> Result<String> {
    let made = request(|it| it.authority(authority).map(drop))?;
    Ok(made.uri().authority().map(ToString::to_string).unwrap_or_default())
}

#[test]
fn hosts_are_hosts() {
    for (given, meant) in [
        ("example.com", "example.com"),
        ("EXAMPLE.com:8080", "example.com:8080"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("[2001:DB8::1]:443", "[2001:db8::1]:443"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ] {
        assert_eq!(of_host(given).unwrap(), meant);
    }
    assert_eq!(of_host("a:").unwrap(), "a");
    assert_eq!(of_host("[::1]:").unwrap(), "[::1]");
    let long = "a".repeat(256);
    for given in [
        "",
        ":80",
        "a b",
        "a/b",
        "user@a",
        "a:b",
        "a:65536",
        "a:0",
        "a:+1",
        "[]",
        "[::1",
        "::1",
        "a#b",
        "a?b",
        "a\\b",
        "[::1]x",
        "[:]",
        "[1]",
        "ä.example",
        "a,b@c",
        "a\r\nb",
        "a%2eb",
        &long,
    ] {
        assert_eq!(of_host(given).unwrap_err().code(), Code::InvalidArgument, "{given:?}");
    }
}

#[test]
fn there_is_one_host() {
    let with = |authority: Option<&str>, hosts: &[&str]| {
        let made = request(|it| {
            if let Some(authority) = authority {
                it.authority(authority)?;
            }
            for host in hosts {
                it.field(b"Host", host.as_bytes(), "request.fields[0]")?;
            }
            Ok(())
        });
        made.map(|it| it.uri().authority().unwrap().to_string())
    };
    assert_eq!(with(None, &["a.example"]).unwrap(), "a.example");
    assert_eq!(with(Some("A.example"), &["a.EXAMPLE"]).unwrap(), "a.example");
    assert_eq!(with(Some("a"), &["a:80"]).unwrap(), "a");
    assert_eq!(with(Some("a:80"), &["a"]).unwrap(), "a:80");
    for (authority, hosts) in [
        (None, &[][..]),
        (None, &["a", "a"]),
        (Some("a"), &["b"]),
        (Some("a"), &["a:443"]),
        (Some("a"), &["a", "b"]),
        (None, &["a b"]),
        (None, &[""]),
    ] {
        assert!(with(authority, hosts).is_err(), "{authority:?} {hosts:?}");
    }
}

#[test]
fn paths_are_as_they_come() {
    let path = |path: &str| {
        request(|it| it.authority("a")?.path(path).map(drop))
            .map(|it| it.uri().path_and_query().unwrap().to_string())
    };
    for given in ["/", "/a?b=c", "/a/../b", "//a", "/%2e%2e/", "/?", "/a?http://b/@c"] {
        assert_eq!(path(given).unwrap(), given);
    }
    let long = format!("/{}", "a".repeat(MOST_PATH));
    for given in ["", "a", "http://b/", "/a b", "/a#b", "/\r\nx", "/\0", "/ä", "*", &long] {
        assert!(path(given).is_err(), "{given:?}");
    }
    let options = request(|it| it.authority("a")?.method("OPTIONS")?.path("*").map(drop));
    assert_eq!(options.unwrap().uri().path(), "*");
}

#[test]
fn methods_are_tokens() {
    let method = |method: &str| request(|it| it.authority("a")?.method(method).map(drop));
    for given in ["GET", "PROPFIND", "patch"] {
        assert_eq!(method(given).unwrap().method().as_str(), given);
    }
    for given in ["", "A B", "CONNECT", "TRACE", "A\r\n", &"A".repeat(33)] {
        assert!(method(given).is_err(), "{given:?}");
    }
}

#[test]
fn fields_cannot_make_others() {
    let field = |name: &[u8], value: &[u8]| {
        request(|it| it.authority("a")?.field(name, value, "request.fields[3]").map(drop))
    };
    assert_eq!(field(b"X-A", b"\xff \t b").unwrap().headers()["x-a"].as_bytes(), b"\xff \t b");
    for (name, value, what) in [
        (&b"a b"[..], &b""[..], "request.fields[3].name"),
        (b"", b"", "request.fields[3].name"),
        (b"a:", b"", "request.fields[3].name"),
        (b"a\r\nb", b"", "request.fields[3].name"),
        (b"a", b"b\r\nc: d", "request.fields[3].value"),
        (b"a", b"b\nc", "request.fields[3].value"),
        (b"a", b"\0", "request.fields[3].value"),
    ] {
        let error = field(name, value).unwrap_err();
        assert!(error.message().starts_with(&format!("`{what}`")), "{error}");
    }
}

#[test]
fn what_belongs_to_the_connection_stays_with_it() {
    let made = request(|it| {
        it.authority("a")?;
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("expect", "100-continue"),
            ("connection", "\u{80}, x-other"),
            ("x-other", "1"),
            ("te", "gzip;q=1, Trailers"),
            ("x-end", "2"),
        ] {
            it.field(name.as_bytes(), value.as_bytes(), "f")?;
        }
        Ok(())
    })
    .unwrap();
    let fields = made.headers();
    for gone in ["x-hop", "x-other", "expect"] {
        assert!(!fields.contains_key(gone), "{gone}");
    }
    assert_eq!(
        (fields["te"].as_bytes(), fields["x-end"].as_bytes()),
        (&b"trailers"[..], &b"2"[..])
    );
}

#[test]
fn lengths_are_numbers_and_one() {
    let with = |lengths: &[&str], len: Option<u64>| {
        let mut made = Request::new();
        made.authority("a")?;
        for length in lengths {
            made.field(b"content-length", length.as_bytes(), "f")?;
        }
        made.left_after(len.unwrap_or(0), len.is_none())?;
        made.complete(()).map(drop)
    };
    with(&["5"], Some(5)).unwrap();
    with(&["5"], None).unwrap();
    with(&["0005"], Some(5)).unwrap();
    for wrong in [&["5", "5"][..], &["+5"], &["-1"], &["0x5"], &["5,5"], &[""], &[" 5 6"]] {
        assert!(with(wrong, None).is_err(), "{wrong:?}");
    }
    assert!(with(&["18446744073709551616"], None).is_err());
    assert!(with(&["4"], Some(5)).is_err());
    let mut both = Request::new();
    both.field(b"content-length", b"5", "f").unwrap();
    assert_eq!(both.left_after(2, true).unwrap(), Some(3));
    assert!(both.left_after(6, true).is_err());
    both.field(b"transfer-encoding", b"chunked", "f").unwrap();
    assert!(both.left_after(2, true).is_err());
}
