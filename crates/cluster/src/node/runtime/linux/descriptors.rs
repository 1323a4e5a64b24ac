//! How many files the server may have open. Each container takes about five: its output, its log, what tells that it has
//! no memory. Most machines give a program 1024 unless it asks for what it may have.

use std::sync::Once;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Takes as many as this process may have.
pub(super) fn raise_the_limit() {
    static RAISED: Once = Once::new();
    RAISED.call_once(|| {
        let raised =
            getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
        if let Err(error) = raised {
            tracing::warn!(%error, "the limit of open files stays where it is: fewer containers fit");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_had_is_taken() {
        raise_the_limit();
        let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(now, most);
    }
}
