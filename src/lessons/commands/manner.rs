//! How a command goes about its work: whether it only looks, and whether it ever ends.

/// How a command goes about its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// It changes something: it is run once.
    Does,
    /// It only looks: a learner who is too early looks again.
    Looks,
    /// It goes on until somebody ends it.
    Streams,
    /// It holds a port open for the commands after it.
    Forwards,
}

/// Verbs of kubectl that change nothing. `exec` is among them, as lessons look into containers with it.
const LOOKS: [&str; 15] = [
    "get",
    "describe",
    "logs",
    "events",
    "top",
    "explain",
    "api-resources",
    "api-versions",
    "version",
    "cluster-info",
    "config",
    "auth",
    "exec",
    "diff",
    "wait",
];

/// Other programs of the console that change nothing.
const READERS: [&str; 14] =
    ["cat", "ls", "pwd", "echo", "grep", "head", "tail", "wc", "sort", "sleep", "curl", "clear", "help", "true"];

/// Tells it from the line.
pub fn of(line: &str) -> Manner {
    let first = line.lines().next().unwrap_or_default();
    if let Some(inner) = super::substituted(first) {
        return of(inner);
    }
    let words: Vec<String> =
        shlex::split(first).unwrap_or_else(|| first.split_whitespace().map(str::to_owned).collect());
    let parts = words.split(|word| matches!(word.as_str(), "|" | "||" | "&&" | ";" | "&"));
    let manners: Vec<Manner> = parts.filter(|part| !part.is_empty()).map(of_part).collect();
    let any = |manner: Manner| manners.contains(&manner);
    if any(Manner::Forwards) {
        Manner::Forwards
    } else if any(Manner::Streams) {
        // `… -w | head -3` ends by itself.
        if words.iter().any(|word| word == "head") { Manner::Does } else { Manner::Streams }
    } else if any(Manner::Does) {
        Manner::Does
    } else {
        Manner::Looks
    }
}

fn of_part(words: &[String]) -> Manner {
    let mut words = words.iter().map(String::as_str).skip_while(|word| super::is_assignment(word));
    let Some(program) = words.next() else { return Manner::Looks };
    let own: Vec<&str> = words.take_while(|word| *word != "--").collect();
    match program {
        "kubectl" | "k" => of_kubectl(&own),
        "watch" => Manner::Streams,
        program if READERS.contains(&program) => Manner::Looks,
        _ => Manner::Does,
    }
}

fn of_kubectl(words: &[&str]) -> Manner {
    let has = |flags: &[&str]| {
        words.iter().any(|word| flags.contains(word) || flags.iter().any(|flag| *word == format!("{flag}=true")))
    };
    let verb = words.iter().find(|word| !word.starts_with('-')).copied().unwrap_or_default();
    match verb {
        "port-forward" | "proxy" => Manner::Forwards,
        "get" | "events" if has(&["-w", "--watch", "--watch-only"]) => Manner::Streams,
        "logs" if has(&["-f", "--follow"]) => Manner::Streams,
        "attach" => Manner::Streams,
        "rollout" if words.iter().any(|word| matches!(*word, "status" | "history")) => Manner::Looks,
        verb if LOOKS.contains(&verb) => Manner::Looks,
        _ => Manner::Does,
    }
}

/// The port on the learner's own machine that a `port-forward` holds open.
pub fn local_port(line: &str) -> Option<&str> {
    let pair = line.split_whitespace().skip_while(|word| *word != "port-forward").skip(1);
    let mut ports = pair.filter(|word| word.split(':').all(|part| part.parse::<u16>().is_ok()));
    ports.next().and_then(|word| word.split(':').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_doing_and_going_on_are_told_apart() {
        for (line, manner) in [
            ("kubectl get pods", Manner::Looks),
            ("kubectl get pods -w", Manner::Streams),
            ("k logs -f web", Manner::Streams),
            ("kubectl logs web --previous | grep x", Manner::Looks),
            ("kubectl get pods -w | head -3", Manner::Does),
            ("kubectl apply -f a.yaml", Manner::Does),
            ("kubectl delete pod web && kubectl get pods", Manner::Does),
            ("kubectl exec web -- rm -f x", Manner::Looks),
            ("kubectl rollout status deployment/web", Manner::Looks),
            ("kubectl rollout undo deployment/web", Manner::Does),
            ("kubectl port-forward pod/web 8080:80", Manner::Forwards),
            ("cat <<EOF | kubectl apply -f -\nx\nEOF", Manner::Does),
            ("watch kubectl get pods", Manner::Streams),
            ("A=1", Manner::Looks),
            ("POD=$(kubectl get pods -o name)", Manner::Looks),
            ("POD=$(kubectl create -f a.yaml -o name)", Manner::Does),
        ] {
            assert_eq!(of(line), manner, "{line}");
        }
    }

    #[test]
    fn a_forward_names_its_port() {
        assert_eq!(local_port("kubectl port-forward pod/web 8080:80"), Some("8080"));
        assert_eq!(local_port("kubectl port-forward --address 0.0.0.0 web 80"), Some("80"));
        assert_eq!(local_port("kubectl get pods"), None);
    }
}
