//! Which addresses may be loaded. Checked after name resolution, at connect time, so that no name can lead astray.

use std::net::{IpAddr, Ipv6Addr};

/// What metadata services are called where names lead to them.
const METADATA_NAMES: [&str; 3] = ["metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"];

/// Why an address may not be loaded; `None` when it may.
///
/// Loopback and private addresses are free. Link-local ones, where cloud metadata services live, never are. Any other
/// address needs its host (or the address itself) in `allow`.
pub fn refusal(host: &str, address: IpAddr, allow: &[String]) -> Option<String> {
    let address = reached_by(address);
    if is_link_local(address) {
        return Some(format!("{address} is a link-local address; Kilobar never loads those"));
    }
    if address.is_multicast() || address == IpAddr::from([255, 255, 255, 255]) {
        return Some(format!("{address} is a multicast or broadcast address"));
    }
    let free = is_own_or_private(address)
        || allow.iter().any(|allowed| {
            allowed.eq_ignore_ascii_case(host)
                || allowed.parse::<IpAddr>().is_ok_and(|allowed| reached_by(allowed) == address)
        });
    (!free).then(|| {
        format!("{address} is a public address; load it only with the owner's consent: --allow {host}")
    })
}

/// Why a proxy may not be asked for this host; `None` when it may.
///
/// Names are resolved by the proxy, so that their addresses are not known here. Addresses are judged as ever, loopback
/// names are free, any other name has to be in `allow`. Names of cloud metadata services never are.
pub fn refusal_through_proxy(host: &str, allow: &[String]) -> Option<String> {
    if let Ok(address) = host.parse() {
        return refusal(host, address, allow);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    if METADATA_NAMES.contains(&name.as_str()) {
        return Some(format!("{host} is a cloud metadata service; Kilobar never loads those"));
    }
    let free = name == "localhost"
        || name.ends_with(".localhost")
        || allow.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    (!free).then(|| {
        format!(
            "the proxy finds the address of {host}, so Kilobar cannot see whether it is a public one; load it only \
             with the owner's consent: --allow {host}"
        )
    })
}

/// The address that packets to `address` reach: an IPv6 address may carry that of an IPv4 host.
fn reached_by(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        // NAT64, RFC 6052: the gateway passes on to the IPv4 address in the last four bytes.
        IpAddr::V6(address) if address.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = address.octets();
            IpAddr::from([a, b, c, d])
        }
        address => address,
    }
}

fn is_link_local(address: IpAddr) -> bool {
    /// The metadata addresses of AWS and Google Cloud over IPv6, which lie in the private range.
    const METADATA: [Ipv6Addr; 2] = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    ];
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local() || METADATA.contains(&address),
    }
}

fn is_own_or_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_private() || address.is_unspecified(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(host: &str, address: &str, allow: &[&str]) -> bool {
        let allow: Vec<String> = allow.iter().map(|&host| host.to_owned()).collect();
        refusal(host, address.parse().unwrap(), &allow).is_none()
    }

    #[test]
    fn own_and_private_addresses_are_free() {
        for address in
            ["127.0.0.1", "127.8.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.7.7", "fd12::1", "0.0.0.0"]
        {
            assert!(allowed("x", address, &[]), "{address}");
        }
    }

    #[test]
    fn public_addresses_need_consent_by_host_or_by_address() {
        assert!(!allowed("example.com", "93.184.216.34", &[]));
        assert!(!allowed("example.com", "93.184.216.34", &["other.com"]));
        assert!(allowed("example.com", "93.184.216.34", &["Example.com"]));
        assert!(allowed("example.com", "93.184.216.34", &["93.184.216.34"]));
        assert!(!allowed("example.com", "2606:2800::1", &[]));
        assert!(!allowed("x", "172.32.0.1", &[]));
    }

    #[test]
    fn metadata_and_multicast_addresses_are_refused_even_with_consent() {
        for address in [
            "169.254.169.254",
            "fe80::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "64:ff9b::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::255.255.255.255",
            "::ffff:169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!allowed("meta", address, &["meta", address]), "{address}");
        }
    }

    #[test]
    fn a_proxy_is_asked_for_loopback_names_allowed_names_and_free_addresses() {
        let allow = ["Shop.example".to_owned(), "metadata.google.internal".to_owned()];
        for host in ["localhost", "app.LOCALHOST", "shop.example", "10.0.0.1", "::1"] {
            assert_eq!(refusal_through_proxy(host, &allow), None, "{host}");
        }
        for host in
            ["other.example", "notlocalhost", "8.8.8.8", "169.254.169.254", "metadata.google.internal."]
        {
            assert!(refusal_through_proxy(host, &allow).is_some(), "{host}");
        }
    }

    #[test]
    fn an_address_behind_nat64_is_judged_as_the_ipv4_address_it_leads_to() {
        assert!(allowed("x", "64:ff9b::10.1.2.3", &[]));
        assert!(!allowed("x", "64:ff9b::93.184.216.34", &[]));
        for allow in ["93.184.216.34", "64:ff9b::93.184.216.34", "::ffff:93.184.216.34"] {
            assert!(allowed("x", "64:ff9b::93.184.216.34", &[allow]), "{allow}");
        }
        assert!(!allowed("x", "64:ff9b::1:0:10.1.2.3", &[]), "only the /96 is translated so");
    }
}
