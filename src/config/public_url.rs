//! The address under which learners reach the server.

/// Scheme and authority, such as `https://learn.example.org`; nothing after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Whether it is https, which decides on the cookie's flags.
    pub secure: bool,
    /// Host and, unless it is the scheme's own, port.
    pub authority: String,
}

impl PublicUrl {
    /// Reads one; the error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "must look like https://learn.example.org, without a path";
        let uri: http::Uri = text.parse().map_err(|_| SHAPE.to_owned())?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(SHAPE.to_owned()),
        };
        let authority = uri.authority().ok_or(SHAPE)?.as_str().to_ascii_lowercase();
        if uri.path() != "/" || uri.query().is_some() || authority.contains('@') {
            return Err(SHAPE.to_owned());
        }
        Ok(Self { secure, authority })
    }

    /// What browsers send as `Origin`.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.authority)
    }
}
