use super::*;
use crate::lessons::model::{LessonFile, Work};

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n";

fn page(text: &str) -> Lesson {
    page_and_problems(text).0
}

fn page_and_problems(text: &str) -> (Lesson, Vec<Problem>) {
    let links = |path: &str| (path == "other.md").then(|| "/lessons/other".to_owned());
    let around = Around { links: &links, strict_anchors: false, ..Around::alone("content/03-first.md") };
    read(&around, text, &mut Painter::default())
}

#[test]
fn the_id_is_id_then_slug_then_the_file_name() {
    assert_eq!(page("---\nid: One\nslug: /two\n---\n").id, "one");
    assert_eq!(page("---\nslug: /docs/two\n---\n").id, "two");
    assert_eq!(page("# Hi\n").id, "first");
}

#[test]
fn title_and_place_come_from_front_matter_then_from_the_page() {
    let lesson = page("---\ntitle: A title\nweight: 7\nlab: {time: 90s}\n---\n# Another\n\nText.\n");
    assert_eq!((lesson.title.as_str(), lesson.position, lesson.minutes), ("A title", 7, Some(2)));
    assert_eq!(lesson.intro, "<p>Text.</p>");
    let bare = page("# Another\n");
    assert_eq!((bare.title.as_str(), bare.position), ("Another", 3));
}

#[test]
fn each_second_level_heading_is_a_step_with_an_anchor_of_its_own() {
    let lesson = page("Intro.\n\n## Run `it`\n\nA.\n\n### More\n\n## Run it\n\nB.\n");
    let steps: Vec<_> = lesson.steps.iter().map(|step| (step.id.as_str(), step.heading.as_str())).collect();
    assert_eq!(steps, [("run-it", "Run <code>it</code>"), ("run-it-1", "Run it")]);
    assert_eq!(lesson.steps[0].html, "<p>A.</p>\n<h3 id=\"more\">More</h3>");
}

#[test]
fn a_command_keeps_the_output_that_follows_it() {
    let lesson = page("## S\n\n```bash\nkubectl get pods\n```\n\n```\nNAME   AGE\nweb    2s\n```\n");
    let commands: Vec<_> = lesson.commands().collect();
    assert_eq!(commands.len(), 1);
    let expected = commands[0].expected.as_ref().unwrap();
    assert_eq!((expected.text.as_str(), expected.place), ("NAME   AGE\nweb    2s", 8));
    assert_eq!(commands[0].place, 4);
    assert_eq!(lesson.steps[0].html.matches("class=\"group\"").count(), 1);
    assert!(lesson.steps[0].html.contains("<i class=\"any\">2s</i>"));
}

#[test]
fn an_output_after_a_sentence_still_belongs_to_the_command() {
    let lesson = page("## S\n\n    $ kubectl logs web\n\nIt answers:\n\n    Hello World\n");
    let expected = lesson.commands().next().unwrap().expected.as_ref();
    assert_eq!(expected.map(|expected| expected.text.as_str()), Some("Hello World"));
    assert!(lesson.steps[0].html.contains("{say:block.expected}"));
}

#[test]
fn manifests_take_their_names_from_title_text_or_command() {
    let titled = page(&format!("```yaml title=\"a.yaml\"\n{POD}```\n"));
    let saved = page(&format!("Save this as `b.yaml`:\n\n```yaml\n{POD}```\n"));
    let applied = page(&format!("```yaml\n{POD}```\n\n```\nkubectl apply -f c.yaml\n```\n"));
    let nameless = page(&format!("```yaml\n{POD}```\n"));
    let names = [titled, saved, applied, nameless].map(|lesson| lesson.files[0].name.clone());
    assert_eq!(names, ["a.yaml", "b.yaml", "c.yaml", "pod-web.yaml"]);
}

#[test]
fn the_first_version_of_a_file_is_the_lessons() {
    let lesson =
        page(&format!("```yaml title=\"a.yaml\"\n{POD}```\n\n```yaml title=\"a.yaml\"\n{POD}spec: {{}}\n```\n"));
    assert_eq!(lesson.files, [LessonFile { name: "a.yaml".into(), text: POD.into() }]);
}

#[test]
fn footnotes_stand_at_the_end_with_a_way_back() {
    let lesson = page("## S\n\nText.[^a]\n\n[^a]: A note.\n");
    assert!(lesson.steps[0].html.contains("id=\"fnref-a\""));
    assert!(lesson.footnotes.contains("href=\"#fnref-a\""));
    assert!(!lesson.steps[0].html.contains("A note."));
}

#[test]
fn alerts_of_both_worlds_are_the_same() {
    let github = page("> [!WARNING]\n> Mind the gap.\n").intro;
    let docusaurus = page(":::warning\nMind the gap.\n:::\n").intro;
    assert_eq!(github, docusaurus);
    assert!(github.contains("markdown-alert-warning"));
    assert!(page(":::tip[Try it]\nYes.\n:::\n").intro.contains("Try it"));
}

#[test]
fn links_to_other_lessons_lead_there() {
    let html = page("[a](other.md#step) [b](https://example.org) [c](missing.md)\n").intro;
    assert!(html.contains("href=\"/lessons/other#step\""));
    assert!(html.contains("href=\"https://example.org\"") && html.contains("href=\"missing.md\""));
}

#[test]
fn raw_html_and_script_links_are_dropped() {
    let html = page("<script>alert(1)</script>\n\n<b onclick=\"x()\">b</b> [x](javascript:alert(1))\n").intro;
    assert!(!html.contains("<script") && !html.contains("onclick") && !html.contains("javascript:"), "{html}");
}

#[test]
fn what_is_broken_is_said_with_its_place_and_the_rest_is_shown() {
    let (lesson, problems) = page_and_problems("---\ntitle: [\n---\nText.\n\n```bash\nkubectl get pods\n");
    assert!(lesson.intro.contains("kubectl"));
    let places: Vec<_> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert_eq!(places[1], 6);
    assert!(problems[1].to_string().starts_with("content/03-first.md:6:1: this code block is never closed"));
}

#[test]
fn windows_line_ends_and_byte_order_marks_do_no_harm() {
    assert_eq!(page("\u{feff}---\r\ntitle: A\r\n---\r\n\r\nB.\r\n").intro, "<p>B.</p>");
}

#[test]
fn the_starter_is_the_first_command_that_makes_something() {
    let lesson = page("## S\n\n```\nkubectl get pods\nkubectl run web --image=nginx\n```\n");
    assert_eq!(lesson.starter(), Some("kubectl run web --image=nginx"));
}

#[test]
fn a_comment_gives_a_step_its_anchor_and_the_headings_own_leads_there_too() {
    let lesson = page(
        "[go](#run-it)\n\n## Run it\n\n<!-- lab:step id=run time=3m -->\n\nText.\n\n## More\n\n<!-- lab: step id=\"x -->\n",
    );
    let ids: Vec<&str> = lesson.steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["run", "more"], "what can be no anchor is none");
    assert!(lesson.intro.contains("href=\"#run\"") && lesson.steps[0].minutes == Some(3), "{}", lesson.intro);
}

#[test]
fn checks_stand_at_the_end_of_their_step_and_leave_no_code_behind() {
    let text = "## Run\n\n```yaml lab=check\npod: web\nready: true\n```\n\nText.\n";
    let lesson = page(text);
    assert_eq!(lesson.steps[0].checks.len(), 1);
    assert_eq!(lesson.steps[0].checks[0].line, 4);
    assert!(lesson.steps[0].html.starts_with("<p>Text.</p>") && lesson.steps[0].html.contains("Pod web is ready"));
    let (_, problems) = page_and_problems("## Run\n\n```yaml lab=check\npod: web\nredy: true\n```\n");
    assert_eq!(
        problems[0].to_string(),
        "content/03-first.md:5:1: `redy` means nothing in a check; did you mean `ready`?"
    );
    let in_front = page("---\nlab: {checks: {run: [{pod: web}]}}\n---\n## Run\n");
    assert_eq!(in_front.steps[0].checks.len(), 1);
}

#[test]
fn hints_and_solutions_fold_and_only_solutions_are_done() {
    let text = "## S\n\n<details><summary>Hint</summary>\n\n```\nkubectl get pods\n```\n\n</details>\n\n\
                <details><summary>Solution</summary>\n\n```\nkubectl run web --image=nginx\n```\n\n</details>\n\nAfter.\n";
    let lesson = page(text);
    let html = &lesson.steps[0].html;
    assert!(html.contains("<details class=\"hint\">") && html.contains("<details class=\"solution\">"), "{html}");
    assert_eq!(html.matches("</details>").count(), 2);
    assert!(html.ends_with("<p>After.</p>"), "{html}");
    let lines: Vec<_> = lesson.commands().map(|command| command.line.as_str()).collect();
    assert_eq!(lines, ["kubectl run web --image=nginx"]);
    let short = page("## S\n\n<details><summary>Hint</summary>Look at `it`.</details>\n");
    assert!(short.steps[0].html.contains("Look at <code>it</code>."), "{}", short.steps[0].html);
}

#[test]
fn a_question_keeps_its_answers_to_itself() {
    let lesson = page("## S\n\nQuestion: *Which* one?\n\n- [x] This\n  - Because.\n- [ ] That\n\nText.\n");
    let quiz = &lesson.quizzes[0];
    assert_eq!((quiz.question.as_str(), quiz.place), ("<em>Which</em> one?", 3));
    assert_eq!((quiz.choices[0].right, quiz.choices[0].why.as_str()), (true, "Because."));
    let html = &lesson.steps[0].html;
    assert!(html.contains("<em>Which</em> one?") && html.contains("That") && html.ends_with("<p>Text.</p>"), "{html}");
    assert!(!html.contains("checked") && !html.contains("Because"), "{html}");
    let (_, problems) = page_and_problems("Question: a?\n\n- [ ] b\n");
    assert!(problems[0].message.contains("no right answer"));
}

#[test]
fn a_later_version_of_a_file_is_written_when_its_step_comes() {
    let text = format!(
        "## A\n\n```yaml title=\"a.yaml\"\n{POD}```\n\n## B\n\n```yaml title=\"a.yaml\" lab=broken\n{POD}spec: x\n```\n"
    );
    let lesson = page(&text);
    let Work::Write(second) = &lesson.steps[1].work[0] else { panic!("a file is written") };
    assert!(second.broken && second.file.text.ends_with("spec: x\n") && second.place == 13, "{second:?}");
    assert!(!lesson.files[0].text.contains("spec"));
}

#[test]
fn headings_may_choose_their_anchor_and_comments_give_a_step_its_time() {
    let lesson = page("## Erster Pod {#first-pod}\n\n<!-- lab: time=3m -->\n\nA. [up](#first-pod)\n");
    let step = &lesson.steps[0];
    assert_eq!((step.id.as_str(), step.title.as_str(), step.minutes), ("first-pod", "Erster Pod", Some(3)));
    assert!(!step.html.contains("lab:"), "{}", step.html);
}

#[test]
fn a_translation_is_shown_under_its_originals_anchors() {
    let original = ["first-pod".to_owned()];
    let around = Around { steps: &original, language: "de", ..Around::alone("03-first.de.md") };
    let text = "## Erster Pod\n\n[hinauf](#erster-pod)\n\n```yaml lab=check\npod: web\nready: true\n```\n";
    let (lesson, problems) = read(&around, text, &mut Painter::default());
    assert_eq!((lesson.id.as_str(), lesson.steps[0].id.as_str()), ("first", "first-pod"));
    assert!(lesson.steps[0].html.contains("href=\"#first-pod\""), "{}", lesson.steps[0].html);
    assert!(lesson.steps[0].html.contains("Pod web ist bereit"));
    assert_eq!(problems, []);
}

#[test]
fn comments_wish_for_the_next_block() {
    let lesson =
        page("<!-- lab: copy -->\n\n    kubectl get pods\n\n```bash expect=exit:1 timeout=2m\nkubectl get pd\n```\n");
    let commands: Vec<_> = lesson.commands().collect();
    assert!(!commands[0].runnable && commands[1].runnable);
    assert_eq!((commands[1].exit, commands[1].timeout), (Some(1), Some(120)));
}

#[test]
fn html_of_authors_is_kept_as_far_as_it_is_harmless() {
    let html = page("Press <kbd>Ctrl</kbd>.\n\n<table><tr><td onclick=\"x\">a</table>\n\n## S\n\nB\n");
    assert!(html.intro.contains("<kbd>Ctrl</kbd>") && html.intro.contains("<td>a</td>"), "{}", html.intro);
    assert_eq!(html.steps[0].html, "<p>B</p>");
}

#[test]
fn what_follows_a_command_that_opens_a_shell_is_typed_into_it_until_it_is_left() {
    let text = "## S\n\n```shell\nkubectl exec -it web -- sh\n```\n\nIn your shell:\n\n```shell\ncat /a\nls -l\n```\n\n```\nx\n```\n\n\
                Beside it:\n\n```shell\nkubectl get pods\n```\n\nThen\n\n```shell\nexit\n```\n\n```shell\ncat b\n```\n\n## T\n\n```shell\nls\n```\n";
    let (lesson, _) = read(&Around::alone("a.md"), text, &mut Painter::default());
    let told: Vec<(&str, bool, bool)> =
        lesson.commands().map(|command| (command.line.as_str(), command.typed, command.runnable)).collect();
    assert_eq!(
        told,
        [
            ("kubectl exec -it web -- sh", false, true),
            ("cat /a", true, false),
            ("ls -l", true, false),
            ("kubectl get pods", false, true),
            ("exit", true, false),
            ("cat b", false, true),
            ("ls", false, true),
        ]
    );
    assert_eq!(lesson.commands().nth(2).unwrap().expected.as_ref().unwrap().text, "x");
    assert!(lesson.steps[0].html.contains("data-typed=\"cat /a\""));
}

#[test]
fn steps_begin_where_the_author_wants_them() {
    let page = |steps: &str| format!("---\nlab: {{steps: {steps}}}\n---\n# L\n\n## A\n\n### B\n\nText.\n\n### C\n");
    let steps = |wish: &str| {
        let (lesson, problems) = read(&Around::alone("a.md"), &page(wish), &mut Painter::default());
        let ids: Vec<String> = lesson.steps.into_iter().map(|step| step.id).collect();
        (ids.join(" "), lesson.intro, problems.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(steps("h2").0, "a");
    let (thirds, intro, _) = steps("h3");
    assert_eq!((thirds.as_str(), intro.as_str()), ("b c", "<h2 id=\"a\">A</h2>"));
    let (none, all, _) = steps("none");
    assert!(none.is_empty() && all.contains("<h3 id=\"b\">B</h3>"), "{all}");
    assert_eq!(steps("h4").2, ["a.md:1:1: `steps` below `lab:` is one of h2, h3 or none"]);
}

#[test]
fn an_anchor_by_another_sites_rule_leads_to_its_heading() {
    let (lesson, problems) =
        read(&Around::alone("a.md"), "## What's next\n\n[There](#what-s-next)\n", &mut Painter::default());
    assert!(lesson.steps[0].html.contains("href=\"#whats-next\""), "{}", lesson.steps[0].html);
    assert_eq!(problems, []);
}
