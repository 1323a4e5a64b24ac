//! What instructors and learners of a workshop are told when something can't be, in their language.

use crate::{
    web::texts::Texts,
    workshops::{MAX_CAPACITY, MAX_LINE, MAX_TEXT, NoEntry, PlanMistake, Refused},
};

/// Why nobody gets in.
pub(super) fn no_entry(t: &Texts, why: &NoEntry) -> String {
    match why {
        NoEntry::NoSuchCode => t.say("join.noSuchCode").to_owned(),
        NoEntry::NoName => t.with("join.noName", "most", MAX_LINE),
        NoEntry::Closed => t.say("join.closed").to_owned(),
        NoEntry::NotYet(begins) => t.with("join.notYet", "begins", begins.strftime("%Y-%m-%d %H:%M UTC")),
        NoEntry::Over => t.say("join.over").to_owned(),
        NoEntry::Full(seats) => t.with("join.full", "seats", seats),
        NoEntry::Storage(_) => t.say("join.storage").to_owned(),
    }
}

/// Why an instructor gets nothing.
pub(super) fn refused(t: &Texts, why: &Refused) -> String {
    let key = match why {
        Refused::Plan(mistake) => return plan(t, *mistake),
        Refused::TooLong => return t.with("refused.tooLong", "most", MAX_TEXT),
        Refused::NotAllowed(name) => return t.with("refused.notAllowed", "name", name),
        Refused::Console(words) => return words.clone(),
        Refused::NotYours => "refused.notYours",
        Refused::Over => "refused.over",
        Refused::NoSuchStep => "refused.noSuchStep",
        Refused::NothingSaid => "refused.nothingSaid",
        Refused::Nobody => "refused.nobody",
        Refused::Away => "refused.away",
        Refused::NoLesson => "refused.noLesson",
        Refused::Storage(_) => "refused.storage",
    };
    t.say(key).to_owned()
}

/// What is wrong with a plan.
pub(super) fn plan(t: &Texts, mistake: PlanMistake) -> String {
    match mistake {
        PlanMistake::Title => t.say("plan.title").to_owned(),
        PlanMistake::NoLessons => t.say("plan.noLessons").to_owned(),
        PlanMistake::Capacity => t.with("plan.capacity", "most", MAX_CAPACITY),
        PlanMistake::Prewarm => t.say("plan.prewarm").to_owned(),
        PlanMistake::Starts => t.say("plan.starts").to_owned(),
        PlanMistake::Ends => t.say("plan.ends").to_owned(),
        PlanMistake::EndsFirst => t.say("plan.endsFirst").to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts;

    #[test]
    fn every_refusal_has_words_in_every_language() {
        let starts = "2026-11-26T08:00:00Z".parse().unwrap();
        let entries = [NoEntry::NoSuchCode, NoEntry::NoName, NoEntry::Closed, NoEntry::NotYet(starts), NoEntry::Over];
        let plans = [PlanMistake::Title, PlanMistake::NoLessons, PlanMistake::Capacity, PlanMistake::Prewarm];
        let plans = plans.into_iter().chain([PlanMistake::Starts, PlanMistake::Ends, PlanMistake::EndsFirst]);
        let named = Refused::NotAllowed("Mira".to_owned());
        let others = [Refused::NotYours, Refused::Over, Refused::NoSuchStep, Refused::NothingSaid, Refused::TooLong];
        let others = others.into_iter().chain([Refused::Nobody, Refused::Away, Refused::NoLesson, named]);
        let all: Vec<Refused> = plans.map(Refused::Plan).chain(others).collect();
        for language in ["en", "de"] {
            let t = texts::first(&[language]);
            let said = entries.iter().map(|why| no_entry(t, why)).chain(all.iter().map(|why| refused(t, why)));
            for text in said {
                assert!(text.ends_with(['.', '?']) && !text.contains(['{', '}']), "{text}");
            }
        }
        let full = no_entry(texts::first(&["de"]), &NoEntry::Full(20));
        assert!(full.contains("20"), "{full}");
    }
}
