//! The HTML of code blocks. `{say:run.run}` in it stands for a text in the language of the page that shows it, which
//! need not be the lesson's.

use askama::Template;

use crate::lessons::check::Check;
use crate::lessons::commands::{self, Piece};
use crate::lessons::expected::{self, Part};
use crate::lessons::highlight::{Painter, escape};
use crate::lessons::quiz::Quiz;

#[derive(Template)]
#[template(path = "blocks/command.html")]
struct CommandBlock<'a> {
    run: &'a str,
    runnable: bool,
    typed: bool,
    comments: &'a [String],
    painted: &'a str,
}

#[derive(Template)]
#[template(path = "blocks/output.html")]
struct OutputBlock<'a> {
    of_command: bool,
    varies: bool,
    marked: &'a str,
}

#[derive(Template)]
#[template(path = "blocks/manifest.html")]
struct ManifestBlock<'a> {
    name: &'a str,
    painted: &'a str,
}

#[derive(Template)]
#[template(path = "blocks/code.html")]
struct CodeBlock<'a> {
    title: &'a str,
    painted: &'a str,
}

#[derive(Template)]
#[template(path = "blocks/checks.html")]
struct ChecksBlock<'a> {
    step: &'a str,
    checks: &'a [Check],
}

#[derive(Template)]
#[template(path = "blocks/quiz.html")]
struct QuizBlock<'a> {
    lesson: &'a str,
    number: usize,
    quiz: &'a Quiz,
    language: &'a str,
}

/// The checks of a step; they turn green by themselves.
pub fn checks(step: &str, checks: &[Check]) -> String {
    page(&ChecksBlock { step, checks })
}

/// A question: what may be answered, and nothing of what is right.
pub fn quiz(lesson: &str, number: usize, quiz: &Quiz, language: &str) -> String {
    page(&QuizBlock { lesson, number, quiz, language })
}

/// A command block: a frame per command, each output in one group with its command.
pub fn commands(pieces: &[Piece], copy_only: bool) -> String {
    let mut html = String::new();
    let mut comments = Vec::new();
    let mut pieces = pieces.iter().peekable();
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Comment(text) => comments.push(text.clone()),
            Piece::Output(text) => html.push_str(&output(text, true)),
            Piece::Command(text) | Piece::Typed(text) => {
                let typed = matches!(piece, Piece::Typed(_));
                html.push_str("<div class=\"group\">");
                html.push_str(&command(text, &std::mem::take(&mut comments), copy_only, typed));
                if let Some(Piece::Output(text)) = pieces.next_if(|next| matches!(next, Piece::Output(_))) {
                    html.push_str(&output(text, true));
                }
                html.push_str("</div>\n");
            }
        }
    }
    html
}

fn command(text: &str, comments: &[String], copy_only: bool, typed: bool) -> String {
    let run = commands::to_run(text);
    let typed = typed && !copy_only;
    let runnable = !copy_only && !typed && commands::runs_here(&run);
    page(&CommandBlock { run: &run, runnable, typed, comments, painted: &arguments(text) })
}

/// A command with its arguments kept whole, so that a narrow page breaks the line between them.
fn arguments(text: &str) -> String {
    let mut html = String::new();
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            html.push('\n');
        }
        let words = line
            .split(' ')
            .map(|word| if word.is_empty() { String::new() } else { format!("<span>{}</span>", escape(word)) });
        html.push_str(&words.collect::<Vec<_>>().join(" "));
    }
    html
}

/// What a command prints, with the parts marked that differ from run to run.
pub fn output(text: &str, of_command: bool) -> String {
    let mut marked = String::new();
    let mut varies = false;
    for part in expected::parts(text.trim_end()) {
        match part {
            Part::Fixed(text) => marked.push_str(&escape(text)),
            Part::Varies(text) => {
                varies = true;
                marked.push_str(&format!("<i class=\"any\">{}</i>", escape(text)));
            }
        }
    }
    page(&OutputBlock { of_command, varies: of_command && varies, marked: &marked })
}

/// A manifest with the button that opens it.
pub fn manifest(name: &str, language: &str, text: &str, painter: &mut Painter) -> String {
    let language = if language.is_empty() { "yaml" } else { language };
    page(&ManifestBlock { name, painted: &painter.paint(language, text.trim_end()) })
}

/// Any other code.
pub fn code(title: Option<&str>, language: &str, text: &str, painter: &mut Painter) -> String {
    let painted = painter.paint(language, text.trim_end());
    page(&CodeBlock { title: title.unwrap_or_default(), painted: &painted })
}

fn page(template: &impl Template) -> String {
    template.render().expect("rendering to a string fails only when a value's Display does, and all are strings")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_runs_what_the_text_shows_with_its_output_beside_it() {
        let pieces = commands::split("$ kubectl run web -- echo \"a\"\npod/web created");
        let html = commands(&pieces, false);
        assert!(html.contains("data-command=\"kubectl run web -- echo &#34;a&#34;\""), "{html}");
        assert!(html.contains("<samp>pod/web created</samp>"));
        assert_eq!(html.matches("class=\"group\"").count(), 1);
    }

    #[test]
    fn what_is_typed_into_a_shell_has_its_button_and_no_command_of_the_consoles() {
        let html = commands(&commands::split("root@web:/# cat a\nthe text"), false);
        assert!(html.contains("data-typed=\"cat a\"") && !html.contains("data-command"), "{html}");
        assert!(html.contains("<samp>the text</samp>") && html.contains("<span>{say:run.run}</span>"), "{html}");
    }

    #[test]
    fn a_command_of_another_program_is_only_copied() {
        let html = commands(&commands::split("docker ps"), false);
        assert!(html.contains("data-copy=\"docker ps\""));
        assert!(!html.contains("data-command"));
    }

    #[test]
    fn text_is_never_html() {
        let html = commands(&commands::split("echo '<script>'"), false) + &output("<b>", true);
        assert!(!html.contains("<script>") && !html.contains("<b>&lt;b"), "{html}");
    }
}
