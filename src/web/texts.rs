//! What the pages say, one file a language: `static/text/en.json`, `de.json`. The scripts read the same files.

use std::{collections::HashMap, fmt::Display, sync::LazyLock};

use axum::{
    Router,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, Uri, header};

/// The reader's choice, kept by their browser.
const COOKIE: &str = "podyard-language";
/// A year, in seconds.
const KEPT: u32 = 365 * 24 * 3600;

/// The words of one language.
#[derive(Debug)]
pub struct Texts {
    /// As in `<html lang>`.
    pub language: &'static str,
    words: HashMap<String, String>,
}

static ALL: LazyLock<[Texts; 2]> = LazyLock::new(|| {
    [read("en", include_str!("../../static/text/en.json")), read("de", include_str!("../../static/text/de.json"))]
});

fn read(language: &'static str, text: &str) -> Texts {
    Texts { language, words: serde_json::from_str(text).expect("the files of texts hold texts; a test reads them") }
}

impl Texts {
    /// English, which every text is in.
    pub fn english() -> &'static Self {
        &ALL[0]
    }

    /// All languages that there are.
    pub fn all() -> &'static [Self] {
        &*ALL
    }

    /// A text, if there is one of this key.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.words.get(key).map(String::as_str)
    }

    /// A text. One that is missing shows its key.
    pub fn say<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// A text with a value in it.
    pub fn with(&self, key: &str, name: &str, value: impl Display) -> String {
        self.filled(key, &[(name, &value)])
    }

    /// A text with several values in it, each by its name.
    pub fn filled(&self, key: &str, values: &[(&str, &dyn Display)]) -> String {
        let fill = |text: String, (name, value): &(&str, &dyn Display)| {
            text.replace(&format!("{{{name}}}"), &value.to_string())
        };
        values.iter().fold(self.say(key).to_owned(), fill)
    }

    /// HTML of a lesson with the words of its buttons and headings: `{say:run.run}` is a text of this language.
    pub fn fill(&self, html: &str) -> String {
        let mut pieces = html.split("{say:");
        let mut filled = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            match piece.split_once('}').and_then(|(key, rest)| Some((self.find(key)?, rest))) {
                Some((text, rest)) => filled.extend([text, rest]),
                None => filled.extend(["{say:", piece]),
            }
        }
        filled
    }
}

/// The languages that a reader wants, most wanted first: `wish`, what they have chosen before, what their browser asks
/// for.
pub fn languages<'r>(headers: &'r HeaderMap, wish: Option<&'r str>) -> Vec<&'r str> {
    wish.into_iter().chain(chosen(headers)).chain(wished(headers)).collect()
}

/// The texts for a reader who asks for no language by the address.
pub fn of(headers: &HeaderMap) -> &'static Texts {
    first(&languages(headers, None))
}

/// The words of the first of these languages that we have.
pub fn first(languages: &[&str]) -> &'static Texts {
    let named = |name: &&str| ALL.iter().find(|texts| texts.language.eq_ignore_ascii_case(name));
    languages.iter().find_map(named).unwrap_or(&ALL[0])
}

/// Has the reader's browser keep a choice that was made with the address.
pub fn keep(mut response: Response, language: Option<&str>) -> Response {
    if let Some(texts) = ALL.iter().find(|texts| Some(texts.language) == language) {
        response.headers_mut().append(header::SET_COOKIE, cookie(texts));
    }
    response
}

fn cookie(texts: &Texts) -> HeaderValue {
    let cookie = format!("{COOKIE}={}; Path=/; SameSite=Lax; Max-Age={KEPT}", texts.language);
    HeaderValue::from_str(&cookie).expect("a language's code is ASCII")
}

fn chosen(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// The languages of `Accept-Language`, most wanted first (RFC 9110, 12.5.4).
fn wished(headers: &HeaderMap) -> Vec<&str> {
    let line = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut wishes: Vec<(f32, &str)> = line.split(',').filter_map(wish).collect();
    wishes.sort_by(|one, other| other.0.total_cmp(&one.0));
    wishes.into_iter().map(|(_, language)| language).collect()
}

/// `de-AT;q=0.8` is German, wanted by 0.8.
fn wish(text: &str) -> Option<(f32, &str)> {
    let mut parts = text.split(';');
    let language = parts.next()?.trim().split('-').next()?;
    let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
    (weight > 0.0).then_some((weight, language))
}

/// `/language/<code>`: keeps the choice and leads back.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/language/{language}", get(choose))
}

async fn choose(Path(language): Path<String>, headers: HeaderMap) -> Response {
    keep(Redirect::to(&back(&headers)).into_response(), Some(&language))
}

/// The page one came from, on this server.
fn back(headers: &HeaderMap) -> String {
    let from = headers.get(header::REFERER).and_then(|value| value.to_str().ok()?.parse::<Uri>().ok());
    let path = from.as_ref().and_then(Uri::path_and_query).map_or("/", |path| path.as_str());
    if path.starts_with("//") { "/".to_owned() } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        [(name, HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn the_most_wanted_language_that_there_is() {
        let of = |wish| first(&languages(&with(header::ACCEPT_LANGUAGE, wish), None)).language;
        assert_eq!(of("de-AT,de;q=0.9,en;q=0.8"), "de");
        assert_eq!(of("fr, en;q=0.5, de;q=0.4"), "en");
        assert_eq!(of("de;q=0, en"), "en");
        assert_eq!(of("*"), "en");
        assert_eq!(first(&languages(&HeaderMap::new(), None)).language, "en");
        assert_eq!(languages(&with(header::ACCEPT_LANGUAGE, "en"), Some("fr")), ["fr", "en"]);
    }

    #[test]
    fn a_choice_wins_over_the_browsers_wish() {
        let mut headers = with(header::ACCEPT_LANGUAGE, "en");
        headers.insert(header::COOKIE, HeaderValue::from_static("podyard=x; podyard-language=de"));
        assert_eq!(first(&languages(&headers, None)).language, "de");
    }

    #[test]
    fn the_way_back_stays_on_this_server() {
        assert_eq!(back(&with(header::REFERER, "https://example.org/lessons/one?x=1")), "/lessons/one?x=1");
        assert_eq!(back(&with(header::REFERER, "https://example.org//evil.example")), "/");
        assert_eq!(back(&HeaderMap::new()), "/");
    }

    #[test]
    fn both_languages_have_the_same_texts_with_the_same_values() {
        let [english, german] = &*ALL;
        let holes = |texts: &Texts| {
            let mut all: Vec<String> = texts
                .words
                .iter()
                .map(|(key, text)| {
                    let mut names: Vec<&str> =
                        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect();
                    names.sort_unstable();
                    format!("{key} {names:?}")
                })
                .collect();
            all.sort();
            all
        };
        assert_eq!(holes(english), holes(german));
    }

    #[test]
    fn a_lessons_html_has_its_labels_in_the_language_of_the_page() {
        let html = "<b>{say:run.run}</b> {say:nothing} {say: {say:run.copy}";
        assert_eq!(Texts::english().fill(html), "<b>Run</b> {say:nothing} {say: Copy");
        assert_eq!(first(&["de"]).fill(html), "<b>Ausführen</b> {say:nothing} {say: Kopieren");
    }

    #[test]
    fn nothing_but_names_is_the_same_in_both_languages() {
        // Kubernetes' own words, which stay English, and words that German shares.
        let names = [
            "YAML",
            "Code",
            "Container",
            "Editor",
            "Events",
            "Image",
            "Init",
            "Logs",
            "Manifest",
            "Median, min",
            "Name",
            "Pod",
            "Pods",
            "Port {port}",
            "Sidecar",
            "Status",
            "Terminal: {name}",
            "Workshop",
            "Workshops",
        ];
        let [english, german] = &*ALL;
        let same = |(key, text): &(&String, &String)| german.words.get(*key) == Some(text);
        let all = english.words.iter().filter(same).filter(|(_, text)| !names.contains(&text.as_str()));
        assert_eq!(all.collect::<Vec<_>>(), []);
    }

    #[test]
    fn the_pages_use_texts_that_there_are() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/templates");
        let mut files = vec![std::path::PathBuf::from(folder)];
        let mut used = 0;
        while let Some(path) = files.pop() {
            if path.is_dir() {
                files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for start in ["t.say(\"", "t.with(\"", "{say:"] {
                for key in text.split(start).skip(1).filter_map(|rest| rest.split(['"', '}']).next()) {
                    assert_ne!(Texts::english().say(key), key, "{}", path.display());
                    used += 1;
                }
            }
        }
        assert!(used > 20, "{used}");
    }
}
