//! What a learner does, in a real browser: both lessons by clicking only.

mod chromium;

use std::time::Duration;

use thirtyfour::{components::SelectElement, prelude::*};

use self::chromium::Chromium;
use crate::program::{PATIENCE, Program};

fn serve() -> Program {
    let content = concat!(env!("CARGO_MANIFEST_DIR"), "/content");
    Program::start(&["serve", "--listen", "127.0.0.1:0", "--content", content])
}
