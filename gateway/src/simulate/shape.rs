//! The form in which a simulated registry writes its records.
//!
//! The population registry writes them as the national service does, `CongdanCollection/CongDan`. Every
//! other one, and each that speaks gRPC, writes its tables as they are: the columns of a row by their names,
//! the rows that belong to it under `ds_<table>`.

use super::Kind;
use super::cong_dan;
use super::rows::{Record, Row};
use super::tree::Tree;

/// The form of a registry's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    CongDan,
    Tables,
}

impl Shape {
    pub(super) fn of(kind: Kind, records: &[Record]) -> Self {
        let of_citizens = |record: &Record| record.name == cong_dan::RECORD && record.table == "cong_dan";
        match records {
            [record] if kind != Kind::Grpc && of_citizens(record) => Self::CongDan,
            _ => Self::Tables,
        }
    }

    /// The element or member that holds the answer, and what is in it: nothing, one or several.
    pub(super) fn answer(self, record: &Record, found: Vec<Row>, id: &str) -> (String, Tree) {
        match self {
            Self::CongDan => ("CongdanCollection".to_owned(), cong_dan::collection(&found, id)),
            Self::Tables => {
                let mut items: Vec<_> = found.into_iter().map(Tree::Named).collect();
                let content = match items.pop() {
                    None => Tree::Nothing,
                    Some(only) if items.is_empty() => only,
                    Some(last) => {
                        items.push(last);
                        Tree::Several(items)
                    }
                };
                (record.table.clone(), content)
            }
        }
    }

    /// The name by which a question names an identifier.
    pub(super) fn key_name(self, column: &str) -> &str {
        match (self, column) {
            (Self::CongDan, "so_dinh_danh") => "SoDinhDanh",
            (Self::CongDan, "so_cmnd") => "SoCMND",
            _ => column,
        }
    }
}
