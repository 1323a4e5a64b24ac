//! What is wrong with a text that should be JSON, in the words of Go's scanner: clients and people know them.

/// What is wrong with the text; nothing when it is JSON.
pub(super) fn trouble(text: &[u8]) -> Option<String> {
    Scanner { text, at: 0 }.document().err()
}

type Scanned<T> = Result<T, String>;

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// One value and nothing after it. What is open is kept in a list: documents may be deep.
    fn document(&mut self) -> Scanned<()> {
        let mut open = Vec::new();
        loop {
            if !self.value(&mut open)? {
                continue;
            }
            while !self.more(&mut open)? {
                if open.is_empty() {
                    return self.end();
                }
            }
        }
    }

    /// Reads a value, or the beginning of one that holds others; gives whether it is complete.
    fn value(&mut self, open: &mut Vec<u8>) -> Scanned<bool> {
        match self.sign()? {
            b'{' => match self.sign()? {
                b'}' => Ok(true),
                first => {
                    self.key(first)?;
                    open.push(b'}');
                    Ok(false)
                }
            },
            b'[' => {
                self.skip_blanks();
                if self.text.get(self.at) == Some(&b']') {
                    self.at += 1;
                    return Ok(true);
                }
                open.push(b']');
                Ok(false)
            }
            b'"' => self.string().map(|()| true),
            first @ (b'-' | b'0'..=b'9') => self.number(first).map(|()| true),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            other => Err(unexpected(other, "looking for beginning of value")),
        }
    }

    /// After a complete value: whether another one follows in what is open. What is closed is complete itself.
    fn more(&mut self, open: &mut Vec<u8>) -> Scanned<bool> {
        let Some(close) = open.last().copied() else { return Ok(false) };
        match self.sign()? {
            b',' if close == b'}' => {
                let first = self.sign()?;
                self.key(first)?;
                Ok(true)
            }
            b',' => Ok(true),
            sign if sign == close => {
                open.pop();
                Ok(false)
            }
            other if close == b'}' => Err(unexpected(other, "after object key:value pair")),
            other => Err(unexpected(other, "after array element")),
        }
    }

    fn end(&mut self) -> Scanned<()> {
        self.skip_blanks();
        self.text.get(self.at).map_or(Ok(()), |byte| Err(unexpected(*byte, "after top-level value")))
    }

    fn key(&mut self, first: u8) -> Scanned<()> {
        if first != b'"' {
            return Err(unexpected(first, "looking for beginning of object key string"));
        }
        self.string()?;
        match self.sign()? {
            b':' => Ok(()),
            other => Err(unexpected(other, "after object key")),
        }
    }

    fn string(&mut self) -> Scanned<()> {
        loop {
            match self.byte()? {
                b'"' => return Ok(()),
                b'\\' => self.escape()?,
                control @ 0..0x20 => return Err(unexpected(control, "in string literal")),
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Scanned<()> {
        match self.byte()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => (0..4).try_for_each(|_| match self.byte()? {
                digit if digit.is_ascii_hexdigit() => Ok(()),
                other => Err(unexpected(other, "in \\u hexadecimal character escape")),
            }),
            other => Err(unexpected(other, "in string escape code")),
        }
    }

    fn number(&mut self, first: u8) -> Scanned<()> {
        let first = if first == b'-' { self.digit("in numeric literal")? } else { first };
        if first != b'0' {
            self.skip_digits();
        }
        if self.take(b".") {
            self.digit("after decimal point in numeric literal")?;
            self.skip_digits();
        }
        if self.take(b"eE") {
            self.take(b"+-");
            self.digit("in exponent of numeric literal")?;
            self.skip_digits();
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Scanned<bool> {
        for expected in word.bytes().skip(1) {
            let found = self.byte()?;
            if found != expected {
                let place = format!("in literal {word} (expecting '{}')", char::from(expected));
                return Err(unexpected(found, &place));
            }
        }
        Ok(true)
    }

    fn digit(&mut self, place: &str) -> Scanned<u8> {
        let byte = self.byte()?;
        if byte.is_ascii_digit() { Ok(byte) } else { Err(unexpected(byte, place)) }
    }

    fn take(&mut self, any: &[u8]) -> bool {
        let there = self.text.get(self.at).is_some_and(|byte| any.contains(byte));
        self.at += usize::from(there);
        there
    }

    fn skip_digits(&mut self) {
        while self.take(b"0123456789") {}
    }

    fn skip_blanks(&mut self) {
        while self.take(b" \t\r\n") {}
    }

    /// The next byte that is no blank.
    fn sign(&mut self) -> Scanned<u8> {
        self.skip_blanks();
        self.byte()
    }

    fn byte(&mut self) -> Scanned<u8> {
        let byte = self.text.get(self.at).copied().ok_or_else(|| "unexpected end of JSON input".to_owned())?;
        self.at += 1;
        Ok(byte)
    }
}

/// Go shows bytes, as if each were a character.
fn unexpected(byte: u8, place: &str) -> String {
    let shown = match byte {
        b'\'' => "\\'".to_owned(),
        b'"' => "\"".to_owned(),
        other => char::from(other).escape_debug().to_string(),
    };
    format!("invalid character '{shown}' {place}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mistakes_are_told_as_kubernetes_1_36_tells_them() {
        let table = [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("{'kind':1}", r"invalid character '\'' looking for beginning of object key string"),
            (r#"{"kind":"ConfigMap",}"#, "invalid character '}' looking for beginning of object key string"),
            (r#"{"kind" "ConfigMap"}"#, "invalid character '\"' after object key"),
            ("{\"kind\":\"a\nb\"}", r"invalid character '\n' in string literal"),
            ("kind: ConfigMap", "invalid character 'k' looking for beginning of value"),
            (r#"{"kind":NaN}"#, "invalid character 'N' looking for beginning of value"),
            (r#"{"a":01}"#, "invalid character '1' after object key:value pair"),
            (r#"{"kind":"\x"}"#, "invalid character 'x' in string escape code"),
            (r#"{"kind":tru}"#, "invalid character '}' in literal true (expecting 'e')"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1.x]", "invalid character 'x' after decimal point in numeric literal"),
            ("\u{feff}{}", "invalid character 'ï' looking for beginning of value"),
        ];
        for (text, expected) in table {
            assert_eq!(trouble(text.as_bytes()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(trouble(br#" {"a": [1, -2.5e+3, {"b": null}, []], "c": "\u00e9"} "#), None);
    }

    proptest! {
        /// Both take the same texts, save that serde_json refuses very deep ones, which these are not.
        #[test]
        fn it_takes_what_serde_json_takes(text in r#"[\[\]{},:"a0-9.eE+\- tfn\\]{0,12}"#) {
            let known = serde_json::from_str::<serde_json::Value>(&text);
            // A number beyond what can be held is JSON all the same.
            if !known.as_ref().is_err_and(|error| error.to_string().contains("out of range")) {
                prop_assert_eq!(trouble(text.as_bytes()).is_none(), known.is_ok());
            }
        }
    }
}
