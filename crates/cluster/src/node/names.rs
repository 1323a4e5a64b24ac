//! The cluster's DNS: names of Services and Pods, as CoreDNS of a kind cluster answers for them
//! (github.com/kubernetes/dns, docs/specification.md). There is nothing beyond: other names can't be looked up.

mod message;
mod zone;

use std::net::Ipv4Addr;

use rand::seq::SliceRandom;

use self::{
    message::{Answer, Code, Data, Query, Record},
    zone::{Found, Zone},
};
use crate::{node::runtime::network::Names, store::Store};

/// Answers for a cluster's objects.
pub struct ClusterNames {
    store: Store,
}

impl ClusterNames {
    /// Names of what is in the store at the time of each question.
    pub fn new(store: Store) -> Self {
        Self { store }
    }
}

impl Names for ClusterNames {
    fn answer(&self, query: &[u8], limit: usize) -> Option<Vec<u8>> {
        let query = Query::read(query)?;
        let mut answer = respond(&query, &Zone { store: &self.store });
        // Clients take the first address; so each gets its turn.
        answer.records.shuffle(&mut rand::rng());
        answer.records.sort_by_key(|record| !matches!(record.data, Data::Name(_)));
        Some(answer.write(&query, limit))
    }
}

/// What a cluster's DNS says to a query.
fn respond(query: &Query, zone: &Zone<'_>) -> Answer {
    if query.operation != 0 {
        return Answer::refusal(Code::NotImplemented);
    }
    let labels: Vec<&str> = query.name.split('.').filter(|label| !label.is_empty()).collect();
    let found = match labels.as_slice() {
        [inside @ .., "cluster", "local"] => zone.find(inside),
        [d, c, b, a, "in-addr", "arpa"] => match [a, b, c, d].map(|label| label.parse::<u8>()) {
            [Ok(a), Ok(b), Ok(c), Ok(d)] => zone.reverse(Ipv4Addr::new(a, b, c, d)),
            _ => Found::Nothing,
        },
        [.., "in-addr" | "ip6", "arpa"] => Found::Nothing,
        // CoreDNS would ask the machine's own name server, which can't be reached from here. But that would not know what
        // was meant for a shorter search either.
        [.., last] if labels.len() == 1 || *last == "svc" || zone.has_namespace(last) => Found::Nothing,
        _ => return Answer::refusal(Code::ServerFailure),
    };
    match found {
        Found::Nothing => Answer::missing(),
        Found::Records(records) => Answer::of(wanted(records, query.kind)),
    }
}

/// The records of the kind that was asked for; a name that stands for another says so whatever is asked.
fn wanted(records: Vec<Record>, kind: u16) -> Vec<Record> {
    records.into_iter().filter(|record| record.data.answers(kind)).collect()
}

#[cfg(test)]
mod tests;
