//! How a canonical record is made of a registry's tables. Declared, without expressions.
//!
//! ```toml
//! [records."lienthong.population.v1.Citizen"]
//! from = "cong_dan"
//! keys = [
//!     { from = "so_dinh_danh", field = "personal_id", digits = 12 },
//!     { from = "so_cmnd", field = "old_id9", digits = 9 },
//! ]
//!
//! [records."lienthong.population.v1.Citizen".fields]
//! full_name = { from = "ho_ten" }
//! sex = { from = "gioi_tinh", codes = { 1 = "SEX_MALE", 2 = "SEX_FEMALE" } }
//! "ethnicity.code" = { from = "dan_toc" }
//! "ethnicity.list" = { constant = "ethnicity" }
//!
//! [records."lienthong.population.v1.Citizen".parts]
//! father = { shape = "person", prefix = "cha_" }
//!
//! [records."lienthong.population.v1.Citizen".lists.other_names]
//! from = "ten_goi_khac"
//! key = "so_dinh_danh"
//! order = "thu_tu"
//! value = { from = "ten" }
//!
//! [shapes.person]
//! full_name = { from = "ho_ten" }
//! personal_id = { from = "so_dinh_danh" }
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::text::encoding::Encoding;

/// How one canonical record is made.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSettings {
    /// The table or view that holds one row a subject; in an answer the path to the record, or to
    /// the list of what was found.
    pub from: Spanned<String>,
    /// Texts of the answer that are themselves JSON or XML: read in place, in this order, before
    /// anything else is.
    #[serde(default)]
    pub unpack: Vec<UnpackSettings>,
    /// The identifiers a subject can be asked by. The first one that fits the form of the key is used.
    pub keys: Spanned<Vec<KeySettings>>,
    /// Path of the canonical field → where its value comes from.
    #[serde(default)]
    pub fields: Fields,
    /// Path of a nested message → the shape that its fields have.
    #[serde(default)]
    pub parts: Parts,
    /// Repeated canonical field → the rows it is made of.
    #[serde(default)]
    pub lists: Lists,
}

/// Path of a canonical field, such as `head_office.province.code` → where its value comes from.
pub type Fields = BTreeMap<Spanned<String>, Spanned<FieldSettings>>;

/// Name → fields of a message that occurs more than once, such as an address.
pub type Shapes = BTreeMap<Spanned<String>, Fields>;

/// Path of a nested message → the shape that its fields have.
pub type Parts = BTreeMap<Spanned<String>, PartSettings>;

/// Repeated canonical field → the rows it is made of.
pub type Lists = BTreeMap<Spanned<String>, ListSettings>;

/// A text of the answer that is itself an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnpackSettings {
    /// Path of the text.
    pub at: Spanned<String>,
    /// What it is.
    #[serde(rename = "as")]
    pub form: TextForm,
}

/// What a text can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextForm {
    /// JSON, RFC 8259.
    Json,
    /// XML 1.0 without a DTD.
    Xml,
}

/// An identifier a subject can be asked by.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The column that holds it.
    pub from: Spanned<String>,
    /// The canonical field in which the record that comes back must carry it.
    pub field: Spanned<String>,
    /// Exact number of digits, when the identifier is made of digits alone.
    pub digits: Option<usize>,
}

/// A nested message whose fields are those of a shape.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartSettings {
    /// Name of the shape.
    pub shape: Spanned<String>,
    /// What stands before the shape's column names.
    #[serde(default)]
    pub prefix: String,
}

/// Where the value of one canonical field comes from: one of `from`, `first_of`, `join`, `constant`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSettings {
    /// The column, or the path in the answer: from the record or the item, with `/` before it from the answer's root.
    pub from: Option<Spanned<String>>,
    /// The first of these that says anything.
    pub first_of: Option<Spanned<Vec<Spanned<String>>>>,
    /// All of these that say anything, with a blank between them: a name in its parts.
    pub join: Option<Spanned<Vec<Spanned<String>>>>,
    /// The same value in every record: text, or the name of an enum's value.
    pub constant: Option<Spanned<String>>,
    /// What is taken, in the registry's words, where it says nothing. For an enum only what becomes a
    /// value that claims nothing.
    pub default: Option<Spanned<String>>,
    /// Whether a record without it is no record: then the answer is that it can't be read.
    #[serde(default)]
    pub required: bool,
    /// Whether the value only goes with others: alone it doesn't make its message present, as the
    /// edition of a code does without the code. A constant is always so.
    #[serde(default)]
    pub companion: bool,
    /// How the value is read. Without it: as the canonical field's type and match rule suggest.
    #[serde(rename = "as")]
    pub conversion: Option<Spanned<Conversion>>,
    /// How the text is written. Without it: as `encoding` of the file says.
    pub encoding: Option<Spanned<Encoding>>,
    /// For an enum: the registry's word → name of the enum's value.
    pub codes: Option<Spanned<BTreeMap<Spanned<String>, Spanned<String>>>>,
    /// For an enum, a coded value, or a code in a text: a table of `config/codes`.
    pub table: Option<Spanned<String>>,
    /// Where the day stands on which a code of the table was recorded. Without it: the record's own
    /// moment.
    pub on: Option<Spanned<String>>,
    /// Where the name of the table's edition stands by which a code was recorded.
    pub edition: Option<Spanned<String>>,
    /// For an enum: what a word outside `codes` or `table` becomes. Only a value that claims to know
    /// nothing.
    pub unknown: Option<Spanned<String>>,
}

/// The rows that a repeated field is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSettings {
    /// The table or view that holds one row an item.
    pub from: Spanned<String>,
    /// Rows only: the column that names the subject.
    pub key: Option<Spanned<String>>,
    /// The column of the record's own row that `key` must equal. Without it: that of the first key.
    pub equals: Option<Spanned<String>>,
    /// Only rows whose columns have these values.
    #[serde(default)]
    pub only: BTreeMap<Spanned<String>, Spanned<String>>,
    /// Only rows whose columns hold nothing.
    #[serde(default)]
    pub absent: Vec<Spanned<String>>,
    /// What orders the items. Needed of rows; items of an answer else keep their order.
    pub order: Option<Spanned<String>>,
    /// Whether the largest comes first.
    #[serde(default)]
    pub descending: bool,
    /// For messages: the shape that the item's own fields have.
    pub shape: Option<Spanned<String>>,
    /// For messages: path in the item → where its value comes from.
    #[serde(default)]
    pub fields: Fields,
    /// For messages: path of a message in the item → the shape that its fields have.
    #[serde(default)]
    pub parts: Parts,
    /// For plain values: where the item comes from.
    pub value: Option<Spanned<FieldSettings>>,
}

/// The ways to read a registry's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conversion {
    /// Text in NFC, no blank at either end, otherwise as recorded.
    Text,
    /// A person's name: as text, runs of blanks made one space. Tone marks stay where they are.
    Name,
    /// A person's name in its one spelling: as name, tone marks in the old place, look-alike letters
    /// put right.
    NormalName,
    /// A date in any form that `text::date` reads. What is partial stays partial.
    Date,
    /// A moment. Without an offset it is Viet Nam's.
    Instant,
    /// A whole number.
    Integer,
    /// 0 or 1, `true` or `false`, `có` or `không`.
    Boolean,
    /// For an enum: a word, by `codes` or `table`. For a text: a code as its table writes it, with
    /// the zeros that a number lost.
    Code,
    /// A code with its table, edition and label; for a text the label alone, if the table has one.
    Label,
    /// The edition of the table by which the code was recorded.
    Edition,
    /// The code that on the record's own day stands for what was recorded: itself while it is valid, else
    /// the one that took its place. Where several did, or nobody says what was meant: as recorded.
    CurrentCode,
    /// The code of a name, old names included.
    CodeOfName,
    /// An agency's code in its newer form.
    AgencyCode,
    /// A procedure's code without a local end.
    ProcedureCode,
    /// Digits alone: blanks, dots and hyphens are taken out, nothing is put in.
    Digits,
    /// A 12-digit personal id or a 9-digit card number, digits alone.
    PersonalId,
    /// A tax or enterprise code, a unit's with its hyphen.
    TaxCode,
    /// Bytes as they are; of a text, what it holds in base64.
    Bytes,
}

impl Conversion {
    /// The word in a registry's file.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Name => "name",
            Self::NormalName => "normal_name",
            Self::Date => "date",
            Self::Instant => "instant",
            Self::Integer => "integer",
            Self::Boolean => "boolean",
            Self::Code => "code",
            Self::Label => "label",
            Self::Edition => "edition",
            Self::CurrentCode => "current_code",
            Self::CodeOfName => "code_of_name",
            Self::AgencyCode => "agency_code",
            Self::ProcedureCode => "procedure_code",
            Self::Digits => "digits",
            Self::PersonalId => "personal_id",
            Self::TaxCode => "tax_code",
            Self::Bytes => "bytes",
        }
    }
}
