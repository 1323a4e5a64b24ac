//! The same by others.

use std::{
    fs,
    io::Read,
    os::unix::fs::symlink,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use podyard_cluster::node::images::{BUSYBOX, Image};

/// Fork, exec, first byte: nothing can be faster.
pub fn plain() -> Duration {
    first_byte(Command::new(BUSYBOX).args(["echo", "hello"])).expect("busybox prints what echo is told")
}

/// A function that runs `echo` in an OCI bundle with this runtime.
pub fn bundle(program: &str, image: &Image) -> Result<impl Fn() -> Result<Duration, String> + use<>, String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("not root".to_owned());
    }
    let spec = Command::new(program).arg("--version").output();
    spec.map_err(|error| error.to_string())?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    symlink(&image.layers[0], directory.path().join("rootfs")).map_err(|error| error.to_string())?;
    Command::new(program).arg("spec").current_dir(directory.path()).status().map_err(|error| error.to_string())?;
    let path = directory.path().join("config.json");
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let mut config: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    config["process"]["terminal"] = false.into();
    config["process"]["args"] = serde_json::json!(["echo", "hello"]);
    fs::write(&path, config.to_string()).map_err(|error| error.to_string())?;
    let tried = Command::new(program).args(["run", "podyard-bench-try"]).current_dir(directory.path()).output();
    let tried = tried.map_err(|error| error.to_string())?;
    if !tried.status.success() {
        return Err(String::from_utf8_lossy(&tried.stderr).trim().to_owned());
    }
    let program = program.to_owned();
    Ok(move || {
        let name = format!("podyard-bench-{:x}", rand::random::<u64>());
        first_byte(Command::new(&program).args(["run", &name]).current_dir(directory.path()))
    })
}

fn first_byte(command: &mut Command) -> Result<Duration, String> {
    let begin = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program was found before");
    let mut stdout = child.stdout.take().expect("it is piped");
    let printed = stdout.read_exact(&mut [0]);
    let time = begin.elapsed();
    child.wait().expect("it is our child");
    printed.map(|()| time).map_err(|_| "it prints nothing on this machine".to_owned())
}
