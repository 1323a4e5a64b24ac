//! What a page is called and where it stands: its id, its place, its time.

use crate::lessons::front_matter::FrontMatter;

/// The name of a page's file, without folder, extension and language: `pods/03-first.de.md` → `03-first`. A page
/// `first/index.md` is named like its folder.
pub fn stem(file: &str) -> &str {
    let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
    let name = name.strip_suffix(".md").or_else(|| name.strip_suffix(".mdx")).unwrap_or(name);
    let name = language_of(file).and_then(|language| name.strip_suffix(language)?.strip_suffix('.')).unwrap_or(name);
    if name == "index" && !folder.is_empty() { folder.rsplit('/').next().unwrap_or(name) } else { name }
}

/// The language in a file's name: `pod.de.md`, `pod.pt-BR.md`.
pub fn language_of(file: &str) -> Option<&str> {
    let name = file.rsplit('/').next()?.strip_suffix(".md")?;
    let (before, language) = name.rsplit_once('.')?;
    let (main, region) = language.split_once('-').unwrap_or((language, "XX"));
    let letters = |text: &str| text.chars().all(|letter| letter.is_ascii_alphabetic());
    (!before.is_empty() && main.len() == 2 && region.len() >= 2 && letters(main) && letters(region)).then_some(language)
}

/// A lesson's id: `id`, else the end of `slug`, else the file's name without its number.
pub fn id(matter: &FrontMatter, file: &str) -> String {
    let own = matter.text("id").or_else(|| matter.text("slug"));
    let wish = own.unwrap_or_else(|| {
        stem(file).trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').to_owned()
    });
    name(wish.trim_matches('/').rsplit('/').next().unwrap_or_default())
}

/// A name as an address has it.
pub fn name(wish: &str) -> String {
    let name = wish.to_lowercase();
    let plain: String =
        name.chars().map(|letter| if letter.is_alphanumeric() || letter == '_' { letter } else { '-' }).collect();
    let plain = plain.trim_matches('-').to_owned();
    if plain.is_empty() { "lesson".into() } else { plain }
}

/// Where a page stands: `sidebar_position`, else `weight`, else the number before its name, else its date.
pub fn position(matter: &FrontMatter, file: &str) -> i64 {
    let leading = || stem(file).split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok();
    let dated = || matter.text("date").and_then(|date| day(&date));
    let wished = matter.number("sidebar_position").or_else(|| matter.number("weight"));
    wished.or_else(leading).or_else(dated).unwrap_or(i64::MAX)
}

/// `2026-01-02T…` as 20260102: older pages first, and after those that have a number.
fn day(date: &str) -> Option<i64> {
    date.get(..10)?.replace('-', "").parse().ok().filter(|day| *day > 9_999_999)
}

/// `10m`, `1h`, `90s` or a bare number of minutes.
pub fn minutes(time: &str) -> Option<u32> {
    if let Ok(minutes) = time.parse() {
        return Some(minutes);
    }
    let seconds = humantime::parse_duration(time).ok()?.as_secs();
    u32::try_from(seconds.div_ceil(60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_named_like_its_original() {
        assert_eq!((stem("a/03-pod.de.md"), language_of("a/03-pod.de.md")), ("03-pod", Some("de")));
        assert_eq!(language_of("pod.pt-BR.md"), Some("pt-BR"));
        assert_eq!((stem("v1.30.md"), language_of("v1.30.md")), ("v1.30", None));
        assert_eq!(language_of("de.md"), None);
    }

    #[test]
    fn what_has_no_number_stands_by_its_date() {
        let place = |front: &str, file: &str| {
            position(&crate::lessons::front_matter::split(&format!("---\n{front}\n---\n")).0, file)
        };
        assert_eq!((place("weight: 3\ndate: 2026-01-02", "07-a.md"), place("date: 2026-01-02", "07-a.md")), (3, 7));
        assert!(place("date: 2025-12-31", "b.md") < place("date: 2026-01-02T10:00:00Z", "a.md"));
        assert_eq!((place("title: A", "a.md"), place("date: soon", "a.md")), (i64::MAX, i64::MAX));
    }
}
