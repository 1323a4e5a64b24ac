//! What a learner can see and press, by the names a screen reader would read out.

use std::time::Duration;

use thirtyfour::prelude::*;

use super::chromium::{Browser, Driver};
use crate::program::{PATIENCE, Program};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Someone in front of a browser of their own.
pub struct Learner {
    browser: Browser,
    address: String,
}

impl Learner {
    /// Opens the front page.
    pub async fn arrive(driver: &Driver, server: &Program) -> Self {
        let learner = Self { browser: driver.browser(1280, 720).await, address: server.url() };
        learner.page().goto(format!("{}/", learner.address)).await.unwrap();
        learner
    }

    fn page(&self) -> &WebDriver {
        &self.browser.page
    }

    async fn find(&self, by: By) -> WebElement {
        self.page().query(by).wait(PATIENCE, LOOK_EVERY).first().await.unwrap()
    }

    /// Waits until an element's text holds `text`.
    async fn says(&self, css: &str, text: &str) {
        let mut shown = String::new();
        for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
            shown = self.text_of(css).await;
            if shown.contains(text) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("{css} never said {text:?}; it says:\n{shown}");
    }

    /// All text of an element, also what is scrolled away.
    async fn text_of(&self, css: &str) -> String {
        let script = "const e = document.querySelector(arguments[0]); return e ? e.value ?? e.innerText : '';";
        let answer = self.page().execute(script, vec![css.into()]).await.unwrap();
        answer.json().as_str().unwrap_or_default().to_owned()
    }

    /// Follows a link.
    pub async fn click_link(&self, text: &str) {
        let path = format!("//a[contains(normalize-space(.), \"{text}\")]");
        self.find(By::XPath(path)).await.click().await.unwrap();
        self.says("#status", "Connected").await;
    }

    /// Opens a lesson by its address.
    pub async fn open_lesson(&self, id: &str) {
        self.page().goto(format!("{}/lessons/{id}", self.address)).await.unwrap();
        self.says("#status", "Connected").await;
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.page().refresh().await.unwrap();
        self.says("#status", "Connected").await;
    }

    /// Presses a button.
    pub async fn press(&self, name: &str) {
        let path = format!("//button[normalize-space(.)=\"{name}\"]");
        self.find(By::XPath(path)).await.click().await.unwrap();
    }

    /// The commands that have a Run button, in the lesson's order.
    pub async fn commands(&self) -> Vec<String> {
        self.find(By::Css("[data-command]")).await;
        let mut commands = Vec::new();
        for block in self.page().find_all(By::Css("[data-command]")).await.unwrap() {
            commands.push(block.attr("data-command").await.unwrap().unwrap_or_default());
        }
        commands
    }

    /// Which block has this command.
    pub async fn number_of(&self, command: &str) -> usize {
        let commands = self.commands().await;
        commands.iter().position(|other| other == command).unwrap_or_else(|| panic!("{command:?} not in {commands:?}"))
    }

    /// Presses Run on a block.
    pub async fn start_block(&self, number: usize) {
        let block = self.page().find_all(By::Css("[data-command]")).await.unwrap().swap_remove(number);
        let run = block.find(By::XPath(".//button[normalize-space(.)='Run']")).await.unwrap();
        run.scroll_into_view().await.unwrap();
        run.click().await.unwrap();
    }

    /// Presses Run on a block and waits for the end; gives the exit code it shows.
    pub async fn run_block(&self, number: usize) -> i32 {
        self.start_block(number).await;
        let script = "const b = document.querySelectorAll('[data-command]')[arguments[0]];\
                      const m = /exit (\\d+)/.exec(b.querySelector('.ran').textContent); return m ? m[1] : '';";
        for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
            let answer = self.page().execute(script, vec![number.into()]).await.unwrap();
            if let Ok(code) = answer.json().as_str().unwrap_or_default().parse() {
                return code;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        panic!("the command never ended:\n{}", self.console().await);
    }

    /// Types a line into the console.
    pub async fn type_command(&self, line: &str) {
        let command = self.find(By::Css("[aria-label='Command']")).await;
        command.send_keys(format!("{line}\n")).await.unwrap();
    }

    /// Replaces the manifest in the editor.
    pub async fn write_manifest(&self, text: &str) {
        let editor = self.find(By::Css("[aria-label='Manifest']")).await;
        editor.click().await.unwrap();
        editor.send_keys(Key::Control + "a").await.unwrap();
        editor.send_keys(Key::Delete + "").await.unwrap();
        self.paste(text).await;
    }

    /// Typing would trigger the editor's own indentation; a paste comes through as it is.
    async fn paste(&self, text: &str) {
        let script = "const e = document.activeElement; const d = new DataTransfer(); d.setData('text/plain', arguments[0]);\
                      if (e.tagName === 'TEXTAREA') document.execCommand('insertText', false, arguments[0]);\
                      else e.dispatchEvent(new ClipboardEvent('paste', {clipboardData: d, bubbles: true, cancelable: true}));";
        self.page().execute(script, vec![text.into()]).await.unwrap();
    }

    /// What the editor holds.
    pub async fn manifest_says(&self, text: &str) {
        self.says("[aria-label='Manifest']", text).await;
    }

    /// What stands below the editor.
    pub async fn verdict_says(&self, text: &str) {
        self.says("#verdict", text).await;
    }

    /// The console's text.
    pub async fn console(&self) -> String {
        self.text_of("[role='log'][aria-label='Console']").await
    }

    /// Waits for the console to say it.
    pub async fn console_says(&self, text: &str) {
        self.says("[role='log'][aria-label='Console']", text).await;
    }

    /// Waits for a row of the Pods view.
    pub async fn see_pod(&self, name: &str, status: &str) {
        let path = format!("//*[@id='v-pods']//tr[contains(., '{name}') and contains(., '{status}')]");
        self.find(By::XPath(path)).await;
    }

    /// Waits for the Pods view to be empty, as kubectl says it.
    pub async fn see_no_pods(&self) {
        self.says("#v-pods", "No resources found in default namespace.").await;
    }

    /// Opens the Preview view and gives the text of the page in it.
    pub async fn preview(&self) -> String {
        let tab =
            self.page().query(By::Id("t-preview")).wait(PATIENCE, LOOK_EVERY).and_displayed().first().await.unwrap();
        tab.click().await.unwrap();
        let frame = self.find(By::Css("#v-preview iframe")).await;
        frame.enter_frame().await.unwrap();
        let body = self.find(By::Css("body *")).await;
        let text = body.find(By::XPath("/html/body")).await.unwrap().text().await.unwrap();
        self.page().enter_default_frame().await.unwrap();
        text
    }
}
