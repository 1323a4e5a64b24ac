//! `portforward`: in the channel protocol that client libraries speak, two channels per port for data and errors; and for
//! kubectl in SPDY, carried by the websocket's messages (`tunnel`), or before 1.30 by the connection itself.

mod tunnel;

use std::{
    net::{Ipv4Addr, SocketAddrV4},
    sync::Arc,
};

use axum::{extract::Request, response::Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::Message;

use super::{
    spdy,
    websocket::{Offer, Socket},
};
use crate::{
    api::{Api, call::Call, failure::Failure},
    node::{endpoint::EndpointError, runtime::Connection},
};

/// What client libraries speak.
const CHANNELS: &str = "v4.channel.k8s.io";

/// What kubectl speaks.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";

/// What kubectl speaks over SPDY itself.
const PORT_FORWARD: &str = "portforward.k8s.io";

/// How many frames may wait for a slow client before its connections wait too.
const QUEUE: usize = 16;

/// How much of a connection goes into one frame at most.
const CHUNK: usize = 32 * 1024;

/// Connects a client to ports of a Pod.
pub(super) async fn forward(api: &Arc<Api>, call: &Call, request: Request) -> Result<Response, Failure> {
    let pod = api.find(call)?;
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return Err(Failure::bad_request(format!("pod {} does not have a host assigned", call.name)));
    }
    if spdy::Offer::is_in(request.headers()) {
        return Ok(tunnel::accept_spdy(api, call, spdy::Offer::read(request, &[PORT_FORWARD])?));
    }
    let offer = Offer::read(request, &[CHANNELS, TUNNEL])?;
    if offer.protocol == TUNNEL {
        return Ok(tunnel::accept(api, call, offer));
    }
    let ports = ports(call.query.all("ports"))?;
    let (response, socket) = offer.accept();
    let (api, call) = (api.clone(), call.clone());
    tokio::spawn(async move {
        let closing = api.closing().clone();
        let Ok(socket) = socket.await else { return };
        closing.run_until_cancelled(carry(&api, &call, socket, &ports)).await;
    });
    Ok(response)
}

fn ports(asked: &[String]) -> Result<Vec<u16>, Failure> {
    let words: Vec<&str> = asked.iter().flat_map(|list| list.split(',')).filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        return Err(Failure::bad_request("query parameter \"ports\" is required"));
    }
    let port = |word: &&str| {
        word.parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
            .ok_or_else(|| Failure::bad_request(format!("unable to parse \"{word}\" as a port")))
    };
    words.iter().map(port).collect()
}

/// One client with all its ports.
async fn carry(api: &Api, call: &Call, socket: Socket, ports: &[u16]) {
    let (mut sink, mut source) = socket.split();
    let (send, mut queue) = mpsc::channel::<Message>(QUEUE);
    let writer = async move {
        while let Some(message) = queue.recv().await {
            if sink.send(message).await.is_err() {
                return;
            }
        }
        // Whoever hung up needs no goodbye.
        let _ = sink.close().await;
    };
    let reader = async move {
        let mut inputs = Vec::new();
        for (index, port) in ports.iter().enumerate() {
            let channel = u8::try_from(index * 2).unwrap_or(u8::MAX);
            inputs.push(open(api, call, channel, *port, &send).await);
        }
        drop(send);
        while let Some(Ok(message)) = source.next().await {
            let Message::Binary(bytes) = message else { continue };
            let Some((channel, data)) = bytes.split_first() else { continue };
            let input: Option<&mut WriteHalf<_>> =
                inputs.get_mut(usize::from(*channel / 2)).and_then(Option::as_mut).filter(|_| channel % 2 == 0);
            if let Some(input) = input {
                // A port that closed its side takes no more; its other side may still answer.
                let _ = input.write_all(data).await;
                let _ = input.flush().await;
            }
        }
    };
    tokio::join!(writer, reader);
}

/// Opens a port: both channels begin with its number, then data goes both ways.
async fn open(
    api: &Api,
    call: &Call,
    channel: u8,
    port: u16,
    send: &mpsc::Sender<Message>,
) -> Option<WriteHalf<Box<dyn Connection>>> {
    for number in [channel, channel + 1] {
        send.send(frame(number, &port.to_le_bytes())).await.ok()?;
    }
    match api.node.connect(call.namespace(), &call.name, inside(port)).await {
        Ok(connection) => {
            let (output, input) = tokio::io::split(connection);
            tokio::spawn(pump(output, channel, send.clone()));
            Some(input)
        }
        Err(error) => {
            let why = failed(call, port, &error);
            // Whoever hung up need not know.
            let _ = send.send(frame(channel + 1, why.as_bytes())).await;
            None
        }
    }
}

/// Where a port is forwarded to: the Pod's own loopback, as a kubelet does it.
fn inside(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// Why nothing answers on a port.
fn failed(call: &Call, port: u16, error: &EndpointError) -> String {
    format!("error forwarding port {port} to pod {}: {error}", call.name)
}

async fn pump(mut output: ReadHalf<Box<dyn Connection>>, channel: u8, send: mpsc::Sender<Message>) {
    let mut buffer = vec![0; CHUNK];
    loop {
        match output.read(&mut buffer).await {
            Ok(count) if count > 0 => {
                if send.send(frame(channel, &buffer[..count])).await.is_err() {
                    return;
                }
            }
            _ => return,
        }
    }
}

fn frame(channel: u8, bytes: &[u8]) -> Message {
    let mut whole = BytesMut::with_capacity(1 + bytes.len());
    whole.put_u8(channel);
    whole.put_slice(bytes);
    Message::Binary(Bytes::from(whole))
}
