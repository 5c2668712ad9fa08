//! What is wrong in the operator's tree, told as a compiler would.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// One thing that is wrong, or worth a look.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file or folder, from the configuration folder.
    pub path: PathBuf,
    /// Where in the file; none when it is about the file itself.
    #[serde(flatten)]
    pub position: Option<Position>,
    /// Whether it stops the load.
    pub severity: Severity,
    /// What was found, what was wanted, and the nearest valid name if one is near. One line.
    pub message: String,
    /// The line of the file, where one may show it.
    #[serde(skip)]
    pub excerpt: Option<Excerpt>,
}

/// A place in a file. Both count from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

/// Whether a problem stops the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The tree is not used.
    Error,
    /// The tree is used; somebody should look.
    Warning,
}

/// One line of a file, and how much of it is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Excerpt {
    /// The whole line, without control characters.
    pub line: String,
    /// How many characters are meant, from the problem's column on. At least 1.
    pub length: usize,
}

/// All that is wrong in a tree, by file and position. Never empty; warnings may be among it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Problems {
    /// The configuration folder, which paths start from.
    pub base: PathBuf,
    /// In the order of files and positions.
    pub problems: Vec<Problem>,
}

impl Problems {
    pub(crate) fn new(base: &Path, mut problems: Vec<Problem>) -> Self {
        problems.sort();
        problems.dedup();
        Self {
            base: base.to_owned(),
            problems,
        }
    }

    /// How many of them stop the load.
    #[must_use]
    pub fn errors(&self) -> usize {
        let stops = |problem: &&Problem| problem.severity == Severity::Error;
        self.problems.iter().filter(stops).count()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{}", problem.shown(&self.base))?;
        }
        Ok(())
    }
}

impl Problem {
    /// The problem with its line of the file, for a reader who stands where `base` is a path.
    #[must_use]
    pub fn shown<'a>(&'a self, base: &'a Path) -> Shown<'a> {
        Shown { problem: self, base }
    }
}

/// A problem as a compiler would print it: place, message, line, underline. Ends with a newline.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    problem: &'a Problem,
    base: &'a Path,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem {
            path,
            position,
            severity,
            message,
            excerpt,
        } = self.problem;
        write!(f, "{}", self.base.join(path).display())?;
        if let Some(Position { line, column }) = position {
            write!(f, ":{line}:{column}")?;
        }
        writeln!(f, ": {severity}: {message}")?;
        if let (Some(Position { line, column }), Some(excerpt)) = (position, excerpt) {
            let number = line.to_string();
            let gutter = " ".repeat(number.len());
            let indent = " ".repeat(column.saturating_sub(1));
            let carets = "^".repeat(excerpt.length);
            writeln!(f, "{gutter} |")?;
            writeln!(f, "{number} | {}", excerpt.line)?;
            writeln!(f, "{gutter} | {indent}{carets}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}
