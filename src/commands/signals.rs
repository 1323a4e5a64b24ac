//! Ctrl-C and SIGTERM: the first ends everything in order, the second at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The exit code after a second signal: 128 + SIGINT.
const AT_ONCE: i32 = 130;

/// A token that the first signal cancels. The second ends the process: containers end with it, by the kernel, and the
/// next start removes what is left on disk.
pub(super) fn closing() -> std::io::Result<CancellationToken> {
    let mut signals = [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?];
    let closing = CancellationToken::new();
    let first = closing.clone();
    tokio::spawn(async move {
        any(&mut signals).await;
        tracing::info!("ending; once more ends at once");
        first.cancel();
        any(&mut signals).await;
        std::process::exit(AT_ONCE);
    });
    Ok(closing)
}

async fn any([interrupt, terminate]: &mut [Signal; 2]) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
