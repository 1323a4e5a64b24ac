use super::*;

fn args(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn known() -> Discovery {
    let one = |kind: &str, plural: &str, short: &str, categories: &[&str]| Resource {
        version: "v1".into(),
        kind: kind.into(),
        plural: plural.into(),
        singular: kind.to_lowercase(),
        short: vec![short.into()],
        categories: categories.iter().map(|&word| word.to_owned()).collect(),
        namespaced: true,
        ..Resource::default()
    };
    Discovery {
        resources: [one("Pod", "pods", "po", &["all"]), one("Service", "services", "svc", &["all"])].into(),
        ..Discovery::default()
    }
}

fn picks(text: &str, request: Request) -> Outcome<Vec<Pick>> {
    Words::read(&args(text), request.by_query())?.picks(&known(), Some("default".into()), &request)
}

fn wrong(text: &str, request: Request) -> String {
    picks(text, request).unwrap_err().text()
}

fn listing() -> Request {
    Request { list_alone: true, ..Request::default() }
}

#[test]
fn forms() {
    assert_eq!(picks("pods,svc", listing()).unwrap().len(), 2);
    assert_eq!(picks("all", listing()).unwrap().len(), 2);
    assert_eq!(picks("pods,svc a b", listing()).unwrap().len(), 4);
    assert!(matches!(&picks("po/web", listing()).unwrap()[..], [Pick::One(target)] if target.name == "web"));
}

#[test]
fn words_for_mistakes() {
    assert_eq!(wrong("podz", listing()), "error: the server doesn't have a resource type \"podz\"");
    assert_eq!(wrong("pods", Request::default()), "error: resource(s) were provided, but no name was specified");
    assert_eq!(
        wrong("pods/", Request::default()),
        "error: arguments in resource/name form must have a single resource and name"
    );
    assert_eq!(wrong("pod/a/b", listing()), "error: arguments in resource/name form may not have more than one slash");
    assert!(wrong("pod/web web", listing()).starts_with("error: there is no need to specify a resource type"));
    let all = |all_is_query| Request { all: true, all_is_query, ..Request::default() };
    assert_eq!(picks("pods web", all(false)).unwrap().len(), 1);
    assert_eq!(wrong("pods web", all(true)), "error: name cannot be provided when a selector is specified");
    let selecting = Request { selector: Some("a=b".into()), ..listing() };
    assert_eq!(wrong("pods web", selecting), "error: name cannot be provided when a selector is specified");
}
