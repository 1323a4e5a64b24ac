//! The order of a merged list.

use serde_json::Value;

/// What tells a list's items apart.
#[derive(Debug, Clone, Copy)]
pub(super) enum Identity<'a> {
    /// The value of this field.
    Key(&'a str),
    /// The item itself.
    Itself,
}

impl Identity<'_> {
    fn same(self, a: &Value, b: &Value) -> bool {
        match self {
            Self::Key(key) => a.get(key) == b.get(key),
            Self::Itself => a == b,
        }
    }

    fn position(self, list: &[Value], item: &Value) -> Option<usize> {
        list.iter().position(|other| self.same(other, item))
    }
}

/// Puts the items that the patch names into its order, and weaves in those it does not name: one of them goes first only
/// where it stood before the named one on the server. Named items that are new to the server thus come early.
pub(super) fn arrange(merged: Vec<Value>, server: &[Value], order: &[Value], identity: Identity<'_>) -> Vec<Value> {
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| identity.position(order, item).is_some());
    named.sort_by_key(|item| identity.position(order, item));
    others.sort_by_key(|item| identity.position(server, item));
    let mut arranged = Vec::with_capacity(named.len() + others.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (None, None) => return arranged,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(named)) => {
                let places = identity.position(server, other).zip(identity.position(server, named));
                places.is_some_and(|(other, named)| other < named)
            }
        };
        arranged.extend(if other_first { others.next() } else { named.next() });
    }
}
