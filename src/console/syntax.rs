//! What a line means: the part of the POSIX shell's grammar that lessons use.

/// A line: pipelines in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script(pub Vec<(Join, Pipeline)>);

/// When a pipeline runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// After the one before: `;` or a new line.
    Then,
    /// If the one before succeeded: `&&`.
    And,
    /// If the one before failed: `||`.
    Or,
}

/// Commands joined by `|`.
pub type Pipeline = Vec<Command>;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// `NAME=value` before the words.
    pub assignments: Vec<(String, Word)>,
    /// Its name and arguments.
    pub words: Vec<Word>,
    /// Where its streams go, in the order written.
    pub redirects: Vec<Redirect>,
}

/// One word, before variables are filled in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Word(pub Vec<Part>);

/// A piece of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it stands; `quoted` text matches no file names.
    Text {
        /// The characters.
        text: String,
        /// Whether quotes or a backslash protected it.
        quoted: bool,
    },
    /// `$NAME`, `${NAME}`, `$?`.
    Variable {
        /// `NAME` or `?`.
        name: String,
        /// Inside double quotes the value stays one word.
        quoted: bool,
    },
    /// `$(…)`.
    Output {
        /// What runs.
        script: Script,
        /// Inside double quotes the output stays one word.
        quoted: bool,
    },
}

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// `<`
    Read(Word),
    /// `>` or `>>`, of 1 or 2 (or both: `&>`).
    Write {
        /// Which stream.
        stream: From,
        /// The file.
        to: Word,
        /// Whether it goes after what is there.
        append: bool,
    },
    /// `2>&1`
    ErrorsToOutput,
    /// `1>&2`, `>&2`
    OutputToErrors,
    /// `<<END` and `<<<`: the text, in which variables are filled in unless the mark was quoted.
    Here(Word),
}

/// Which stream is redirected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// Standard output.
    Output,
    /// Standard error.
    Errors,
    /// Both.
    Both,
}

impl Word {
    /// A word of plain, unquoted text.
    pub fn plain(text: &str) -> Self {
        Self(vec![Part::Text { text: text.to_owned(), quoted: false }])
    }

    /// The word's text if nothing in it is quoted or filled in: what may be a keyword.
    pub fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text { text, quoted: false }] => Some(text),
            _ => None,
        }
    }
}
