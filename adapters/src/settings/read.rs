//! The reading of a registry's file: what stands in `[connection]` and `[[routes]]` depends on `kind`.
//!
//! Written out, because what serde derives for that loses the places of mistakes.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use toml::Spanned;

use super::{Kind, RegistrySettings, Route, Routes};

const KEYS: &[&str] = &[
    "title_vi",
    "title_en",
    "kind",
    "connection",
    "routes",
    "encoding",
    "cache",
    "protection",
    "shapes",
    "records",
];

/// Name of the route that `[connection]` is.
const DIRECT: &str = "direct";

/// The keys of the file, in the order of [`KEYS`].
#[derive(Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    TitleVi,
    TitleEn,
    Kind,
    Connection,
    Routes,
    Encoding,
    Cache,
    Protection,
    Shapes,
    Records,
}

impl<'de> Deserialize<'de> for RegistrySettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("RegistrySettings", KEYS, File)
    }
}

struct File;

impl<'de> Visitor<'de> for File {
    type Value = RegistrySettings;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings of a registry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut file: A) -> Result<RegistrySettings, A::Error> {
        let (mut title_vi, mut title_en, mut kind, mut routes) = (None, None, None::<Spanned<Kind>>, None);
        let (mut encoding, mut cache, mut protection) = (None, None, None);
        let (mut shapes, mut records) = (None, None);
        let mut early = false;
        while let Some(key) = file.next_key::<Key>()? {
            match key {
                Key::TitleVi => title_vi = Some(file.next_value()?),
                Key::TitleEn => title_en = Some(file.next_value()?),
                Key::Kind => kind = Some(file.next_value()?),
                Key::Encoding => encoding = Some(file.next_value()?),
                Key::Cache => cache = Some(file.next_value()?),
                Key::Protection => protection = Some(file.next_value()?),
                Key::Shapes => shapes = Some(file.next_value()?),
                Key::Records => records = Some(file.next_value()?),
                Key::Connection | Key::Routes if routes.is_some() || early => {
                    file.next_value::<TooMuch>()?;
                }
                key @ (Key::Connection | Key::Routes) => match &kind {
                    Some(kind) => {
                        routes = Some(Routes::read(*kind.get_ref(), key == Key::Routes, &mut file)?)
                    }
                    None => {
                        file.next_value::<IgnoredAny>()?;
                        early = true;
                    }
                },
            }
        }
        let kind = kind.ok_or_else(|| Error::missing_field("kind"))?;
        let routes = match routes {
            Some(routes) => routes,
            None if early => return Err(Error::custom("wanted kind before connection and routes")),
            None => return Err(Error::missing_field("connection")),
        };
        Ok(RegistrySettings {
            title_vi: title_vi.ok_or_else(|| Error::missing_field("title_vi"))?,
            title_en: title_en.ok_or_else(|| Error::missing_field("title_en"))?,
            kind,
            routes,
            encoding: encoding.unwrap_or_default(),
            cache: cache.unwrap_or_default(),
            protection: protection.unwrap_or_default(),
            shapes: shapes.unwrap_or_default(),
            records: records.ok_or_else(|| Error::missing_field("records"))?,
        })
    }
}

impl Routes {
    /// Reads the value of `connection`, or of `routes`, as its kind wants it.
    fn read<'de, A: MapAccess<'de>>(kind: Kind, several: bool, file: &mut A) -> Result<Self, A::Error> {
        match kind {
            #[cfg(feature = "embedded")]
            Kind::Embedded => routes(several, file).map(Self::Embedded),
            #[cfg(feature = "grpc")]
            Kind::Grpc => routes(several, file).map(Self::Grpc),
            #[cfg(feature = "rest")]
            Kind::Rest => routes(several, file).map(Self::Rest),
            #[cfg(feature = "soap")]
            Kind::Soap => routes(several, file).map(Self::Soap),
            #[cfg(feature = "postgres")]
            Kind::Postgres => routes(several, file).map(Self::Postgres),
        }
    }
}

fn routes<'de, A: MapAccess<'de>, C: Deserialize<'de>>(
    several: bool,
    file: &mut A,
) -> Result<Vec<Route<C>>, A::Error> {
    if several {
        return file.next_value::<AtLeastOne<C>>().map(|routes| routes.0);
    }
    let connection = file.next_value()?;
    let name = Spanned::new(0..0, DIRECT.to_owned());
    Ok(vec![Route { name, connection }])
}

struct AtLeastOne<C>(Vec<Route<C>>);

impl<'de, C: Deserialize<'de>> Deserialize<'de> for AtLeastOne<C> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let routes = Vec::deserialize(deserializer)?;
        if routes.is_empty() {
            return Err(Error::custom("found no route, wanted at least one"));
        }
        Ok(Self(routes))
    }
}

/// Can't be read, so that the mistake stands at the value that is too much.
struct TooMuch;

impl<'de> Deserialize<'de> for TooMuch {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(Error::custom("wanted either connection or routes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<RegistrySettings, (String, String)> {
        let text = format!("title_vi = \"x\"\ntitle_en = \"x\"\n{lines}\n[records]\n");
        toml::from_str(&text).map_err(|error| {
            let place = error.span().and_then(|span| text.get(span)).unwrap_or("");
            (place.to_owned(), error.message().to_owned())
        })
    }

    #[test]
    fn a_connection_alone_is_the_route_direct() {
        let settings = read("kind = \"embedded\"\nconnection = { file = \"x.db\" }").expect("it is right");
        let names: Vec<_> = settings
            .routes
            .names()
            .into_iter()
            .map(|name| name.get_ref().as_str())
            .collect();
        assert_eq!(names, ["direct"]);
    }

    #[test]
    fn routes_stand_in_their_order() {
        let settings = read(
            "kind = \"embedded\"\n[[routes]]\nname = \"ndop\"\nconnection = { file = \"a\" }\n[[routes]]\nname = \"lgsp\"\nconnection = { file = \"b\" }",
        )
        .expect("it is right");
        let names: Vec<_> = settings
            .routes
            .names()
            .into_iter()
            .map(|name| name.get_ref().as_str())
            .collect();
        assert_eq!(names, ["ndop", "lgsp"]);
        let files: Vec<_> = settings
            .files()
            .into_iter()
            .map(|file| file.get_ref().as_str())
            .collect();
        assert_eq!(files, ["a", "b"]);
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (lines, place, said) in [
            (
                "kind = \"embedded\"\nconnection = { fil = \"x\" }",
                "fil",
                "unknown field `fil`",
            ),
            (
                "kind = \"embeded\"\nconnection = { file = \"x\" }",
                "\"embeded\"",
                "unknown variant",
            ),
            ("connection = { file = \"x\" }", "", "missing field `kind`"),
            (
                "connection = { file = \"x\" }\nkind = \"embedded\"",
                "",
                "wanted kind before connection",
            ),
            ("kind = \"embedded\"", "", "missing field `connection`"),
            ("kind = \"embedded\"\nroutes = []", "[]", "found no route"),
            (
                "kind = \"embedded\"\nconnection = { file = \"x\" }\nroutes = [7]",
                "[7]",
                "either connection or routes",
            ),
            (
                "kind = \"embedded\"\nroutes = [{ name = \"a\", connection = { file = 7 } }]",
                "7",
                "invalid type",
            ),
            ("kinds = 1", "kinds", "unknown field `kinds`"),
        ] {
            let (at, message) = read(lines).expect_err(lines);
            assert!(message.contains(said), "{lines}: {message}");
            assert!(place.is_empty() || at == place, "{lines}: {at}");
        }
    }
}
