//! What a browser sees: pages, the websocket, assets, headers.

pub mod assets;
pub mod nonce;
pub mod pages;
pub mod protocol;
