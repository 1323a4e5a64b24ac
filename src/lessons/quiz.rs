//! Questions: a task list below a paragraph that begins with "Question:".
//!
//! What is right stays on the server until somebody has answered.

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiz {
    /// The question, as HTML.
    pub question: String,
    /// What one may answer.
    pub choices: Vec<Choice>,
    /// The line of the file where it stands, counted from 1.
    pub place: usize,
}

/// One of the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As HTML.
    pub text: String,
    /// Whether it is right.
    pub right: bool,
    /// Why, as HTML; empty where the author gives no reason.
    pub why: String,
}

/// What is said about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// Whether exactly the right choices were made.
    pub right: bool,
    /// Each choice that was made, with whether it is right and why.
    pub choices: Vec<(usize, bool, String)>,
}

/// How a question begins, in the languages that lessons are written in.
const BEGINNINGS: [&str; 2] = ["Question:", "Frage:"];

/// A paragraph's text without the word that makes it a question.
pub fn question(text: &str) -> Option<&str> {
    BEGINNINGS.iter().find_map(|word| text.trim_start().strip_prefix(word)).map(str::trim_start)
}

impl Quiz {
    /// Whether more than one choice is right, so that several may be made.
    pub fn several(&self) -> bool {
        self.choices.iter().filter(|choice| choice.right).count() > 1
    }

    /// Marks what was chosen. Only what was chosen is explained: the right answer is not given away.
    pub fn mark(&self, chosen: &[usize]) -> Marked {
        let right = self.choices.iter().enumerate().all(|(at, choice)| choice.right == chosen.contains(&at));
        let explained = self.choices.iter().enumerate().filter(|(at, _)| chosen.contains(at));
        Marked { right, choices: explained.map(|(at, choice)| (at, choice.right, choice.why.clone())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quiz(right: &[bool]) -> Quiz {
        let choice = |right: &bool| Choice { text: "x".into(), right: *right, why: format!("{right}") };
        Quiz { question: "?".into(), choices: right.iter().map(choice).collect(), place: 1 }
    }

    #[test]
    fn an_answer_is_right_when_it_is_all_of_what_is_right() {
        let two = quiz(&[true, false, true]);
        assert!(two.several() && two.mark(&[0, 2]).right);
        assert!(!two.mark(&[0]).right && !two.mark(&[0, 1, 2]).right && !two.mark(&[]).right);
        assert_eq!(two.mark(&[1, 7]).choices, [(1, false, "false".to_owned())]);
    }

    #[test]
    fn questions_begin_with_their_word() {
        assert_eq!(question("Question: Why?"), Some("Why?"));
        assert_eq!(question("Frage: Warum?"), Some("Warum?"));
        assert_eq!(question("Questions: none"), None);
    }
}
