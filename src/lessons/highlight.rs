//! Syntax colours by class, so that the page needs no inline style.

mod yaml;

use arborium::{Config, Highlighter, HtmlFormat};

/// Colours code; one serves all lessons of a load, since its grammars are costly to make.
pub struct Painter(Highlighter);

impl Default for Painter {
    fn default() -> Self {
        Self(Highlighter::with_config(Config { html_format: HtmlFormat::ClassNames, ..Config::default() }))
    }
}

impl Painter {
    /// Code as HTML; plain, escaped text where the language is not one of ours.
    pub fn paint(&mut self, language: &str, code: &str) -> String {
        let language = match language {
            "yaml" | "yml" => return yaml::paint(code),
            "sh" | "shell" | "console" => "bash",
            other => other,
        };
        self.0.highlight(language, code).unwrap_or_else(|_| escape(code))
    }
}

/// Text as HTML.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            letter => html.push(letter),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_classes() {
        insta::assert_snapshot!(Painter::default().paint("yaml", "kind: Pod # one\nargs: [\"a\", 1]\n"), @r##"
        <span class="property">kind</span><span class="punctuation">:</span> <span class="string">Pod</span> <span class="comment"># one</span>
        <span class="property">args</span><span class="punctuation">:</span> <span class="punctuation">[</span><span class="string">&quot;a&quot;</span><span class="punctuation">,</span> <span class="number">1</span><span class="punctuation">]</span>
        "##);
    }

    #[test]
    fn an_unknown_language_is_escaped() {
        assert_eq!(Painter::default().paint("brainfog", "<b> & 'c'"), "&lt;b&gt; &amp; &#39;c&#39;");
    }
}
