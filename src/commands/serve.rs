//! `podyard serve`.

use tokio::select;

use super::{say, signals};
use crate::{app::App, config::Config};

/// Serves until a signal comes.
pub(super) async fn run(config: Config) -> anyhow::Result<u8> {
    let closing = signals::closing()?;
    let sandbox = config.sandboxes.sandbox;
    let app = select! {
        app = App::build(config, closing.clone()) => app?,
        () = closing.cancelled() => return Ok(0),
    };
    say(&format!("Podyard is ready at http://{} (sandbox: {sandbox})", app.address()))?;
    for caveat in app.caveats() {
        tracing::warn!("{caveat}");
    }
    app.run().await;
    Ok(0)
}
