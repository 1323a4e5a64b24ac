//! Lines of amounts: pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    describe::quantity::{nano, rounded_up},
    failure::text_at,
    output::{sort::sort, tabs},
};

/// Bytes in the unit that memory is shown in: 1 MiB.
const MIB: i128 = 1 << 20;
const UNKNOWN: &str = "<unknown>\t<unknown>\t";

/// What somebody uses, in billionths of a CPU and of a byte; `None` where nobody says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub cpu: Option<i128>,
    pub memory: Option<i128>,
    pub swap: Option<i128>,
}

impl Used {
    pub fn read(amounts: &Value) -> Self {
        let amount = |name: &str| nano(amounts[name].as_str()?);
        Self { cpu: amount("cpu"), memory: amount("memory"), swap: amount("swap") }
    }

    fn plus(self, other: Self) -> Self {
        let add = |a: Option<i128>, b: Option<i128>| Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0)));
        Self { cpu: add(self.cpu, other.cpu), memory: add(self.memory, other.memory), swap: add(self.swap, other.swap) }
    }

    fn key(self, sort: Sort) -> i128 {
        match sort {
            Sort::Name => 0,
            Sort::Cpu => rounded_up(self.cpu.unwrap_or(0), 1_000_000),
            Sort::Memory => whole(self.memory),
        }
    }
}

fn whole(amount: Option<i128>) -> i128 {
    rounded_up(amount.unwrap_or(0), 1_000_000_000)
}

/// Whether a node says how much swap it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swap {
    Known,
    Unknown,
}

/// What a Pod uses.
#[derive(Debug)]
pub(super) struct PodUse {
    namespace: String,
    name: String,
    containers: Vec<(String, Used)>,
}

impl PodUse {
    pub fn read(metrics: &Value) -> Self {
        let text = |pointer| text_at(metrics, pointer).to_owned();
        let containers = metrics["containers"].as_array().into_iter().flatten();
        Self {
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            containers: containers.map(|one| (text_at(one, "/name").to_owned(), Used::read(&one["usage"]))).collect(),
        }
    }

    fn total(&self) -> Used {
        self.containers.iter().fold(Used::default(), |sum, (_, used)| sum.plus(*used))
    }
}

/// What a node uses of what it has.
#[derive(Debug)]
pub(super) struct NodeUse {
    name: String,
    used: Used,
    available: Used,
    swap: Swap,
}

impl NodeUse {
    /// Reads what was measured, and takes what the node has out of `there`.
    pub fn read(metrics: &Value, there: &mut BTreeMap<String, (Used, Swap)>) -> Self {
        let name = text_at(metrics, "/metadata/name").to_owned();
        let (available, swap) = there.remove(&name).unwrap_or((Used::default(), Swap::Known));
        Self { name, used: Used::read(&metrics["usage"]), available, swap }
    }
}

/// By what lines are sorted; amounts with the largest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Sort {
    #[default]
    Name,
    Cpu,
    Memory,
}

/// What the lines show.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub headers: bool,
    pub namespaces: bool,
    pub containers: bool,
    pub swap: bool,
    pub sum: bool,
    pub sort: Sort,
}

impl Layout {
    /// The lines of Pods.
    pub fn pods(&self, mut pods: Vec<PodUse>) -> String {
        let namespace = |pod: &PodUse| if self.namespaces { pod.namespace.clone() } else { String::new() };
        sort(&mut pods, |a, b| match self.sort {
            Sort::Name => (namespace(a), &a.name) < (namespace(b), &b.name),
            by => a.total().key(by) > b.total().key(by),
        });
        let mut text = String::new();
        let columns = if self.headers { self.pod_header(&mut text) } else { self.pod_columns().len() };
        for pod in &mut pods {
            self.pod(&mut text, pod);
        }
        if self.sum {
            let total = pods.iter().fold(Used::default(), |sum, pod| sum.plus(pod.total()));
            text.push_str(&"\t".repeat(columns - 2));
            text.push_str("________\t________\t\n");
            text.push_str(&"\t".repeat(columns - 2));
            text.push_str(&self.amounts(total, None));
            text.push('\n');
        }
        aligned(&text)
    }

    fn pod_columns(&self) -> Vec<&'static str> {
        let swap = self.swap.then_some("SWAP(bytes)");
        ["NAME", "CPU(cores)", "MEMORY(bytes)"].into_iter().chain(swap).collect()
    }

    fn pod_header(&self, text: &mut String) -> usize {
        let before = [(self.namespaces, "NAMESPACE"), (self.containers, "POD")];
        let names: Vec<&str> =
            before.iter().filter(|(on, _)| *on).map(|(_, name)| *name).chain(self.pod_columns()).collect();
        names.iter().for_each(|name| text.push_str(&format!("{name}\t")));
        text.push('\n');
        names.len()
    }

    fn pod(&self, text: &mut String, pod: &mut PodUse) {
        let namespace = if self.namespaces { format!("{}\t", pod.namespace) } else { String::new() };
        if !self.containers {
            text.push_str(&format!("{namespace}{}\t{}\n", pod.name, self.amounts(pod.total(), None)));
            return;
        }
        sort(&mut pod.containers, |(a, of_a), (b, of_b)| match self.sort {
            Sort::Name => a < b,
            by => of_a.key(by) > of_b.key(by),
        });
        for (name, used) in &pod.containers {
            text.push_str(&format!("{namespace}{}\t{name}\t{}\n", pod.name, self.amounts(*used, None)));
        }
    }

    /// The lines of nodes; `silent` are those that were not measured.
    pub fn nodes(&self, mut nodes: Vec<NodeUse>, silent: impl Iterator<Item = String>) -> String {
        sort(&mut nodes, |a, b| match self.sort {
            Sort::Name => a.name < b.name,
            by => a.used.key(by) > b.used.key(by),
        });
        let mut text = String::new();
        if self.headers {
            text.push_str("NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t");
            text.push_str(if self.swap { "SWAP(bytes)\tSWAP(%)\t\n" } else { "\n" });
        }
        for node in &nodes {
            text.push_str(&format!("{}\t{}\n", node.name, self.amounts(node.used, Some((node.available, node.swap)))));
        }
        let resources = if self.swap { 3 } else { 2 };
        silent.for_each(|name| text.push_str(&format!("{name}\t{}\n", UNKNOWN.repeat(resources))));
        aligned(&text)
    }

    fn amounts(&self, used: Used, available: Option<(Used, Swap)>) -> String {
        let (there, swap) = available.unwrap_or((Used::default(), Swap::Known));
        let mut text = format!("{}m\t{}", rounded_up(used.cpu.unwrap_or(0), 1_000_000), share(used.cpu, there.cpu));
        text.push_str(&format!("{}Mi\t{}", whole(used.memory) / MIB, share(used.memory, there.memory)));
        match swap {
            _ if !self.swap => {}
            Swap::Unknown => text.push_str(UNKNOWN),
            Swap::Known => {
                text.push_str(&format!("{}Mi\t{}", whole(used.swap) / MIB, share(used.swap, there.swap)));
            }
        }
        text
    }
}

/// Hundredths of what is there, with the end of its cell; nothing where nobody says what is there.
fn share(used: Option<i128>, available: Option<i128>) -> String {
    let used = used.unwrap_or(0);
    available.map_or_else(String::new, |available| {
        format!("{}%\t", if available == 0 { 0 } else { used.saturating_mul(100) / available })
    })
}

/// As kubectl's tab writer does it.
fn aligned(text: &str) -> String {
    tabs::align(text, 6, 3)
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use serde_json::json;

    use super::*;

    fn pods() -> Vec<PodUse> {
        [
            json!({"metadata": {"name": "web", "namespace": "b"}, "containers": [
                {"name": "main", "usage": {"cpu": "1500001n", "memory": "8Mi"}},
                {"name": "helper", "usage": {"cpu": "7m", "memory": "1024Ki"}},
            ]}),
            json!({"metadata": {"name": "a", "namespace": "c"}, "containers": [
                {"name": "main", "usage": {"cpu": "1", "memory": "512Mi", "swap": "3Mi"}},
            ]}),
        ]
        .iter()
        .map(PodUse::read)
        .collect()
    }

    /// Blanks at the ends are part of what kubectl prints.
    fn shown(text: &str) -> String {
        text.replace("\n", "|\n")
    }

    #[test]
    fn pods_by_name_and_by_amount() {
        let layout = Layout { headers: true, ..Layout::default() };
        assert_snapshot!(shown(&layout.pods(pods())), @r"
        NAME   CPU(cores)   MEMORY(bytes)   |
        a      1000m        512Mi           |
        web    9m           9Mi             |
        ");
        let layout =
            Layout { headers: true, containers: true, namespaces: true, sum: true, swap: true, sort: Sort::Memory };
        assert_snapshot!(shown(&layout.pods(pods())), @r"
        NAMESPACE   POD   NAME     CPU(cores)   MEMORY(bytes)   SWAP(bytes)   |
        c           a     main     1000m        512Mi           3Mi           |
        b           web   main     2m           8Mi             0Mi           |
        b           web   helper   7m           1Mi             0Mi           |
                                                ________        ________      |
                                                1009m           521Mi         3Mi   |
        ");
    }

    #[test]
    fn without_headers_the_sum_stands_where_kubectl_puts_it() {
        let layout = Layout { namespaces: true, sum: true, ..Layout::default() };
        assert_snapshot!(shown(&layout.pods(pods())), @r"
        b     web        9m         9Mi     |
        c     a          1000m      512Mi   |
              ________   ________   |
              1009m      521Mi      |
        ");
    }

    #[test]
    fn nodes_with_their_share() {
        let have = json!({"cpu": "2", "memory": "4Gi"});
        let mut there = BTreeMap::from([
            ("n".to_owned(), (Used::read(&have), Swap::Unknown)),
            ("silent".to_owned(), (Used::default(), Swap::Unknown)),
        ]);
        let metrics = json!({"metadata": {"name": "n"}, "usage": {"cpu": "150m", "memory": "1Gi"}});
        let nodes = vec![NodeUse::read(&metrics, &mut there)];
        let layout = Layout { headers: true, swap: true, ..Layout::default() };
        assert_snapshot!(shown(&layout.nodes(nodes, there.into_keys())), @r"
        NAME     CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   SWAP(bytes)   SWAP(%)     |
        n        150m         7%          1024Mi          25%         <unknown>     <unknown>   |
        silent   <unknown>    <unknown>   <unknown>       <unknown>   <unknown>     <unknown>   |
        ");
    }
}
