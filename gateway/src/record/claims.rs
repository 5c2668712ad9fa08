//! Claims compared with a record: one verdict a claim, no value.
//!
//! Claims are an encoded message of the record's own field numbers that holds only what is claimed.

use proto::lookup::v1::{ClaimVerdict, Verdict};

use super::compare::{compare, well_formed};
use super::schema::{Content, FieldNode, Node, Schema};
use super::view::Leaves;
use super::wire::{self, Field, Garbled, Value};

/// More claims than this in one request are refused: comparing lists with lists grows with their
/// product, and nobody claims that much of one subject.
pub const MAX_CLAIMS: usize = 256;

/// Claims that can't be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Not an encoded message.
    #[error("the claims are not an encoded message")]
    Garbled,
    /// Nothing is claimed.
    #[error("nothing is claimed")]
    Empty,
    /// A field that the record type does not have.
    #[error("a claimed field is not part of the record type")]
    UnknownField,
    /// A field without a match rule.
    #[error("{0} can't be claimed")]
    NotClaimable(String),
    /// A value that is not of the field's form.
    #[error("the claimed {0} is not of the form of that field")]
    Malformed(String),
    /// More than [`MAX_CLAIMS`].
    #[error("more than {MAX_CLAIMS} claims")]
    TooMany,
}

impl From<Garbled> for ClaimsError {
    fn from(_: Garbled) -> Self {
        Self::Garbled
    }
}

/// The leaves that are claimed; checks the form of every claim.
///
/// With `assume`, claims that the schema makes for a silent caller count too.
pub fn asked(schema: &Schema, claims: &[u8], assume: bool) -> Result<Leaves, ClaimsError> {
    let mut leaves = Leaves::default();
    let mut count = 0;
    check(&schema.root, claims, &mut leaves, &mut count)?;
    if assume {
        for field in schema
            .root
            .fields()
            .iter()
            .filter(|field| field.assumed_claim != 0)
        {
            leaves.insert(field.leaves.start);
            count += 1;
        }
    }
    if count == 0 {
        return Err(ClaimsError::Empty);
    }
    Ok(leaves)
}

/// One verdict a claim, in the order of the claims; the assumed ones last.
pub fn verdicts(
    schema: &Schema,
    record: &[u8],
    claims: &[u8],
    assume: bool,
) -> Result<Vec<ClaimVerdict>, Garbled> {
    let mut out = Vec::new();
    judge_message(&schema.root, Some(record), claims, "", &mut out)?;
    if assume {
        for field in schema
            .root
            .fields()
            .iter()
            .filter(|field| field.assumed_claim != 0)
        {
            if !out.iter().any(|verdict| verdict.path == *field.path) {
                let verdict = judge_leaf(
                    field,
                    &occurrences(record, field.number)?,
                    Value::Varint(field.assumed_claim),
                )?;
                out.push(ClaimVerdict {
                    path: field.path.to_string(),
                    verdict: verdict.into(),
                });
            }
        }
    }
    Ok(out)
}

fn check(node: &Node, claims: &[u8], leaves: &mut Leaves, count: &mut usize) -> Result<(), ClaimsError> {
    for claim in wire::fields(claims) {
        let claim = claim?;
        *count += 1;
        if *count > MAX_CLAIMS {
            return Err(ClaimsError::TooMany);
        }
        let field = node.field(claim.number).ok_or(ClaimsError::UnknownField)?;
        match &field.content {
            Content::Message(below) => check(below, claim.value.bytes()?, leaves, count)?,
            Content::Leaf { rule, .. } => {
                if *rule == proto::lookup::v1::MatchRule::Unspecified {
                    return Err(ClaimsError::NotClaimable(field.path.to_string()));
                }
                if !well_formed(*rule, claim.value) {
                    return Err(ClaimsError::Malformed(field.path.to_string()));
                }
                leaves.insert(field.leaves.start);
            }
        }
    }
    Ok(())
}

/// Judges the claims of one message. `record` is the recorded message, if there is one.
fn judge_message(
    node: &Node,
    record: Option<&[u8]>,
    claims: &[u8],
    parent: &str,
    out: &mut Vec<ClaimVerdict>,
) -> Result<(), Garbled> {
    let mut seen: Vec<(u32, usize)> = Vec::new();
    for claim in wire::fields(claims) {
        let claim = claim?;
        let field = node.field(claim.number).ok_or(Garbled)?;
        let recorded = match record {
            Some(record) => occurrences(record, field.number)?,
            None => Vec::new(),
        };
        if field.repeated {
            let path = format!("{}[{}]", join(parent, field), next_index(&mut seen, field.number));
            let verdict = judge_element(field, &recorded, claim)?;
            out.push(ClaimVerdict {
                path,
                verdict: verdict.into(),
            });
        } else if let Content::Message(below) = &field.content {
            let nested = recorded.last().map(|value| value.bytes()).transpose()?;
            judge_message(below, nested, claim.value.bytes()?, &join(parent, field), out)?;
        } else {
            let verdict = judge_leaf(field, &recorded, claim.value)?;
            out.push(ClaimVerdict {
                path: join(parent, field),
                verdict: verdict.into(),
            });
        }
    }
    Ok(())
}

/// An element of a list agrees when one recorded element agrees in all that is claimed of it.
fn judge_element(field: &FieldNode, recorded: &[Value<'_>], claim: Field<'_>) -> Result<Verdict, Garbled> {
    let mut best = Verdict::NotRecorded;
    for (at, value) in recorded.iter().enumerate() {
        let verdict = match &field.content {
            Content::Leaf { .. } => judge_leaf(field, std::slice::from_ref(value), claim.value)?,
            Content::Message(below) => {
                let mut inside = Vec::new();
                judge_message(below, Some(value.bytes()?), claim.value.bytes()?, "", &mut inside)?;
                inside
                    .iter()
                    .map(ClaimVerdict::verdict)
                    .max_by_key(|verdict| rank(*verdict))
                    .unwrap_or(Verdict::Agree)
            }
        };
        if at == 0 || rank(verdict) < rank(best) {
            best = verdict;
        }
    }
    Ok(best)
}

fn judge_leaf(field: &FieldNode, recorded: &[Value<'_>], claimed: Value<'_>) -> Result<Verdict, Garbled> {
    let Content::Leaf { rule, cannot_say, .. } = &field.content else {
        return Err(Garbled);
    };
    let Some(recorded) = recorded.last() else {
        return Ok(Verdict::NotRecorded);
    };
    if let Value::Varint(state) = recorded
        && cannot_say.contains(state)
    {
        return Ok(Verdict::CannotSay);
    }
    compare(*rule, claimed, *recorded)
}

/// From the best verdict to the worst.
fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Agree => 0,
        Verdict::Partial => 1,
        Verdict::SameWithoutMarks => 2,
        Verdict::CannotSay => 3,
        Verdict::NotRecorded => 4,
        Verdict::Disagree | Verdict::Unspecified => 5,
    }
}

fn occurrences(message: &[u8], number: u32) -> Result<Vec<Value<'_>>, Garbled> {
    wire::fields(message)
        .filter(|field| field.as_ref().map_or(true, |field| field.number == number))
        .map(|field| field.map(|field| field.value))
        .collect()
}

fn next_index(seen: &mut Vec<(u32, usize)>, number: u32) -> usize {
    if let Some((_, count)) = seen.iter_mut().find(|(seen, _)| *seen == number) {
        *count += 1;
        return *count;
    }
    seen.push((number, 0));
    0
}

fn join(parent: &str, field: &FieldNode) -> String {
    if parent.is_empty() {
        field.name.to_string()
    } else {
        format!("{parent}.{}", field.name)
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
