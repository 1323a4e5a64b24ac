//! Under which address the server is known: cookies, origins, and links that leave the page.

use http::{HeaderMap, header, uri::Authority};

use crate::sessions::ids::Token;

/// How long a browser keeps the cookie: a course's length. The session behind it ends earlier.
const COOKIE_SECONDS: u32 = 90 * 24 * 3600;

/// The server's address as browsers see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// Whether browsers reach it by https.
    secure: bool,
    /// Host and port, if they are told; otherwise what each request says.
    authority: Option<String>,
    /// Whether only this machine's own names are answered: somebody else's name that leads here is a trick.
    local_only: bool,
}

impl Site {
    /// A site behind this address, such as `learn.example.org`.
    pub fn public(secure: bool, authority: String) -> Self {
        Self { secure, authority: Some(authority.to_ascii_lowercase()), local_only: false }
    }

    /// A site that is reached directly, by http. `loopback` is whether it listens on this machine's own address only.
    pub fn direct(loopback: bool) -> Self {
        Self { secure: false, authority: None, local_only: loopback }
    }

    /// The cookie's name. `__Host-` makes browsers refuse it from subdomains and over http.
    pub fn cookie_name(&self) -> &'static str {
        if self.secure { "__Host-podyard" } else { "podyard" }
    }

    /// What sets a session's cookie.
    pub fn set_cookie(&self, session: &Token) -> String {
        let secure = if self.secure { "; Secure" } else { "" };
        let (name, value) = (self.cookie_name(), session.as_str());
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={COOKIE_SECONDS}{secure}")
    }

    /// The session that a request's cookie names.
    pub fn session(&self, headers: &HeaderMap) -> Option<Token> {
        self.cookie(headers, self.cookie_name()).and_then(Token::parse)
    }

    /// The value of a cookie.
    pub fn cookie<'a>(&self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
        let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Whether browsers reach it by https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// `http://127.0.0.1:8080`: what a learner's own programs are told.
    pub fn base(&self, headers: &HeaderMap) -> Option<String> {
        let authority = self.authority.clone().or_else(|| host(headers))?;
        Some(format!("{}://{authority}", if self.secure { "https" } else { "http" }))
    }

    /// Whether a request comes from one of our own pages. Browsers send `Origin` with every websocket handshake, so
    /// one without it is none of ours.
    pub fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        let origin = headers.get(header::ORIGIN).and_then(|o| o.to_str().ok());
        origin.is_some_and(|origin| self.base(headers).is_some_and(|base| base.eq_ignore_ascii_case(origin)))
    }

    /// Whether the name by which a request calls us is one of ours. A foreign name that was made to point to this
    /// machine (DNS rebinding) would let its page pass as ours.
    pub fn answers_to(&self, headers: &HeaderMap) -> bool {
        let Some(host) = host(headers) else { return true };
        let Ok(authority) = host.parse::<Authority>() else { return false };
        let name = authority.host().trim_matches(['[', ']']);
        !self.local_only
            || name == "localhost"
            || name.ends_with(".localhost")
            || name.parse::<std::net::IpAddr>().is_ok()
    }
}

fn host(headers: &HeaderMap) -> Option<String> {
    headers.get(header::HOST).and_then(|h| h.to_str().ok()).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_cookie_is_found_among_others_and_flagged_by_the_scheme() {
        let token = Token::random();
        let (plain, secure) = (Site::direct(true), Site::public(true, "learn.example.org".into()));
        let sent = headers(&[(header::COOKIE, &format!("theme=dark; podyard={}; x=y", token.as_str()))]);
        assert_eq!(plain.session(&sent), Some(token.clone()));
        assert_eq!(secure.session(&sent), None);
        assert_eq!(plain.session(&headers(&[(header::COOKIE, "podyard=../x")])), None);
        let set = secure.set_cookie(&token);
        assert!(set.starts_with("__Host-podyard=") && set.ends_with("; Secure"), "{set}");
        assert!(set.contains("; HttpOnly; SameSite=Lax"));
        assert!(!plain.set_cookie(&token).contains("Secure"));
    }

    #[test]
    fn only_our_own_pages_are_same_origin() {
        let site = Site::direct(true);
        let ask = |origin: Option<&str>| {
            let mut sent = headers(&[(header::HOST, "127.0.0.1:8080")]);
            if let Some(origin) = origin {
                sent.insert(header::ORIGIN, origin.parse().unwrap());
            }
            site.is_same_origin(&sent)
        };
        assert!(ask(Some("http://127.0.0.1:8080")));
        for foreign in ["http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://evil.example", "null"] {
            assert!(!ask(Some(foreign)), "{foreign}");
        }
        assert!(!ask(None));
        let public = Site::public(true, "learn.example.org".into());
        let sent = headers(&[(header::HOST, "10.0.0.7:80"), (header::ORIGIN, "https://learn.example.org")]);
        assert!(public.is_same_origin(&sent));
    }

    #[test]
    fn a_foreign_name_for_this_machine_is_not_answered() {
        let answers = |site: &Site, host: &str| site.answers_to(&headers(&[(header::HOST, host)]));
        let local = Site::direct(true);
        for ours in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "podyard.localhost"] {
            assert!(answers(&local, ours), "{ours}");
        }
        assert!(!answers(&local, "evil.example:8080"));
        assert!(answers(&Site::direct(false), "classroom:8080"));
    }
}
