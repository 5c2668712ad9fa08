//! From a record's settings to its plan, with every problem on the way.

use std::sync::Arc;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use toml::Spanned;

use super::draft::Draft;
use super::key::Key;
use super::leaf;
use super::nearest::suggestion;
use super::person::Person;
use super::plan::{Column, FieldPlan, List, Made, Plan, Unpack};
use super::taken::{Columns, Taken};
use crate::check::Problem;
use crate::codes::CodeTables;
use crate::settings::{FieldSettings, Fields, ListSettings, Parts, RecordSettings, Shapes};
use crate::text::encoding::Encoding;
use crate::tree::Path;

/// The plan by which `settings` make the record `message`. `None` when a problem was told.
pub(crate) fn compile(
    settings: &RecordSettings,
    context: &Context<'_>,
    message: &MessageDescriptor,
    problems: &mut Vec<Problem>,
) -> Option<Plan> {
    let before = problems.len();
    let mut compiler = Compiler { context, problems };
    if !context.form.maps() {
        compiler.nothing_to_map(settings);
    }

    let mut row = Draft::new(message, "");
    compiler.fields(&mut row, "", &settings.fields);
    compiler.parts(&mut row, &settings.parts);
    let (keys, key_columns) = compiler.keys(settings, message, &row);
    let lists = settings
        .lists
        .iter()
        .filter_map(|(name, list)| compiler.list(name, list, settings, message, &mut row))
        .collect();
    let as_of = message
        .get_field_by_name("as_of")
        .map_or_else(Vec::new, |field| row.columns_of(field.number()));
    let table = compiler.plain(&settings.from);
    let unpack = compiler.unpack(settings, table.path.as_ref());

    (problems.len() == before).then_some(Plan {
        table,
        columns: row.columns,
        keys,
        key_columns,
        lists,
        as_of,
        person: Person::of(message),
        unpack,
        message: row.plan,
    })
}

/// What a registry's file and tree say beside the record itself.
pub(crate) struct Context<'a> {
    pub(crate) shapes: &'a Shapes,
    pub(crate) codes: &'a CodeTables,
    pub(crate) encoding: Encoding,
    pub(crate) form: Form,
}

/// What a registry's answer is before it is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Rows with columns, lists in tables of their own.
    Rows,
    /// A tree of values; what stands in `from` is a path.
    Tree,
    /// The canonical record itself.
    #[cfg(feature = "grpc")]
    Whole,
}

impl Form {
    /// Whether a record is made field by field.
    fn maps(self) -> bool {
        match self {
            Self::Rows | Self::Tree => true,
            #[cfg(feature = "grpc")]
            Self::Whole => false,
        }
    }
}

struct Compiler<'a> {
    context: &'a Context<'a>,
    problems: &'a mut Vec<Problem>,
}

impl Compiler<'_> {
    /// Puts entries whose paths start below `under`, and whose columns are named as written.
    fn fields(&mut self, draft: &mut Draft, under: &str, fields: &Fields) {
        self.prefixed(draft, under, "", fields);
    }

    /// Of a record that is taken as it is, nothing is made.
    fn nothing_to_map(&mut self, settings: &RecordSettings) {
        let made = settings
            .fields
            .keys()
            .chain(settings.parts.keys())
            .chain(settings.lists.keys());
        for name in made {
            self.tell(
                name,
                "the record is taken as it is, wanted no mapping of it".to_owned(),
            );
        }
        if settings.from.get_ref() != "." {
            self.tell(
                &settings.from,
                "the record is taken as it is, wanted from = \".\"".to_owned(),
            );
        }
    }

    fn parts(&mut self, draft: &mut Draft, parts: &Parts) {
        for (path, part) in parts {
            self.shape(draft, &format!("{}.", path.get_ref()), &part.prefix, &part.shape);
        }
    }

    fn shape(&mut self, draft: &mut Draft, under: &str, prefix: &str, name: &Spanned<String>) {
        match self.context.shapes.get(name.get_ref().as_str()) {
            Some(fields) => self.prefixed(draft, under, prefix, fields),
            None => {
                let near = suggestion(
                    name.get_ref(),
                    self.context.shapes.keys().map(|name| name.get_ref().as_str()),
                );
                self.tell(name, format!("there is no shape {:?}{near}", name.get_ref()));
            }
        }
    }

    fn prefixed(&mut self, draft: &mut Draft, under: &str, prefix: &str, fields: &Fields) {
        for (path, entry) in fields {
            let full = format!("{under}{}", path.get_ref());
            let Some(field) = self.find(&draft.message, path, &full) else {
                continue;
            };
            if field.is_list() {
                self.tell(path, format!("{full} is repeated, wanted an entry in lists"));
                continue;
            }
            let Some((made, companion)) = self.leaf(draft, &field, prefix, entry) else {
                continue;
            };
            if !draft.put(&full, made, companion) {
                self.tell(path, format!("{full} is already made by another entry"));
            }
        }
    }

    /// The field at the end of a path, through messages that occur once.
    fn find(
        &mut self,
        message: &MessageDescriptor,
        name: &Spanned<String>,
        path: &str,
    ) -> Option<FieldDescriptor> {
        let mut message = message.clone();
        let mut steps = path.split('.').peekable();
        while let Some(step) = steps.next() {
            let Some(field) = message.get_field_by_name(step) else {
                let valid: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
                let near = suggestion(step, valid.iter().map(String::as_str));
                self.tell(
                    name,
                    format!("found {step:?}, wanted a field of {}{near}", message.full_name()),
                );
                return None;
            };
            if steps.peek().is_none() {
                return Some(field);
            }
            match field.kind() {
                Kind::Message(inner) if !field.is_list() && !leaf::is_value(&field) => message = inner,
                _ => {
                    self.tell(
                        name,
                        format!("{step} in {path} has no fields that can be made one by one"),
                    );
                    return None;
                }
            }
        }
        None
    }

    fn leaf(
        &mut self,
        draft: &mut Draft,
        field: &FieldDescriptor,
        prefix: &str,
        entry: &Spanned<FieldSettings>,
    ) -> Option<(Made, bool)> {
        let settings = entry.get_ref();
        if !leaf::is_value(field) && !leaf::is_coded(field, settings) {
            self.tell(
                entry,
                format!("{} is a message, wanted entries for its fields", field.name()),
            );
            return None;
        }
        let mut columns = |paths: &[Spanned<String>]| -> Vec<usize> {
            paths
                .iter()
                .map(|from| self.column(draft, prefix, from))
                .collect()
        };
        let columns = match (
            &settings.from,
            &settings.first_of,
            &settings.join,
            &settings.constant,
        ) {
            (Some(from), None, None, None) => Columns::One(self.column(draft, prefix, from)),
            (None, Some(paths), None, None) if !paths.get_ref().is_empty() => {
                Columns::FirstOf(columns(paths.get_ref()))
            }
            (None, None, Some(paths), None) if !paths.get_ref().is_empty() => {
                Columns::Join(columns(paths.get_ref()))
            }
            (None, None, None, Some(constant)) => {
                return Some((leaf::of_constant(field, constant, self.problems)?, true));
            }
            _ => {
                self.tell(
                    entry,
                    format!(
                        "{} wants either from or constant, or else first_of or join",
                        field.name()
                    ),
                );
                return None;
            }
        };
        let taken = Taken {
            columns,
            encoding: settings
                .encoding
                .as_ref()
                .map_or(self.context.encoding, |encoding| *encoding.get_ref()),
            default: settings
                .default
                .as_ref()
                .map(|text| text.get_ref().as_str().into()),
            required: settings.required,
            on: settings.on.as_ref().map(|from| self.column(draft, prefix, from)),
            edition: settings
                .edition
                .as_ref()
                .map(|from| self.column(draft, prefix, from)),
        };
        let made = leaf::of_columns(field, entry, taken, self.context.codes, self.problems)?;
        Some((made, settings.companion))
    }

    /// The place of a column that is named with what stands before it. Before a way from the root nothing stands.
    fn column(&mut self, draft: &mut Draft, prefix: &str, from: &Spanned<String>) -> usize {
        let at_root = self.context.form == Form::Tree && from.get_ref().starts_with('/');
        let name = if at_root {
            from.get_ref().clone()
        } else {
            format!("{prefix}{}", from.get_ref())
        };
        draft.column(Column {
            path: self.path(&name, at_root, from),
            span: from.span(),
            name,
            at_root,
        })
    }

    fn path(&mut self, name: &str, at_root: bool, written: &Spanned<String>) -> Option<Path> {
        if self.context.form == Form::Rows {
            return None;
        }
        match Path::parse(if at_root {
            name.get(1..).unwrap_or_default()
        } else {
            name
        }) {
            Ok(path) => Some(path),
            Err(error) => {
                self.tell(written, format!("found {name:?}, {error}"));
                None
            }
        }
    }

    /// A column outside a message's own.
    fn plain(&mut self, name: &Spanned<String>) -> Column {
        Column {
            name: name.get_ref().clone(),
            span: name.span(),
            path: self.path(name.get_ref(), false, name),
            at_root: false,
        }
    }

    fn unpack(&mut self, settings: &RecordSettings, record: Option<&Path>) -> Vec<Unpack> {
        let mut found = Vec::new();
        for entry in &settings.unpack {
            match self.path(entry.at.get_ref(), false, &entry.at) {
                Some(path) => found.push(Unpack {
                    needed: record.is_some_and(|record| record.goes_through(&path)),
                    form: entry.form,
                    path,
                }),
                None if self.context.form == Form::Rows => {
                    self.tell(&entry.at, "rows hold nothing to unpack".to_owned());
                }
                None => {}
            }
        }
        found
    }

    fn keys(
        &mut self,
        settings: &RecordSettings,
        message: &MessageDescriptor,
        row: &Draft,
    ) -> (Vec<Key>, Vec<Column>) {
        if settings.keys.get_ref().is_empty() {
            self.tell(&settings.keys, "a record wants at least one key".to_owned());
        }
        let mut keys = Vec::new();
        let mut columns = Vec::new();
        for key in settings.keys.get_ref() {
            let Some(field) = self.find(message, &key.field, key.field.get_ref()) else {
                continue;
            };
            if field.kind() != Kind::String || field.is_list() || key.field.get_ref().contains('.') {
                self.tell(
                    &key.field,
                    format!("{} is no text field of the record itself", field.name()),
                );
            } else if self.context.form.maps() && row.column_of(field.number()).is_none() {
                self.tell(
                    &key.field,
                    format!("{} has no entry with from in fields", field.name()),
                );
            }
            // The first whose form a text has is asked by.
            let before = |earlier: &Key| earlier.digits.is_none() || earlier.digits == key.digits;
            if keys.iter().any(before) {
                let message = "no text comes to this key: one before it takes all of its form, wanted digits = … there, \
                               and another number of them here";
                self.tell(&key.from, message.to_owned());
            }
            keys.push(Key {
                number: field.number(),
                digits: key.digits,
            });
            columns.push(self.plain(&key.from));
        }
        (keys, columns)
    }

    fn list(
        &mut self,
        name: &Spanned<String>,
        list: &ListSettings,
        record: &RecordSettings,
        message: &MessageDescriptor,
        row: &mut Draft,
    ) -> Option<List> {
        let field = self.find(message, name, name.get_ref())?;
        if !field.is_list() || name.get_ref().contains('.') {
            self.tell(
                name,
                format!("{} is no repeated field of the record itself", name.get_ref()),
            );
            return None;
        }
        let equals = match list
            .equals
            .as_ref()
            .or(record.keys.get_ref().first().map(|key| &key.from))
        {
            Some(from) if self.context.form == Form::Rows => self.column(row, "", from),
            Some(_) => 0,
            None => return None,
        };
        match (self.context.form, &list.key, &list.order) {
            (Form::Rows, None, _) => self.tell(
                name,
                format!("{} wants key, the column that names the subject", name.get_ref()),
            ),
            (Form::Rows, _, None) => self.tell(
                name,
                format!("{} wants order, the column that orders its items", name.get_ref()),
            ),
            (Form::Tree, Some(key), _) => self.tell(
                key,
                "an answer holds its items by itself, wanted no key".to_owned(),
            ),
            _ => {}
        }
        let (columns, made) = self.item(name, list, &field)?;
        Some(List {
            table: self.plain(&list.from),
            key: list.key.as_ref().map(|key| self.plain(key)),
            equals,
            only: list
                .only
                .iter()
                .map(|(name, value)| (self.plain(name), value.get_ref().clone()))
                .collect(),
            absent: list.absent.iter().map(|name| self.plain(name)).collect(),
            order: list.order.as_ref().map(|order| self.plain(order)),
            descending: list.descending,
            columns,
            item: FieldPlan {
                number: field.number(),
                path: Arc::from(field.name()),
                companion: false,
                made,
            },
        })
    }

    fn item(
        &mut self,
        name: &Spanned<String>,
        list: &ListSettings,
        field: &FieldDescriptor,
    ) -> Option<(Vec<Column>, Made)> {
        match (field.kind(), &list.value) {
            (Kind::Message(message), None) if !leaf::is_value(field) => {
                let mut draft = Draft::new(&message, &format!("{}.", field.name()));
                if let Some(shape) = &list.shape {
                    self.shape(&mut draft, "", "", shape);
                }
                self.fields(&mut draft, "", &list.fields);
                self.parts(&mut draft, &list.parts);
                if draft.columns.is_empty() {
                    self.tell(
                        name,
                        format!("{} wants entries for the fields of its items", field.name()),
                    );
                }
                Some((draft.columns, Made::Message(draft.plan)))
            }
            (_, Some(value)) if leaf::is_value(field) => {
                let mut draft = Draft::new(field.parent_message(), "");
                let (made, _) = self.leaf(&mut draft, field, "", value)?;
                if !list.fields.is_empty() || !list.parts.is_empty() || list.shape.is_some() {
                    self.tell(
                        name,
                        format!("{} has plain items, wanted value alone", field.name()),
                    );
                }
                Some((draft.columns, made))
            }
            (_, Some(value)) => {
                self.tell(
                    value,
                    format!("{} has messages as items, wanted fields", field.name()),
                );
                None
            }
            (_, None) => {
                self.tell(name, format!("{} has plain items, wanted value", field.name()));
                None
            }
        }
    }

    fn tell<T>(&mut self, at: &Spanned<T>, message: String) {
        self.problems.push(Problem::at(at.span(), message));
    }
}
