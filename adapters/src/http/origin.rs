//! The one host and port that questions go to.

use std::net::IpAddr;

use ::http::Uri;
use ::http::uri::Scheme;

use super::Server;
use super::address::{Allowed, Network};
use crate::check::Problem;

/// Scheme, host, port, and what stands before every path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) tls: bool,
    /// Without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Empty, or `/` and a name, without a `/` at the end.
    prefix: String,
    authority: String,
}

impl Origin {
    /// Reads `https://host:port/before/all`.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        let wanted = "wanted \"https://host:port\", with a path if there is one and nothing else";
        let uri: Uri = url.parse().map_err(|_| wanted)?;
        let tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(wanted),
        };
        let authority = uri.authority().ok_or(wanted)?;
        let odd = |text: &str| text.contains("..") || text.contains("//") || text.contains('\\');
        if authority.as_str().contains('@') || uri.query().is_some() || url.contains('#') || odd(uri.path()) {
            return Err(wanted);
        }
        // A port that is none would else become the usual one.
        if authority.port_u16().is_none() && authority.as_str() != authority.host() {
            return Err(wanted);
        }
        let host = authority.host().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(wanted);
        }
        Ok(Self {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authority: authority.as_str().to_owned(),
        })
    }

    /// The address of a path of this origin, which begins with `/`.
    pub(crate) fn uri(&self, path: &str) -> Option<Uri> {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{}{path}", self.authority, self.prefix)
            .parse()
            .ok()
    }

    fn names_this_machine(&self) -> bool {
        let address = self.host.parse::<IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The addresses that it may have.
    pub(crate) fn allowed(&self, server: &Server) -> Allowed {
        Allowed {
            networks: server
                .addresses
                .iter()
                .filter_map(|text| Network::parse(text.get_ref()))
                .collect(),
            loopback: self.names_this_machine(),
        }
    }
}

/// What is wrong with a server's settings. `default_ca`: whether authorities come from elsewhere.
pub(crate) fn check_server(server: &Server, default_ca: bool, problems: &mut Vec<Problem>) {
    match Origin::parse(server.url.get_ref()) {
        Err(wanted) => problems.push(Problem::at(server.url.span(), format!("found no address, {wanted}"))),
        Ok(origin) if !origin.tls && !server.plaintext => problems.push(Problem::at(
            server.url.span(),
            "found http://, wanted https://, or plaintext = true where nothing has to protect the exchange",
        )),
        Ok(origin) if origin.tls && server.ca.is_none() && !default_ca => problems.push(Problem::at(
            server.url.span(),
            "found https:// and no ca, wanted the file of the authorities that the server's certificate may come from",
        )),
        Ok(_) => {}
    }
    match (&server.certificate, &server.key) {
        (Some(one), None) | (None, Some(one)) => {
            problems.push(Problem::at(
                one.span(),
                "found one of certificate and key, wanted both or none",
            ));
        }
        _ => {}
    }
    for network in &server.addresses {
        if Network::parse(network.get_ref()).is_none() {
            problems.push(Problem::at(
                network.span(),
                format!(
                    "found {:?}, wanted a network such as \"10.20.0.0/16\"",
                    network.get_ref()
                ),
            ));
        }
    }
    if let Some(health) = &server.health {
        let path = health.get_ref();
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
        if !path.starts_with('/') || !plain {
            problems.push(Problem::at(
                health.span(),
                format!("found {path:?}, wanted a path such as \"/health\""),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_host_and_port_and_a_path_before_all() {
        let origin = Origin::parse("https://lgsp.example.vn:8443/dan-cu/").expect("it is one");
        assert_eq!((origin.host.as_str(), origin.port), ("lgsp.example.vn", 8443));
        let uri = origin.uri("/x?y=1").expect("an address");
        assert_eq!(uri, "https://lgsp.example.vn:8443/dan-cu/x?y=1");
        assert_eq!(Origin::parse("https://[::1]").expect("one").host, "::1");
    }

    #[test]
    fn what_could_lead_elsewhere_is_none() {
        for url in [
            "lgsp.example.vn",
            "ftp://x",
            "https://user@x",
            "https://x/a?b",
            "https://x#y",
            "https://x/../y",
            "https://",
            "https://x:99999",
            "https://x:port",
            "https://x y",
        ] {
            assert!(Origin::parse(url).is_err(), "{url}");
        }
    }
}
