//! Where a connection may lead: decided by the address that a name stands for at that moment, so that
//! a name that is turned elsewhere leads nowhere.

use std::net::{IpAddr, Ipv6Addr};

/// A network, such as `10.20.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads a network, or one address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse().ok()?, Some(bits)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
            None => most,
        };
        (bits <= most).then_some(Self { address, bits })
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let kept = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & kept == other.to_bits() & kept
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let kept = u128::MAX.checked_shl(128 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & kept == other.to_bits() & kept
            }
            _ => false,
        }
    }
}

/// Which addresses a server may have.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// Empty: any but those that no registry has.
    pub(crate) networks: Vec<Network>,
    /// Whether the file names this machine itself.
    pub(crate) loopback: bool,
}

impl Allowed {
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let address = unwrapped(address);
        if !self.networks.is_empty() {
            return self.networks.iter().any(|network| network.contains(address));
        }
        if address.is_loopback() {
            return self.loopback;
        }
        !(address.is_unspecified() || address.is_multicast() || is_special(address))
    }
}

/// An IPv4 address that is written as an IPv6 one is the IPv4 address.
fn unwrapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => {
            let nat64 = six.segments().starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]);
            let last = six.to_bits() & u128::from(u32::MAX);
            match (nat64, u32::try_from(last)) {
                (true, Ok(bits)) => IpAddr::V4(bits.into()),
                _ => six.to_canonical(),
            }
        }
        four => four,
    }
}

/// Link-local addresses, among them 169.254.169.254, and the other addresses of metadata services.
fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let [first, second, third, fourth] = four.octets();
            four.is_link_local()
                || four.is_broadcast()
                || first == 0
                || [first, second, third, fourth] == [100, 100, 100, 200]
                || [first, second, third, fourth] == [168, 63, 129, 16]
        }
        IpAddr::V6(six) => {
            six.is_unicast_link_local() || six == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(networks: &[&str], loopback: bool, address: &str) -> bool {
        let networks = networks
            .iter()
            .map(|text| Network::parse(text).expect("a network"))
            .collect();
        let address = address.parse().expect("an address");
        Allowed { networks, loopback }.allows(address)
    }

    #[test]
    fn no_registry_is_at_a_metadata_service_or_on_the_link() {
        for address in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "fe80::1",
            "fd00:ec2::254",
            "100.100.100.200",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "127.0.0.1",
            "::1",
            "::ffff:127.0.0.1",
        ] {
            assert!(!allows(&[], false, address), "{address}");
        }
        for address in ["10.0.0.1", "203.113.1.1", "2001:db8::1", "fd12::1"] {
            assert!(allows(&[], false, address), "{address}");
        }
        assert!(allows(&[], true, "127.0.0.1") && allows(&["169.254.0.0/16"], false, "169.254.169.254"));
    }

    #[test]
    fn with_networks_nothing_else_is_allowed() {
        assert!(allows(&["10.20.0.0/16"], true, "10.20.255.1"));
        for address in ["10.21.0.1", "127.0.0.1", "2001:db8::1"] {
            assert!(!allows(&["10.20.0.0/16"], true, address), "{address}");
        }
        assert!(allows(&["0.0.0.0/0"], false, "1.2.3.4"));
        for text in ["10.0.0.0/33", "10.0.0.0/+8", "10.0.0/8", "x", "10.0.0.0/"] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
