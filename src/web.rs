//! What a browser sees: pages, the websocket, assets, headers.

pub mod protocol;
