//! Which addresses and names a guest may use.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

use crate::error::{Error, Result};

#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    pub connect: Vec<Addresses>,
    pub bind: Vec<Addresses>,
    pub names: Vec<NamePattern>,
}

impl Network {
    pub(super) fn install(&self, builder: &mut WasiCtxBuilder) {
        let sockets = !self.connect.is_empty() || !self.bind.is_empty();
        builder.allow_tcp(sockets).allow_udp(sockets).allow_ip_name_lookup(!self.names.is_empty());
        if sockets {
            let rules = self.clone();
            builder.socket_addr_check(move |address, purpose| {
                let allowed = rules.allows(address, purpose);
                Box::pin(async move { allowed })
            });
        }
    }

    fn allows(&self, address: SocketAddr, purpose: SocketAddrUse) -> bool {
        let among = |rules: &[Addresses]| rules.iter().any(|rule| rule.contain(address));
        match purpose {
            SocketAddrUse::TcpConnect | SocketAddrUse::UdpSend => among(&self.connect),
            SocketAddrUse::TcpListen => among(&self.bind),
            // Connecting binds a socket to any address and a free port first. That alone lets
            // nothing in: to listen, or to receive from strangers, takes more.
            SocketAddrUse::TcpBind | SocketAddrUse::UdpBind => {
                let implicit = address.ip().is_unspecified() && address.port() == 0;
                among(&self.bind) || implicit && !self.connect.is_empty()
            }
            // Listening was allowed where it began.
            SocketAddrUse::TcpAccept => !self.bind.is_empty(),
            SocketAddrUse::UdpReceive => !self.bind.is_empty() || among(&self.connect),
        }
    }

    /// What to look up for a guest that asks for `name`, if it may.
    pub(super) fn allowed(&self, name: &str) -> Option<Wanted> {
        let wanted = Wanted::parse(name)?;
        self.names.iter().any(|pattern| pattern.matches(&wanted)).then_some(wanted)
    }
}

/// Addresses with a common prefix, and ports.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    network: IpAddr,
    prefix: u32,
    ports: RangeInclusive<u16>,
}

impl Addresses {
    /// Reads `127.0.0.1`, `10.0.0.0/8`, `::1`, `fd00::/8`.
    pub(super) fn parse(text: &str, ports: RangeInclusive<u16>) -> Result<Self> {
        if ports.is_empty() {
            let problem = format_args!("{} to {} is empty", ports.start(), ports.end());
            return Err(Error::invalid("ports", problem));
        }
        let malformed = || {
            let problem = format_args!("`{text}` is no IP address or range such as 10.0.0.0/8");
            Error::invalid("addresses", problem)
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| malformed())?;
        let bits = if network.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| malformed())?
            }
            Some(_) => return Err(malformed()),
        };
        if prefix > bits {
            return Err(malformed());
        }
        let rule = Self { network, prefix, ports };
        if masked(network, prefix) != network {
            let meant = masked(network, prefix);
            let problem = format_args!("`{text}` has bits after its prefix; say {meant}/{prefix}");
            return Err(Error::invalid("addresses", problem));
        }
        Ok(rule)
    }

    fn contain(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.ports.contains(&address.port())
            && ip.is_ipv4() == self.network.is_ipv4()
            && masked(ip, self.prefix) == self.network
    }
}

/// The first `prefix` bits of `address`.
fn masked(address: IpAddr, prefix: u32) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

/// What guests look up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That is found as it is.
    Address(IpAddr),
    /// As resolvers know it: ASCII, in lower case, without a dot at its end.
    Name(String),
}

impl Wanted {
    /// `None` if it is neither an address nor a host name.
    fn parse(text: &str) -> Option<Self> {
        match text.parse::<IpAddr>() {
            Ok(address) => Some(Self::Address(address.to_canonical())),
            Err(_) => plain(text).map(Self::Name),
        }
    }
}

/// What a guest may look up.
#[derive(Clone, Debug)]
pub(super) enum NamePattern {
    /// `*`.
    All,
    /// `example.com`, `127.0.0.1` or `::1`.
    One(Wanted),
    /// `*.example.com`: all names that end so. It begins with its dot.
    Below(String),
}

impl NamePattern {
    pub(super) fn parse(text: &str) -> Result<Self> {
        if text == "*" {
            return Ok(Self::All);
        }
        let pattern = match text.strip_prefix("*.") {
            Some(rest) => plain(rest).map(|name| Self::Below(format!(".{name}"))),
            None => Wanted::parse(text).map(Self::One),
        };
        pattern.ok_or_else(|| {
            let problem =
                format_args!("`{text}` is no host name or address, nor `*` or `*.` and a name");
            Error::invalid("name", problem)
        })
    }

    fn matches(&self, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Self::All, _) => true,
            (Self::One(one), wanted) => one == wanted,
            (Self::Below(end), Wanted::Name(name)) => name.len() > end.len() && name.ends_with(end),
            (Self::Below(_), Wanted::Address(_)) => false,
        }
    }
}

/// `name` as resolvers know it, if it is a host name: nothing in it means something else to them.
/// Names in Unicode are written as IDNA says.
fn plain(name: &str) -> Option<String> {
    let name = idna::domain_to_ascii(name).ok()?;
    let name = name.strip_suffix('.').unwrap_or(&name);
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let label = |label: &str| !label.is_empty() && label.len() <= 63 && label.bytes().all(good);
    (name.len() <= 253 && name.split('.').all(label)).then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_what_they_should() {
        let contains = |range: &str, address: &str| {
            let rule = Addresses::parse(range, 80..=90).unwrap();
            rule.contain(address.parse().unwrap())
        };
        assert!(contains("127.0.0.1", "127.0.0.1:80"));
        assert!(contains("127.0.0.1/32", "127.0.0.1:90"));
        assert!(!contains("127.0.0.1", "127.0.0.1:91"));
        assert!(!contains("127.0.0.1", "127.0.0.2:80"));
        assert!(contains("10.0.0.0/8", "10.255.3.4:80"));
        assert!(!contains("10.0.0.0/8", "11.0.0.0:80"));
        assert!(contains("0.0.0.0/0", "8.8.8.8:80"));
        assert!(!contains("0.0.0.0/0", "[::1]:80"));
        assert!(contains("::1", "[::1]:80"));
        assert!(contains("fd00::/8", "[fdab::1]:80"));
        assert!(!contains("fd00::/8", "[fe80::1]:80"));
        assert!(contains("::/0", "[2001:db8::1]:80"));
        assert!(contains("127.0.0.1", "[::ffff:127.0.0.1]:80"));
        assert!(!contains("::/0", "[::ffff:127.0.0.1]:80"));
    }

    #[test]
    fn malformed_ranges_are_refused() {
        for text in ["", "localhost", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "::/129"] {
            let error = Addresses::parse(text, 0..=0).unwrap_err();
            assert!(error.message().contains("no IP address"), "{text}: {error}");
        }
        assert!(Addresses::parse("1.2.3.4/+8", 0..=0).is_err());
        let error = Addresses::parse("10.1.0.0/8", 0..=0).unwrap_err();
        assert!(error.message().contains("say 10.0.0.0/8"), "{error}");
        #[expect(clippy::reversed_empty_ranges, reason = "it is refused")]
        let error = Addresses::parse("10.0.0.0/8", 9..=8).unwrap_err();
        assert!(error.message().starts_with("`ports`"), "{error}");
    }

    fn matches(pattern: &str, name: &str) -> bool {
        let pattern = NamePattern::parse(pattern).unwrap();
        Wanted::parse(name).is_some_and(|wanted| pattern.matches(&wanted))
    }

    #[test]
    fn names_match_exactly_or_by_their_end() {
        assert!(matches("example.com", "Example.COM"));
        assert!(matches("example.com.", "example.com"));
        assert!(matches("example.com", "example.com."));
        assert!(!matches("example.com", "www.example.com"));
        assert!(matches("*.example.com", "a.b.example.com"));
        assert!(!matches("*.example.com", "example.com"));
        assert!(!matches("*.example.com", "evilexample.com"));
        assert!(
            matches("*.example.com", "_dmarc.r3---sn-ab.example.com"),
            "also what IDNA frowns at"
        );
        for name in ["evil.com%2f.example.com", "evil.com\0.example.com", "a b.example.com"] {
            assert!(!matches("*.example.com", name) && !matches("*", name), "{name}");
        }
        for text in ["", "*example.com", "a..b", "a b", "*.", "**", "*.*", "ex*mple.com", "[::1]"] {
            assert!(NamePattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_in_unicode_are_what_resolvers_know_them_as() {
        assert!(matches("bücher.example", "xn--bcher-kva.example"));
        assert!(matches("xn--bcher-kva.example", "BÜCHER.example"));
        assert!(matches("*.bücher.example", "www.xn--bcher-kva.example"));
        assert!(matches("例え.テスト", "xn--r8jz45g.xn--zckzah"));
        assert!(!matches("example.com", "ex\u{430}mple.com"), "a Cyrillic letter");
        // Wide letters are other ways to write the plain ones, which are then looked up.
        assert_eq!(Wanted::parse("ｅxample。com"), Some(Wanted::Name("example.com".into())));
        assert!(Wanted::parse("xn--a").is_none(), "no text gives that");
    }

    #[test]
    fn addresses_are_looked_up_as_themselves() {
        assert!(matches("127.0.0.1", "127.0.0.1") && matches("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(matches("::1", "::1") && matches("::1", "0:0:0:0:0:0:0:1"));
        assert!(!matches("::1", "::2") && !matches("*.1", "127.0.0.1"));
        for name in ["::1", "10.1.2.3", "example.com", "localhost"] {
            assert!(matches("*", name), "{name}");
        }
    }
}
