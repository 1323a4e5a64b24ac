//! The agent's loop: orders from the server, notes from processes on their way, ends of processes.

use std::{
    collections::HashMap,
    fs,
    ops::ControlFlow,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::PathBuf,
};

use nix::{
    errno::Errno,
    mount::{MntFlags, MsFlags, mount, umount2},
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal, kill},
        signalfd::{SfdFlags, SignalFd},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{
    failure::Trying,
    jail, launch, members,
    network::{self, Network},
    note::{self, Note},
    pod::Pod,
    seccomp::Filters,
    sys,
};
use crate::node::{
    disk,
    runtime::linux::wire::{self, ExecOrder, Failure, MountFrom, Numbered, Order, PodOrder, Report, RunOrder},
};

/// How often the agent looks at memory that no control group counts, in milliseconds: a program that fills memory as fast
/// as it can gets about 100 MB further.
const WATCH_PERIOD: u8 = 20;

/// Everything the agent knows.
pub(super) struct Agent {
    filters: Filters,
    network: Network,
    children: SignalFd,
    pods: HashMap<String, Pod>,
    /// Running programs by their id: containers and execs.
    programs: HashMap<String, Running>,
    launches: Vec<Launch>,
    /// Ends that came before the note that says whose they are.
    early: HashMap<Pid, (i32, i32)>,
}

/// A running program.
struct Running {
    pid: Pid,
    /// What makes it a container; an exec is none.
    container: Option<Container>,
}

/// What the agent knows of a container besides its first process.
struct Container {
    pod: String,
    /// Whether its first process is one of another container's.
    shares_processes: bool,
    /// Its mount namespace, by which its processes are found.
    namespace: Option<u64>,
    /// Bytes it may use, where the agent is the one to look.
    memory: Option<u64>,
    /// Whether the agent has ended it for that.
    too_much_memory: bool,
}

/// What has been started and has not reported yet.
struct Launch {
    order: u64,
    /// `None` for a Pod.
    program: Option<(String, Option<Container>)>,
    notes: OwnedFd,
    streams: Vec<OwnedFd>,
    /// The process that forks the program; its end says nothing.
    helper: Option<Pid>,
    pid: Option<Pid>,
    failure: Option<Failure>,
}

impl Agent {
    /// An agent with its network and without Pods.
    pub(super) fn new() -> Result<Self, Failure> {
        let mut blocked = SigSet::empty();
        blocked.add(Signal::SIGCHLD);
        blocked.thread_block().trying("block SIGCHLD")?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let children = SignalFd::with_flags(&blocked, flags).trying("make a signal descriptor")?;
        let filters = Filters::compile().trying("compile the system call filter")?;
        // The node's name; Pods have their own.
        let _ = nix::unistd::sethostname("node");
        Ok(Self {
            filters,
            network: Network::new()?,
            children,
            pods: HashMap::new(),
            programs: HashMap::new(),
            launches: Vec::new(),
            early: HashMap::new(),
        })
    }

    /// Serves until the server has gone: the agent's exit code.
    pub(super) fn serve(&mut self, server: BorrowedFd<'_>, copies: bool) -> i32 {
        // A report that can't be sent means that the server has gone, which the next read says too.
        let _ = wire::send(server, &Report::Ready { copies }, &[]);
        while let ControlFlow::Continue(()) = self.turn(server) {}
        self.end_everything();
        0
    }

    /// Waits for something to happen, and does what follows from it.
    fn turn(&mut self, server: BorrowedFd<'_>) -> ControlFlow<()> {
        let (orders, ends) = self.wait(server);
        // Notes come first: a program that has ended already must have been reported as started before.
        self.read_notes(server);
        self.end_the_greedy();
        if ends {
            while let Ok(Some(_)) = self.children.read_signal() {}
            self.reap(server);
        }
        if orders { self.obey_next(server) } else { ControlFlow::Continue(()) }
    }

    /// Whether there is an order, and whether children have ended.
    fn wait(&self, server: BorrowedFd<'_>) -> (bool, bool) {
        let mut sources =
            vec![PollFd::new(server, PollFlags::POLLIN), PollFd::new(self.children.as_fd(), PollFlags::POLLIN)];
        sources.extend(self.launches.iter().map(|launch| PollFd::new(launch.notes.as_fd(), PollFlags::POLLIN)));
        let watching = self.programs.values().any(|running| running.memory().is_some());
        // Interrupted is as good as ready: the loop looks again.
        let _ = poll(&mut sources, if watching { WATCH_PERIOD.into() } else { PollTimeout::NONE });
        (sources[0].any() == Some(true), sources[1].any() == Some(true))
    }

    fn obey_next(&mut self, server: BorrowedFd<'_>) -> ControlFlow<()> {
        match wire::receive::<Numbered>(server) {
            Ok(Some((Numbered { number, order }, fds))) => {
                if let Err(failure) = self.obey(server, number, order, &fds) {
                    let _ = wire::send(server, &Report::Failed { order: number, failure }, &[]);
                }
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Break(()),
            Err(error) if error.raw_os_error() == Some(Errno::EINTR as i32) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn obey(&mut self, server: BorrowedFd<'_>, number: u64, order: Order, fds: &[OwnedFd]) -> Result<(), Failure> {
        match order {
            Order::Pod(order) => return self.start_pod(number, &order),
            Order::Run(order) => return self.run(number, &order, fds),
            Order::Exec(order) => return self.exec(number, &order, fds),
            Order::Signal { process, signal } => self.signal(&process, signal)?,
            Order::Usage { container } => {
                let used = members::used(self.namespace(&container)?);
                let report = Report::Uses { order: number, memory: used.memory, cpu_nanos: used.cpu_nanos };
                return wire::send(server, &report, &[]).trying("answer");
            }
            Order::Limit { container, memory } => {
                if let Some(container) =
                    self.programs.get_mut(&container).and_then(|running| running.container.as_mut())
                {
                    container.memory = memory;
                }
            }
            Order::Socket { pod } => {
                let socket = self.pod(&pod)?.socket()?;
                return wire::send(server, &Report::Done { order: number }, &[socket.as_fd()]).trying("answer");
            }
            Order::Network(rules) => self.network.set_rules(&rules)?,
            Order::NameServer => {
                let sockets = network::name_server()?;
                return wire::send(server, &Report::Done { order: number }, &wire::borrowed(&sockets)).trying("answer");
            }
            Order::ApiServer => {
                let sockets = network::api_server()?;
                return wire::send(server, &Report::Done { order: number }, &wire::borrowed(&sockets)).trying("answer");
            }
            Order::RemovePod { pod } => self.remove_pod(&pod),
            Order::RemoveContainer { id } => disk::remove(&PathBuf::from(format!("{}/{id}", jail::SCRATCH))),
        }
        wire::send(server, &Report::Done { order: number }, &[]).trying("answer")
    }

    fn pod(&self, id: &str) -> Result<&Pod, Failure> {
        self.pods.get(id).ok_or_else(|| Failure::NotFound(format!("sandbox {id}")))
    }

    fn start_pod(&mut self, number: u64, order: &PodOrder) -> Result<(), Failure> {
        let (pod, notes) = Pod::start(order, &mut self.network, &self.filters)?;
        self.launches.push(Launch {
            order: number,
            program: None,
            notes,
            streams: Vec::new(),
            helper: None,
            pid: Some(pod.pid()),
            failure: None,
        });
        self.pods.insert(order.id.clone(), pod);
        Ok(())
    }

    fn run(&mut self, number: u64, order: &RunOrder, cgroups: &[OwnedFd]) -> Result<(), Failure> {
        for mount in &order.mounts {
            if let MountFrom::Memory { name, size } = &mount.source {
                make_memory(&order.pod, name, *size)?;
            }
        }
        let target = order.processes_of.as_deref().map(|id| self.process(id)).transpose()?;
        let launched = launch::container(order, self.pod(&order.pod)?, target.as_ref(), cgroups, &self.filters)?;
        let container = Container {
            pod: order.pod.clone(),
            shares_processes: target.is_some(),
            namespace: None,
            memory: order.soft_memory,
            too_much_memory: false,
        };
        self.launched(number, (order.id.clone(), Some(container)), launched);
        Ok(())
    }

    fn exec(&mut self, number: u64, order: &ExecOrder, cgroups: &[OwnedFd]) -> Result<(), Failure> {
        let target = self.process(&order.container)?;
        let launched = launch::exec(&order.program, &target, cgroups, &self.filters)?;
        self.launched(number, (order.id.clone(), None), launched);
        Ok(())
    }

    /// The first process of a running container.
    fn process(&self, container: &str) -> Result<OwnedFd, Failure> {
        let missing = || Failure::NotFound(format!("container {container}"));
        let target = self.programs.get(container).ok_or_else(missing)?;
        sys::pidfd_open(target.pid).trying("open the container's first process")
    }

    fn launched(&mut self, order: u64, program: (String, Option<Container>), launched: launch::Launched) {
        let launch::Launched { notes, streams, helper } = launched;
        let (helper, program) = (Some(helper), Some(program));
        self.launches.push(Launch { order, program, notes, streams, helper, pid: None, failure: None });
    }

    /// A signal to what has ended is no error.
    fn signal(&self, process: &str, signal: i32) -> Result<(), Failure> {
        let Some(running) = self.programs.get(process) else { return Ok(()) };
        // nix's kill knows no real-time signals, which containers may use too.
        // SAFETY: takes two numbers; the process is a child that has not been reaped, so its number is still its own.
        Errno::result(unsafe { libc::kill(running.pid.as_raw(), signal) }).map(drop).trying("send a signal")
    }

    fn remove_pod(&mut self, id: &str) {
        for running in self.programs.values().filter(|running| running.is_in(id)) {
            let _ = kill(running.pid, Signal::SIGKILL);
        }
        if let Some(pod) = self.pods.remove(id) {
            pod.end();
        }
        let memory = format!("{}/{id}", jail::MEMORY);
        for entry in fs::read_dir(&memory).into_iter().flatten().flatten() {
            let _ = umount2(&entry.path(), MntFlags::MNT_DETACH);
        }
        disk::remove(&PathBuf::from(memory));
    }

    fn read_notes(&mut self, server: BorrowedFd<'_>) {
        let mut index = 0;
        while index < self.launches.len() {
            if self.launches[index].read() {
                let launch = self.launches.swap_remove(index);
                self.finish(server, launch);
            } else {
                index += 1;
            }
        }
    }

    /// All notes of a launch have come: it runs, or it does not.
    fn finish(&mut self, server: BorrowedFd<'_>, launch: Launch) {
        let Launch { order, program, streams, pid, failure, .. } = launch;
        let failure = failure.or_else(|| {
            pid.is_none().then(|| Failure::Init("the process ended before it could start the program".to_owned()))
        });
        if let Some(failure) = failure {
            if program.is_none() {
                self.pods.retain(|_, pod| Some(pod.pid()) != pid);
            }
            let _ = wire::send(server, &Report::Failed { order, failure }, &[]);
            return;
        }
        let _ = wire::send(server, &Report::Done { order }, &wire::borrowed(&streams));
        if let (Some((id, container)), Some(pid)) = (program, pid) {
            self.programs.insert(id, Running { pid, container });
            if let Some((code, signal)) = self.early.remove(&pid) {
                self.ended(server, pid, code, signal);
            }
        }
    }

    fn reap(&mut self, server: BorrowedFd<'_>) {
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => self.ended(server, pid, code, 0),
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    self.ended(server, pid, 128 + signal as i32, signal as i32);
                }
                Ok(WaitStatus::StillAlive) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    fn ended(&mut self, server: BorrowedFd<'_>, pid: Pid, code: i32, signal: i32) {
        let id = self.programs.iter().find(|(_, running)| running.pid == pid).map(|(id, _)| id.clone());
        if let Some(id) = id {
            let container = self.programs.remove(&id).and_then(|running| running.container);
            let too_much_memory = container.as_ref().is_some_and(|container| container.too_much_memory);
            container.inspect(|container| self.end_members(container));
            let _ = wire::send(server, &Report::Ended { process: id, code, signal, too_much_memory }, &[]);
        } else if self.launches.iter().any(|launch| launch.program.is_some() && launch.helper != Some(pid)) {
            self.early.insert(pid, (code, signal));
        } else {
            self.early.clear();
        }
    }

    fn namespace(&self, container: &str) -> Result<u64, Failure> {
        let running = self.programs.get(container).and_then(|running| running.container.as_ref()?.namespace);
        running.ok_or_else(|| Failure::NotFound(format!("container {container}")))
    }

    /// Ends what is left of a container whose first process has ended. The kernel does it, unless the containers of the
    /// Pod share their processes.
    fn end_members(&self, container: &Container) {
        let shared = container.shares_processes || self.pods.get(&container.pod).is_some_and(Pod::shares_processes);
        if let (true, Some(namespace)) = (shared, container.namespace) {
            kill_all(namespace);
        }
    }

    /// Ends containers that use more memory than they may, where no control group does.
    fn end_the_greedy(&mut self) {
        for container in self.programs.values_mut().filter_map(|running| running.container.as_mut()) {
            if let (Some(limit), Some(namespace)) = (container.memory, container.namespace)
                && members::used(namespace).memory > limit
            {
                container.too_much_memory = true;
                kill_all(namespace);
            }
        }
    }

    /// The server has gone. The kernel would end everything with this process; but files that only this process's ids
    /// may delete would stay.
    fn end_everything(&mut self) {
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        while waitpid(None, None).is_ok() {}
        for entry in fs::read_dir(jail::SCRATCH).into_iter().flatten().flatten() {
            disk::remove(&entry.path());
        }
    }
}

impl Running {
    fn memory(&self) -> Option<u64> {
        self.container.as_ref()?.memory
    }

    fn is_in(&self, pod: &str) -> bool {
        self.container.as_ref().is_some_and(|container| container.pod == pod)
    }
}

impl Launch {
    /// Reads the notes that are there: whether these were all.
    fn read(&mut self) -> bool {
        while readable(self.notes.as_fd()) {
            match note::next(&self.notes) {
                Ok(Some((Note::Started(pid), _))) => self.pid = Some(Pid::from_raw(pid)),
                Ok(Some((Note::Namespace(inode), _))) => {
                    if let Some((_, Some(container))) = &mut self.program {
                        container.namespace = Some(inode);
                    }
                }
                Ok(Some((Note::Terminal, fds))) => self.streams = fds,
                Ok(Some((Note::Failed(failure), _))) => self.failure = Some(failure),
                Ok(None) | Err(_) => return true,
            }
        }
        false
    }
}

/// Ends every process in a mount namespace.
fn kill_all(namespace: u64) {
    for pid in members::of(namespace) {
        // It may have ended meanwhile.
        let _ = kill(pid, Signal::SIGKILL);
    }
}

fn readable(fd: BorrowedFd<'_>) -> bool {
    let mut source = [PollFd::new(fd, PollFlags::POLLIN)];
    poll(&mut source, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
}

/// A Pod's file system in memory, if it is not there yet.
fn make_memory(pod: &str, name: &str, size: Option<u64>) -> Result<(), Failure> {
    let path = format!("{}/{pod}/{name}", jail::MEMORY);
    if fs::exists(&path).trying("look for the memory volume")? {
        return Ok(());
    }
    fs::create_dir_all(&path).trying("make the memory volume")?;
    let options = size.map_or("mode=777".to_owned(), |size| format!("mode=777,size={size}"));
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("tmpfs"), path.as_str(), Some("tmpfs"), flags, Some(options.as_str())).trying("mount the memory volume")
}
