//! The terminal that kubectl was started on, for `exec -it` and `attach -it`.

use std::{
    io::{IsTerminal as _, stdin, stdout},
    os::fd::AsRawFd as _,
    sync::Arc,
};

use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use podyard_kubectl::env::Terminal;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// What a terminal is taken for that does not say how large it is.
const USUAL_SIZE: (u16, u16) = (80, 24);

nix::ioctl_read_bad!(window_size, nix::libc::TIOCGWINSZ, nix::libc::winsize);

/// The terminal, if standard input and output are one.
pub(super) fn open() -> Option<Terminal> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return None;
    }
    let (sizes, size) = watch::channel(current_size());
    if let Ok(mut changes) = signal(SignalKind::window_change()) {
        tokio::spawn(async move { while changes.recv().await.is_some() && sizes.send(current_size()).is_ok() {} });
    }
    Some(Terminal { size, raw: Arc::new(|| Box::new(Raw::enter())) })
}

fn current_size() -> (u16, u16) {
    let mut size = nix::libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ writes one winsize to the address it is given, and `size` is one.
    match unsafe { window_size(stdout().as_raw_fd(), &raw mut size) } {
        Ok(_) if size.ws_col > 0 => (size.ws_col, size.ws_row),
        _ => USUAL_SIZE,
    }
}

/// A terminal in raw mode; as it was before when this is dropped.
struct Raw(Option<Termios>);

impl Raw {
    fn enter() -> Self {
        let Ok(before) = tcgetattr(stdin()) else { return Self(None) };
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        Self(tcsetattr(stdin(), SetArg::TCSANOW, &raw).is_ok().then_some(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // There is nobody left to tell if the terminal has gone.
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, before);
        }
    }
}
