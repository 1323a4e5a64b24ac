use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

fn line(text: &str) -> Parsed {
    parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

fn run(text: &str) -> Matches {
    match line(text) {
        Parsed::Run(matches) => *matches,
        other => panic!("{other:?}"),
    }
}

fn wrong(text: &str) -> String {
    match line(text) {
        Parsed::Wrong(text) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn flags_in_all_their_forms() {
    let m = run("-n blue get po web -oyaml --show-labels --sort-by=.x -l a=b -L x,y -L z");
    assert_eq!((m.command.path, m.text("namespace"), m.text("output")), ("get", "blue", "yaml"));
    assert!(m.on("show-labels") && !m.on("watch"));
    assert_eq!(m.list("label-columns"), ["x", "y", "z"]);
    assert_eq!(m.args, ["po", "web"]);
}

#[test]
fn after_two_dashes_all_is_argument() {
    let m = run("run box --image=busybox -- echo -n hi");
    assert_eq!(
        (m.before_dash(), m.after_dash()),
        (&["box".to_owned()][..], &["echo".into(), "-n".into(), "hi".into()][..])
    );
    assert_eq!(run("exec -it web -- sh").after_dash(), ["sh"]);
}

#[test]
fn flags_with_a_bare_value() {
    assert_eq!(run("apply --dry-run -f x").text("dry-run"), "unchanged");
    assert_eq!(run("apply -f x").text("validate"), "strict");
}

#[test]
fn help_is_a_flag() {
    assert!(
        matches!(line("get --help"), Parsed::Help("get")) && matches!(line("get --help=true x"), Parsed::Help("get"))
    );
    assert!(matches!(line("get --help=false pods"), Parsed::Run(_)));
    assert!(wrong("get --help=x").starts_with("invalid argument \"x\" for \"-h, --help\" flag: strconv.ParseBool"));
}

#[test]
fn words_for_mistakes() {
    assert_snapshot!(wrong("get pods --nosuchflag"), @r"
    unknown flag: --nosuchflag
    See 'kubectl get --help' for usage.
    ");
    assert_snapshot!(wrong("get pods -q"), @r"
    unknown shorthand flag: 'q' in -q
    See 'kubectl get --help' for usage.
    ");
    assert_snapshot!(wrong("apply -f"), @r"
    flag needs an argument: 'f' in -f
    See 'kubectl apply --help' for usage.
    ");
    assert_snapshot!(wrong("logs duo --tail=abc"), @r#"
    invalid argument "abc" for "--tail" flag: strconv.ParseInt: parsing "abc": invalid syntax
    See 'kubectl logs --help' for usage.
    "#);
    assert_snapshot!(wrong("create secret opaque x"), @r#"
    unknown command "opaque x"
    See 'kubectl create secret -h' for help and examples
    "#);
}

#[test]
fn help_is_found() {
    assert!(matches!(line("help create secret"), Parsed::Help("create secret")));
    assert!(matches!(line("get pods -h"), Parsed::Help("get")));
    assert!(matches!(line(""), Parsed::Help("")));
    assert!(matches!(line("create secret"), Parsed::Group(_)));
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(words in proptest::collection::vec("(-{0,3}[a-zA-Z=.,/é]{0,6}|get|create|secret|-o|--)", 0..6)) {
        let _ = parse(&words);
    }
}
