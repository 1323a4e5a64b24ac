//! A headless Chromium, driven through its own driver; each with an empty profile.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};

/// `chromedriver`, ended when dropped.
pub struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// When Debian's `chromium-driver` is not installed: a click that was not made must not look like one that worked.
    pub fn start() -> Self {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is missing: run tools/setup test");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let port = stdout.lines().map_while(Result::ok).find_map(|line| port_of(&line)).expect("it names its port");
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }

    /// A browser window of its own, with cookies of its own.
    pub async fn browser(&self, width: u32, height: u32) -> Browser {
        let profile = tempfile::tempdir().expect("a temporary directory can be made");
        let mut wishes = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ] {
            wishes.add_arg(argument).expect("a plain argument");
        }
        wishes.add_arg(&format!("--user-data-dir={}", profile.path().display())).expect("a plain argument");
        wishes.add_arg(&format!("--window-size={width},{height}")).expect("a plain argument");
        let driver = WebDriver::new(&self.url, wishes).await.expect("chromium can be started");
        Browser { page: driver, _profile: profile }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser with one page open.
pub struct Browser {
    /// The page.
    pub page: WebDriver,
    _profile: TempDir,
}

/// The port in `ChromeDriver was started successfully on port 38211.`
fn port_of(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    rest.trim_end_matches('.').parse().ok()
}
