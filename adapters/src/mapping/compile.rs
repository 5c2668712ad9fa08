//! From a record's settings to its plan, with every problem on the way.

use std::sync::Arc;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use toml::Spanned;

use super::draft::Draft;
use super::key::Key;
use super::leaf;
use super::nearest::suggestion;
use super::plan::{Column, FieldPlan, List, Made, Plan};
use crate::check::Problem;
use crate::settings::{FieldSettings, Fields, ListSettings, Parts, RecordSettings, Shapes};

/// The plan by which `settings` make the record `message`. `None` when a problem was told.
pub(crate) fn compile(
    settings: &RecordSettings,
    shapes: &Shapes,
    message: &MessageDescriptor,
    problems: &mut Vec<Problem>,
) -> Option<Plan> {
    let before = problems.len();
    let mut compiler = Compiler { shapes, problems };

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
        .and_then(|field| row.column_of(field.number()));

    (problems.len() == before).then(|| Plan {
        table: column(&settings.from),
        columns: row.columns,
        keys,
        key_columns,
        lists,
        as_of,
        message: row.plan,
    })
}

struct Compiler<'a> {
    shapes: &'a Shapes,
    problems: &'a mut Vec<Problem>,
}

impl Compiler<'_> {
    /// Puts entries whose paths start below `under`, and whose columns are named as written.
    fn fields(&mut self, draft: &mut Draft, under: &str, fields: &Fields) {
        self.prefixed(draft, under, "", fields);
    }

    fn parts(&mut self, draft: &mut Draft, parts: &Parts) {
        for (path, part) in parts {
            self.shape(draft, &format!("{}.", path.get_ref()), &part.prefix, &part.shape);
        }
    }

    fn shape(&mut self, draft: &mut Draft, under: &str, prefix: &str, name: &Spanned<String>) {
        match self.shapes.get(name.get_ref().as_str()) {
            Some(fields) => self.prefixed(draft, under, prefix, fields),
            None => {
                let near = suggestion(
                    name.get_ref(),
                    self.shapes.keys().map(|name| name.get_ref().as_str()),
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
        if !leaf::is_value(field) {
            self.tell(
                entry,
                format!("{} is a message, wanted entries for its fields", field.name()),
            );
            return None;
        }
        match (&settings.from, &settings.constant) {
            (Some(from), None) => {
                let column = draft.column(format!("{prefix}{}", from.get_ref()), from);
                let made = leaf::of_column(field, entry, column, self.problems)?;
                Some((made, settings.companion))
            }
            (None, Some(constant)) => Some((leaf::of_constant(field, constant, self.problems)?, true)),
            _ => {
                self.tell(entry, format!("{} wants either from or constant", field.name()));
                None
            }
        }
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
            } else if row.column_of(field.number()).is_none() {
                self.tell(
                    &key.field,
                    format!("{} has no entry with from in fields", field.name()),
                );
            }
            keys.push(Key {
                number: field.number(),
                digits: key.digits,
            });
            columns.push(column(&key.from));
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
            Some(from) => row.column(from.get_ref().clone(), from),
            None => return None,
        };
        let (columns, made) = self.item(name, list, &field)?;
        Some(List {
            table: column(&list.from),
            key: column(&list.key),
            equals,
            only: list
                .only
                .iter()
                .map(|(name, value)| (column(name), value.get_ref().clone()))
                .collect(),
            absent: list.absent.iter().map(column).collect(),
            order: column(&list.order),
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

fn column(name: &Spanned<String>) -> Column {
    Column {
        name: name.get_ref().clone(),
        span: name.span(),
    }
}
