//! Signing in at an issuer of identities (OpenID Connect): the authorization code flow with PKCE, a state and a nonce.
//!
//! What an attempt has to remember goes with the browser, sealed ([`super::accounts`]): any replica takes it up again. The
//! issuer's description and keys are asked for at each sign-in, so that they may change.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use jiff::Timestamp;
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata},
};
use serde_json::{Map, Number, Value};

/// How long the issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long somebody may take to sign in there.
const ATTEMPT: Duration = Duration::from_mins(10);
/// The longest name of an account.
const MAX_NAME: usize = 100;

/// The issuer, and who of those it knows may hold workshops.
#[derive(Debug, Clone)]
pub struct Settings {
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

/// Why nobody is signed in. The words are the page's; what happened is in the log.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// The issuer does not answer, or not as it should.
    #[error("the issuer does not answer as it should: {0}")]
    Issuer(String),
    /// What comes back is not what this browser was sent away with, or it took too long.
    #[error("the answer does not belong to this browser's question")]
    Stale,
    /// The issuer says no, or the person has.
    #[error("the issuer refuses: {0}")]
    Refused(String),
    /// The token does not hold.
    #[error("the issuer's token does not hold: {0}")]
    Token(String),
    /// They are known, and not allowed.
    #[error("{0} is not allowed to hold workshops")]
    NotAllowed(String),
    /// They have no name that an account could have.
    #[error("the claim {0} is no name for an account")]
    NoName(String),
}

/// What the browser keeps while somebody signs in elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    until: i64,
    state: String,
    nonce: String,
    verifier: String,
}

impl Attempt {
    /// As a cookie can carry it; none of the parts has a dot.
    pub fn text(&self) -> String {
        let Self { until, state, nonce, verifier } = self;
        format!("{until}.{state}.{nonce}.{verifier}")
    }

    /// What [`Self::text`] gave, if its time is not over.
    pub fn read(text: &str, now: Timestamp) -> Option<Self> {
        let mut parts = text.split('.').map(str::to_owned);
        let until = parts.next()?.parse().ok().filter(|until| now.as_second() < *until)?;
        Some(Self { until, state: parts.next()?, nonce: parts.next()?, verifier: parts.next()? })
    }
}

/// A place to sign in at.
#[derive(Debug, Clone)]
pub struct Issuer {
    settings: Settings,
    http: Http,
}

/// How it is asked.
#[derive(Debug, Clone)]
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = BoxFuture<'c, Result<HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let mut answer = HttpResponse::default();
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            *answer.body_mut() = response.bytes().await?.to_vec();
            Ok(answer)
        })
    }
}

impl Issuer {
    /// Nothing is asked of it before somebody signs in.
    ///
    /// # Errors
    /// When there is no way to ask anything by TLS, in words.
    pub fn new(settings: Settings) -> Result<Self, String> {
        // Another part of the program may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Who answers with another address could have us ask anything of anybody.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(PATIENCE).build();
        Ok(Self { settings, http: Http(client.map_err(|error| error.to_string())?) })
    }

    /// What people know it as.
    pub fn host(&self) -> &str {
        let address = self.settings.issuer.split_once("://").map_or(self.settings.issuer.as_str(), |(_, rest)| rest);
        address.split('/').next().unwrap_or(address)
    }

    /// Where to send a browser that is to come back to `back`, and what it keeps meanwhile.
    ///
    /// # Errors
    /// When the issuer does not answer.
    pub async fn begin(&self, back: &str, now: Timestamp) -> Result<(String, Attempt), NotSignedIn> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = CoreClient::from_provider_metadata(self.metadata().await?, self.id(), self.secret());
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let ask = client.authorize_url(flow, CsrfToken::new_random, Nonce::new_random);
        let ask = ask.add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())));
        let back = redirect(back)?;
        let ask = ask.set_redirect_uri(std::borrow::Cow::Borrowed(&back)).set_pkce_challenge(challenge);
        let (address, state, nonce) = ask.url();
        let until = now.as_second().saturating_add(i64::try_from(ATTEMPT.as_secs()).unwrap_or(0));
        let (state, nonce) = (state.into_secret(), nonce.secret().clone());
        Ok((address.to_string(), Attempt { until, state, nonce, verifier: verifier.into_secret() }))
    }

    /// Who has signed in, if it is somebody who may hold workshops.
    ///
    /// # Errors
    /// Why nobody has.
    pub async fn finish(&self, attempt: Attempt, state: &str, code: &str, back: &str) -> Result<String, NotSignedIn> {
        if attempt.state != state {
            return Err(NotSignedIn::Stale);
        }
        let client = CoreClient::from_provider_metadata(self.metadata().await?, self.id(), self.secret());
        let back = redirect(back)?;
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
        let request = request.map_err(|error| NotSignedIn::Issuer(error.to_string()))?;
        let request = request
            .set_redirect_uri(std::borrow::Cow::Borrowed(&back))
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier));
        let answer =
            request.request_async(&self.http).await.map_err(|error| NotSignedIn::Refused(error.to_string()))?;
        let token = answer.extra_fields().id_token();
        let token = token.ok_or_else(|| NotSignedIn::Token("there is none".to_owned()))?;
        token
            .claims(&client.id_token_verifier(), &Nonce::new(attempt.nonce))
            .map_err(|error| NotSignedIn::Token(error.to_string()))?;
        // It holds, so that all of what it says does, also what no standard names.
        let claims = claims(&token.to_string()).ok_or_else(|| NotSignedIn::Token("it says nothing".to_owned()))?;
        account(&self.settings, &claims)
    }

    async fn metadata(&self) -> Result<CoreProviderMetadata, NotSignedIn> {
        let issuer = IssuerUrl::new(self.settings.issuer.clone());
        let issuer = issuer.map_err(|error| NotSignedIn::Issuer(error.to_string()))?;
        let found = CoreProviderMetadata::discover_async(issuer, &self.http).await;
        found.map_err(|error| NotSignedIn::Issuer(chain(&error)))
    }

    fn id(&self) -> ClientId {
        ClientId::new(self.settings.client.clone())
    }

    fn secret(&self) -> Option<ClientSecret> {
        self.settings.secret.clone().map(ClientSecret::new)
    }
}

fn redirect(back: &str) -> Result<RedirectUrl, NotSignedIn> {
    RedirectUrl::new(back.to_owned()).map_err(|error| NotSignedIn::Issuer(error.to_string()))
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What a token says, signature apart.
fn claims(token: &str) -> Option<Map<String, Value>> {
    let said = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(said).ok()?).ok()
}

/// The account of somebody whom the issuer describes so.
fn account(settings: &Settings, claims: &Map<String, Value>) -> Result<String, NotSignedIn> {
    let no_name = || NotSignedIn::NoName(settings.name.clone());
    let name = claims.get(&settings.name).and_then(Value::as_str).ok_or_else(no_name)?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '@' | '+');
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(plain) {
        return Err(no_name());
    }
    // An address that nobody has verified may be anybody's.
    let mails = settings.name == "email" || settings.allowed.iter().all(|(claim, _)| claim == "email");
    let unverified = mails && claims.get("email_verified").is_some_and(|verified| !is(verified, "true"));
    let allowed = settings.allowed.iter().any(|(claim, value)| claims.get(claim).is_some_and(|said| is(said, value)));
    if allowed && !unverified { Ok(name.to_owned()) } else { Err(NotSignedIn::NotAllowed(name.to_owned())) }
}

/// Whether a claim is a value, or a list that has it.
fn is(said: &Value, value: &str) -> bool {
    match said {
        Value::String(text) => text == value,
        Value::Array(all) => all.iter().any(|one| is(one, value)),
        Value::Bool(said) => value.parse() == Ok(*said),
        Value::Number(said) => value.parse::<Number>().is_ok_and(|value| value == *said),
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(allowed: &[(&str, &str)]) -> Settings {
        let allowed = allowed.iter().map(|(claim, value)| ((*claim).to_owned(), (*value).to_owned())).collect();
        let (issuer, client, name) = ("https://id.example.org/realms/x".into(), "podyard".into(), "email".into());
        Settings { issuer, client, secret: None, name, allowed }
    }

    fn who(settings: &Settings, claims: Value) -> Result<String, String> {
        account(settings, claims.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn who_has_one_of_the_claims_holds_workshops_under_their_name() {
        let settings = settings(&[("groups", "instructors"), ("email", "grace@example.org")]);
        let (ada, grace) = ("ada@example.org", "grace@example.org");
        assert_eq!(who(&settings, json!({"email": ada, "groups": ["x", "instructors"]})), Ok(ada.to_owned()));
        assert_eq!(who(&settings, json!({"email": grace, "email_verified": true})), Ok(grace.to_owned()));
        let refused = Err("grace@example.org is not allowed to hold workshops".to_owned());
        assert_eq!(who(&settings, json!({"email": grace, "email_verified": false})), refused);
        assert!(who(&settings, json!({"email": ada, "groups": "instructor"})).is_err());
        assert!(who(&settings, json!({"groups": "instructors"})).unwrap_err().contains("claim email"));
        assert!(who(&settings, json!({"groups": "instructors", "email": "a b;c"})).unwrap_err().contains("no name"));
    }

    #[test]
    fn an_attempt_is_what_it_was_until_its_time_is_over() {
        let attempt = Attempt { until: 100, state: "s".into(), nonce: "n".into(), verifier: "v".into() };
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(Attempt::read(&attempt.text(), at(99)), Some(attempt.clone()));
        assert_eq!(Attempt::read(&attempt.text(), at(100)), None);
        assert_eq!(Attempt::read("100.s.n", at(0)), None);
    }
}
