//! A node that has no images and runs nothing.

use std::net::SocketAddrV4;

use futures::{FutureExt, future::BoxFuture};

use crate::node::{
    images::{Image, ImageError, Images},
    runtime::{
        Connection, ContainerId, ContainerSpec, ExecSpec, Process, Runtime, RuntimeError, RuntimeFuture, SandboxId,
        SandboxSpec, Usage,
    },
};

pub(super) struct NoImages;

impl Images for NoImages {
    fn local(&self, _: &str) -> Result<Option<Image>, ImageError> {
        Ok(None)
    }

    fn pull(&self, reference: &str) -> BoxFuture<'static, Result<Image, ImageError>> {
        futures::future::ready(Err(ImageError::NotFound(reference.to_owned()))).boxed()
    }

    fn all(&self) -> Vec<Image> {
        Vec::new()
    }
}

pub(super) struct NoRuntime;

fn refuse<T: Send + 'static>() -> RuntimeFuture<T> {
    futures::future::ready(Err(RuntimeError::Unavailable("nothing runs here".into()))).boxed()
}

impl Runtime for NoRuntime {
    fn version(&self) -> String {
        "containerd://2.1.0".into()
    }
    fn create_sandbox(&self, _: SandboxSpec) -> RuntimeFuture<()> {
        refuse()
    }
    fn remove_sandbox(&self, _: SandboxId) -> RuntimeFuture<()> {
        refuse()
    }
    fn start_container(&self, _: ContainerSpec) -> RuntimeFuture<Process> {
        refuse()
    }
    fn signal(&self, _: ContainerId, _: i32) -> RuntimeFuture<()> {
        refuse()
    }
    fn remove_container(&self, _: ContainerId) -> RuntimeFuture<()> {
        refuse()
    }
    fn exec(&self, _: ContainerId, _: ExecSpec) -> RuntimeFuture<Process> {
        refuse()
    }
    fn connect(&self, _: SandboxId, _: SocketAddrV4) -> RuntimeFuture<Box<dyn Connection>> {
        refuse()
    }
    fn usage(&self, _: ContainerId) -> RuntimeFuture<Usage> {
        refuse()
    }
    fn shutdown(&self) -> BoxFuture<'static, ()> {
        futures::future::ready(()).boxed()
    }
}
