//! The words of a label selector.

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A key, a value, or one of the words `in` and `notin` where a name is expected.
    Name(String),
    /// `in`
    In,
    /// `notin`
    NotIn,
    /// `=`, `==`, `!=`, `<`, `>`, `!`, `(`, `)`, `,`
    Symbol(&'static str),
    /// Special characters that mean nothing together.
    Garbage(String),
    /// The end.
    End,
}

impl Token {
    /// As error messages quote it.
    pub fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Garbage(text) => text,
            Self::In => "in",
            Self::NotIn => "notin",
            Self::Symbol(text) => text,
            Self::End => "",
        }
    }
}

const SYMBOLS: &[&str] = &["==", "!=", "=", "!", "(", ")", ",", "<", ">"];

/// Splits a selector into words; the last one is [`Token::End`].
pub(super) fn scan(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while !rest.is_empty() {
        let (token, length) = first(rest);
        tokens.push(token);
        rest = rest[length..].trim_start_matches(is_blank);
    }
    tokens.push(Token::End);
    tokens
}

fn first(rest: &str) -> (Token, usize) {
    if let Some(symbol) = SYMBOLS.iter().copied().find(|symbol| rest.starts_with(symbol)) {
        return (Token::Symbol(symbol), symbol.len());
    }
    let length = rest.find(|c| is_blank(c) || is_special(c)).unwrap_or(rest.len());
    if length == 0 {
        let bad = rest.chars().next().map_or(0, char::len_utf8);
        return (Token::Garbage(format!("error expected: keyword found '{}'", &rest[..bad])), bad);
    }
    let token = match &rest[..length] {
        "in" => Token::In,
        "notin" => Token::NotIn,
        name => Token::Name(name.to_owned()),
    };
    (token, length)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_special(c: char) -> bool {
    matches!(c, '=' | '!' | '(' | ')' | ',' | '>' | '<')
}
