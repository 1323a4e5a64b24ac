//! A session's client: it acts with the session's own token and nothing else, and the token is renewed in time.

use std::sync::{Arc, RwLock};

use http::{HeaderValue, Request, header};
use k8s_openapi::api::{
    authentication::v1::{TokenRequest, TokenRequestSpec},
    core::v1::ServiceAccount,
};
use kube::{
    Api,
    api::PostParams,
    client::{Body, ClientBuilder},
    config::AuthInfo,
};
use tower::util::MapRequestLayer;

use super::objects::LEARNER;

/// How long a token is good, in seconds; API servers give none for less than ten minutes.
const GOOD_FOR: i64 = 3600;

/// The header of the newest token. Clones share it.
#[derive(Clone)]
pub(super) struct Bearer(Arc<RwLock<HeaderValue>>);

impl Bearer {
    /// Asks the cluster for a session's first token.
    pub(super) async fn of(keeper: &kube::Client, namespace: &str) -> kube::Result<Self> {
        Ok(Self(Arc::new(RwLock::new(ask(keeper, namespace).await?))))
    }

    /// Asks for the next.
    pub(super) async fn renew(&self, keeper: &kube::Client, namespace: &str) -> kube::Result<()> {
        let next = ask(keeper, namespace).await?;
        *self.0.write().expect("nothing panics while it holds a token") = next;
        Ok(())
    }

    fn header(&self) -> HeaderValue {
        self.0.read().expect("nothing panics while it holds a token").clone()
    }

    /// A client for the cluster of this configuration that has nothing of its credentials.
    pub(super) fn client(&self, config: &kube::Config, namespace: &str) -> kube::Result<kube::Client> {
        let mut config = config.clone();
        config.auth_info = AuthInfo::default();
        config.default_namespace = namespace.to_owned();
        let bearer = self.clone();
        let authorize = MapRequestLayer::new(move |mut request: Request<Body>| {
            request.headers_mut().insert(header::AUTHORIZATION, bearer.header());
            request
        });
        Ok(ClientBuilder::try_from(config)?.with_layer(&authorize).build())
    }
}

async fn ask(keeper: &kube::Client, namespace: &str) -> kube::Result<HeaderValue> {
    let accounts: Api<ServiceAccount> = Api::namespaced(keeper.clone(), namespace);
    let spec = TokenRequestSpec { expiration_seconds: Some(GOOD_FOR), ..TokenRequestSpec::default() };
    let request = TokenRequest { spec: Some(spec), ..TokenRequest::default() };
    let answer = accounts.create_token_request(LEARNER, &PostParams::default(), &request).await?;
    let token = answer.status.and_then(|status| status.token).unwrap_or_default();
    let mut header =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|e| kube::Error::Service(Box::new(e)))?;
    header.set_sensitive(true);
    Ok(header)
}
