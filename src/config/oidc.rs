//! Where instructors sign in, if not with a password.

use std::fmt;

use clap::Args;

use super::raw::Checker;

/// An issuer of identities (OpenID Connect), and who of those it knows may hold workshops.
#[derive(Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// Its address, as it calls itself.
    pub issuer: String,
    /// What it knows us as.
    pub client: String,
    /// With what we prove it; public clients have none.
    pub secret: Option<String>,
    /// The claim that says what an instructor is called.
    pub name: String,
    /// Claims and values: whoever has one of them holds workshops.
    pub allowed: Vec<(String, String)>,
}

/// Without the secret.
impl fmt::Debug for OidcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, client, secret: _, name, allowed } = self;
        f.debug_struct("OidcSettings")
            .field("issuer", issuer)
            .field("client", client)
            .field("name", name)
            .field("allowed", allowed)
            .finish_non_exhaustive()
    }
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Instructors who sign in elsewhere (OpenID Connect)")]
pub(super) struct OidcArgs {
    /// The issuer's address as it calls itself; it must send browsers back to /workshops/oidc/callback of this server
    #[arg(long, env = "PODYARD_OIDC_ISSUER", value_name = "URL")]
    oidc_issuer: Option<String>,
    /// The id under which the issuer knows this server
    #[arg(long, env = "PODYARD_OIDC_CLIENT", default_value = "", value_name = "ID")]
    oidc_client: String,
    /// The secret that belongs to it, if there is one
    #[arg(long, env = "PODYARD_OIDC_SECRET", value_name = "SECRET", hide_env_values = true)]
    oidc_secret: Option<String>,
    /// The claim that says what an instructor is called
    #[arg(long, env = "PODYARD_OIDC_NAME", default_value = "email", value_name = "CLAIM")]
    oidc_name: String,
    /// Who may hold workshops, such as groups=instructors or email=ada@example.org; may be said again, in the environment
    /// on lines of their own
    #[arg(long, env = "PODYARD_OIDC_ALLOW", value_name = "CLAIM=VALUE", value_delimiter = '\n')]
    oidc_allow: Vec<String>,
}

pub(super) fn check(args: OidcArgs, check: &mut Checker) -> Option<Option<OidcSettings>> {
    let OidcArgs { oidc_issuer, oidc_client, oidc_secret, oidc_name, oidc_allow } = args;
    let Some(issuer) = oidc_issuer.filter(|issuer| !issuer.is_empty()) else { return Some(None) };
    let client = if oidc_client.is_empty() { Err("must be given with --oidc-issuer".to_owned()) } else { Ok(()) };
    let client = check.take("--oidc-client", &oidc_client, client);
    let allowed = check.take("--oidc-allow", &oidc_allow.join(" "), allowed(&oidc_allow));
    check.take("--oidc-issuer", &issuer, address(&issuer))?;
    client?;
    let secret = oidc_secret.filter(|secret| !secret.is_empty());
    Some(Some(OidcSettings { issuer, client: oidc_client, secret, name: oidc_name, allowed: allowed? }))
}

/// Without TLS anybody on the way could sign in: only this machine is believed so.
fn address(text: &str) -> Result<(), String> {
    if !cfg!(feature = "oidc") {
        return Err(
            "can't be used: this podyard was built without OpenID Connect (cargo build --features oidc)".to_owned()
        );
    }
    let uri: http::Uri = text.parse().map_err(|_| "must look like https://accounts.example.org".to_owned())?;
    let near = uri.host().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
    match uri.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if near => Ok(()),
        _ => Err("must begin with https://, unless it is on this machine".to_owned()),
    }
}

/// An issuer may know the whole world: nobody gets in unless they are said to.
fn allowed(given: &[String]) -> Result<Vec<(String, String)>, String> {
    let given: Vec<&str> = given.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    if given.is_empty() {
        return Err("must say who may hold workshops, such as groups=instructors".to_owned());
    }
    let pair = |text: &str| match text.split_once('=') {
        Some((claim, value)) if !claim.is_empty() && !value.is_empty() => Ok((claim.to_owned(), value.to_owned())),
        _ => Err(format!("'{text}' must be CLAIM=VALUE, such as groups=instructors")),
    };
    given.into_iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_must_be_allowed_and_said_as_a_claim() {
        let given = |texts: &[&str]| allowed(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(given(&["groups=a=b"]), Ok(vec![("groups".to_owned(), "a=b".to_owned())]));
        assert!(given(&[]).unwrap_err().starts_with("must say who may hold workshops"));
        assert!(given(&["ada@example.org"]).unwrap_err().contains("must be CLAIM=VALUE"));
    }

    #[cfg(feature = "oidc")]
    #[test]
    fn issuers_are_reached_by_https_unless_they_are_here() {
        for good in ["https://accounts.example.org", "http://127.0.0.1:8443/realms/x", "http://localhost"] {
            assert_eq!(address(good), Ok(()), "{good}");
        }
        for bad in ["http://accounts.example.org", "accounts.example.org", "ftp://x"] {
            assert!(address(bad).unwrap_err().starts_with("must begin with https://"), "{bad}");
        }
    }

    #[cfg(not(feature = "oidc"))]
    #[test]
    fn a_build_without_it_says_so() {
        assert!(address("https://accounts.example.org").unwrap_err().contains("built without OpenID Connect"));
    }
}
