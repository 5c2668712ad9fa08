//! An address that an operator configured.

use http::Uri;

/// Where a list is published.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// Whether the server is asked over TLS.
    pub is_tls: bool,
    /// The server: a name or an IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

impl Address {
    /// An `http://` or `https://` address without user name and fragment; or what was wanted.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const WANTED: &str = "an address such as \"http://crl.example.gov.vn/ca.crl\"";
        let uri: Uri = text.parse().map_err(|_| WANTED)?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(WANTED),
        };
        let authority = uri.authority().ok_or(WANTED)?;
        let host = authority.host();
        if authority.as_str().contains('@') || host.is_empty() {
            return Err("an address without a user name");
        }
        if text.contains('#') {
            return Err("an address without a fragment");
        }
        let usual = if is_tls { 443 } else { 80 };
        Ok(Self {
            is_tls,
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: authority.port_u16().unwrap_or(usual),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// The address of what lies under this one.
    #[must_use]
    pub fn under(mut self, name: &str) -> Self {
        self.path = format!("{}/{name}", self.path.trim_end_matches('/'));
        self
    }

    /// The value of the `Host` header.
    pub(super) fn host_header(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match (self.is_tls, self.port) {
            (false, 80) | (true, 443) => host,
            _ => format!("{host}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_and_others_are_refused() {
        let address = Address::parse("https://[::1]:8443/a/b.crl?c=d").unwrap();
        assert_eq!(
            (
                address.is_tls,
                address.host.as_str(),
                address.port,
                address.path.as_str()
            ),
            (true, "::1", 8443, "/a/b.crl?c=d")
        );
        assert_eq!(address.host_header(), "[::1]:8443");
        let usual = Address::parse("http://crl.example.gov.vn/ca.crl").unwrap();
        assert_eq!(
            (usual.port, usual.host_header().as_str()),
            (80, "crl.example.gov.vn")
        );
        for text in [
            "",
            "ldap://a/b",
            "file:///etc/passwd",
            "/ca.crl",
            "ca.crl",
            "http://user@host/ca.crl",
            "http://host/ca.crl#x",
            "http:///ca.crl",
            "http://host/a b",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }
}
