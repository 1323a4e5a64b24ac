use super::*;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\n";

fn page(text: &str) -> Lesson {
    page_and_problems(text).0
}

fn page_and_problems(text: &str) -> (Lesson, Vec<Problem>) {
    let links = |path: &str| (path == "other.md").then(|| "/lessons/other".to_owned());
    read("content/03-first.md", text, &links, &mut Painter::default())
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
    assert_eq!(lesson.steps[0].commands.len(), 1);
    assert_eq!(lesson.steps[0].commands[0].expected.as_deref(), Some("NAME   AGE\nweb    2s"));
    assert_eq!(lesson.steps[0].commands[0].place, 3);
    assert_eq!(lesson.steps[0].html.matches("class=\"group\"").count(), 1);
    assert!(lesson.steps[0].html.contains("<i class=\"any\">2s</i>"));
}

#[test]
fn an_output_after_a_sentence_still_belongs_to_the_command() {
    let lesson = page("## S\n\n    $ kubectl logs web\n\nIt answers:\n\n    Hello World\n");
    assert_eq!(lesson.steps[0].commands[0].expected.as_deref(), Some("Hello World"));
    assert!(lesson.steps[0].html.contains("Expected output"));
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
