//! What the commands and flags are for, in our own words.

use super::Command;

/// What a command does.
pub fn about(command: &Command) -> String {
    match command.path {
        "create secret" => "Create a secret with specified type.\n\n A docker-registry type secret is for accessing a container registry.\n\n A generic type secret indicate an Opaque secret type.\n\n A tls type secret holds TLS certificate and its associated key.".to_owned(),
        _ => format!("{}.", command.short),
    }
}

/// Command lines to try.
pub fn examples(path: &str) -> &'static str {
    match path {
        "get" => {
            "  # All Pods of the namespace\n  kubectl get pods\n  \n  # With address and node\n  kubectl get pods -o wide\n  \n  # One Pod as it is stored\n  kubectl get pod web -o yaml\n  \n  # What changes, as it changes\n  kubectl get pods -w"
        }
        "run" => {
            "  # A Pod of one container\n  kubectl run web --image=nginx\n  \n  # A Pod that does one thing and ends\n  kubectl run hello --image=busybox --restart=Never -- echo \"Hello World\""
        }
        "logs" => {
            "  # What the only container of a Pod has written\n  kubectl logs web\n  \n  # What the run before the last restart has written\n  kubectl logs web --previous\n  \n  # What it writes, as it is written\n  kubectl logs -f web"
        }
        "describe" => "  # All about one Pod, with its events\n  kubectl describe pod web",
        "apply" => {
            "  # Make the cluster match a file\n  kubectl apply -f pod.yaml\n  \n  # See what would happen\n  kubectl apply -f pod.yaml --dry-run=server"
        }
        "create" => "  # Make what a file describes\n  kubectl create -f pod.yaml",
        "delete" => {
            "  # One Pod by name\n  kubectl delete pod web\n  \n  # What a file describes\n  kubectl delete -f pod.yaml\n  \n  # All Pods with a label, at once\n  kubectl delete pods -l app=web --now"
        }
        "exec" => {
            "  # One command in a container\n  kubectl exec web -- ls /\n  \n  # A shell\n  kubectl exec -it web -- sh"
        }
        "port-forward" => "  # Port 5000 here is port 5000 of the Pod\n  kubectl port-forward pod/web 5000:5000",
        "wait" => "  # Until a Pod is ready\n  kubectl wait --for=condition=Ready pod/web --timeout=30s",
        _ => "",
    }
}

/// What a flag does.
pub fn flag(name: &str) -> &'static str {
    match name {
        "all" => "All objects of the given types in the namespace.",
        "all-containers" => "The logs of all containers of the Pod.",
        "all-namespaces" => "In all namespaces; the namespace of the context or of --namespace does not count.",
        "allow-missing-template-keys" => {
            "Whether a template may name fields that an object does not have (go-template and jsonpath)."
        }
        "annotations" => "Annotations of the Pod.",
        "attach" => "Wait for the Pod and attach to it.",
        "cascade" => "What becomes of the objects that depend on it: \"background\", \"foreground\" or \"orphan\".",
        "chunk-size" => "How many objects are asked for at once; 0 for all.",
        "command" => "The words after -- are the command, not its arguments.",
        "container" => "Name of the container.",
        "dry-run" => {
            "\"none\", \"client\" (only print what would be sent) or \"server\" (ask the server, store nothing)."
        }
        "env" => "Environment variables as NAME=value.",
        "field-manager" => "Under which name the server records who owns the fields.",
        "field-selector" => "Only objects whose fields fit, as in metadata.name=web; =, == and != are known.",
        "filename" => "Files, folders or URLs with manifests; - is standard input.",
        "follow" => "Go on as more is written.",
        "force" => "At once: with --grace-period=0 nothing is waited for.",
        "grace-period" => "Seconds a Pod has to stop; negative leaves it to the Pod.",
        "ignore-not-found" => "It is no error when an object does not exist.",
        "image" => "The image of the container.",
        "image-pull-policy" => "When the image is pulled: Always, IfNotPresent or Never.",
        "kustomize" => "A kustomization folder.",
        "label-columns" => "A column for each of these labels.",
        "labels" => "Labels, separated by commas.",
        "namespace" => "The namespace of this call.",
        "no-headers" => "Without the line of column names.",
        "now" => "Stop within a second.",
        "output" => {
            "The form of the output: json, yaml, name, jsonpath=…, go-template=…, and wide or custom-columns=… where rows are printed."
        }
        "port" => "The port.",
        "prefix" => "Put the Pod and container before each line.",
        "previous" => "The run before the last restart.",
        "quiet" => "Say less.",
        "recursive" => "Also the folders below.",
        "replicas" => "How many there shall be.",
        "restart" => "The restart policy: Always, OnFailure or Never.",
        "rm" => "Delete the Pod when the attached session ends.",
        "selector" => "Only objects with these labels: a=b, a!=b, a, !a, a in (b,c), a notin (b).",
        "show-events" => "With the events.",
        "show-kind" => "Put the kind before the names.",
        "show-labels" => "A last column with all labels.",
        "show-managed-fields" => "Keep managedFields in YAML and JSON.",
        "since" => "Only what is newer than this: 5s, 2m, 3h.",
        "since-time" => "Only what is newer than this time (RFC 3339).",
        "sort-by" => "Sort by this field, as a JSONPath: .metadata.name",
        "stdin" => "Pass standard input on.",
        "tail" => "How many of the last lines; -1 for all.",
        "template" => "The template for -o go-template or -o jsonpath.",
        "timeout" => "How long to wait; 0 for as long as it takes.",
        "timestamps" => "A time before each line.",
        "tty" => "Give the container a terminal.",
        "validate" => "\"strict\" refuses unknown fields, \"warn\" tells of them, \"ignore\" does neither.",
        "wait" => "Wait until it is done.",
        "watch" => "Go on as objects change.",
        "watch-only" => "Only what changes from now on.",
        _ => "See the reference of kubectl 1.36.",
    }
}
