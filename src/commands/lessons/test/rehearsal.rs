//! One lesson, done from its first command to its last.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch as channel},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    super::desk::Place,
    report::StepOutcome,
    shell::{self, Shell},
};
use crate::{
    console::INTERRUPTED,
    lessons::{
        check::{Check, Verdict},
        commands::{
            manner::{self, Manner},
            shell as shells,
        },
        expected::compare::{Difference, Reading, compare},
        model::{Command, Lesson, Step, Work, Written},
        problem::Problem,
    },
    sessions::{checks, desk::Author},
};

/// How long a command may run, and how long one that looks is repeated, where the author does not say.
const RUNS: Duration = Duration::from_secs(60);
const LOOKS: Duration = Duration::from_secs(40);
/// How soon it is repeated.
const AGAIN: Duration = Duration::from_millis(150);
/// How long checks may take to hold after their step.
const HOLDS: Duration = Duration::from_secs(60);
/// A stream without an expected output is ended when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(1500);
/// So many findings are enough for one lesson.
const ENOUGH: usize = 10;

/// A lesson that is being done.
pub(super) struct Rehearsal<'l> {
    lesson: &'l Lesson,
    place: Arc<Place>,
    /// Ports that are held open, each by the line that opened it.
    forwards: Vec<(String, CancellationToken, AbortOnDropHandle<()>)>,
    /// What is open in a container, and takes what is typed.
    shell: Option<Shell>,
}

/// What a command came to.
struct Came {
    code: i32,
    output: String,
}

impl<'l> Rehearsal<'l> {
    /// Before the first command.
    pub fn new(lesson: &'l Lesson, client: kube::Client, namespace: String) -> Self {
        Self { lesson, place: Arc::new(Place::new(lesson, client, namespace)), forwards: Vec::new(), shell: None }
    }

    /// Does the lesson; `ended` hears of each step as it ends.
    pub async fn run(mut self, ended: impl Fn(&StepOutcome)) -> Vec<StepOutcome> {
        let mut outcomes: Vec<StepOutcome> = Vec::new();
        if !self.lesson.prelude.is_empty() {
            let mut outcome = StepOutcome { title: self.lesson.title.clone(), ..StepOutcome::default() };
            self.work(&self.lesson.prelude, &mut outcome).await;
            ended(&outcome);
            outcomes.push(outcome);
        }
        for step in &self.lesson.steps {
            let found: usize = outcomes.iter().map(|outcome| outcome.problems.len()).sum();
            if found >= ENOUGH {
                break;
            }
            let outcome = self.step(step).await;
            ended(&outcome);
            outcomes.push(outcome);
        }
        for (_, cancel, _) in &self.forwards {
            cancel.cancel();
        }
        outcomes
    }

    async fn step(&mut self, step: &Step) -> StepOutcome {
        let began = Instant::now();
        let mut outcome =
            StepOutcome { title: step.title.clone(), checks: step.checks.len(), ..StepOutcome::default() };
        if step.checks.is_empty() {
            self.work(&step.work, &mut outcome).await;
        } else {
            let (sender, mut verdicts) = channel::channel(Vec::new());
            let World { client, namespace } = self.world();
            let watching = checks::watch(client, namespace, step.checks.clone(), sender);
            let _watching = AbortOnDropHandle::new(tokio::spawn(watching));
            outcome.problems.extend(self.before(step, &mut verdicts).await);
            self.work(&step.work, &mut outcome).await;
            outcome.problems.extend(self.after(step, &mut verdicts).await);
        }
        self.shell = None;
        outcome.took = began.elapsed();
        outcome
    }

    fn world(&self) -> World {
        World { client: self.place.world.client.clone(), namespace: self.place.world.namespace.clone() }
    }

    /// Checks that all hold before their step can't tell whether it was done.
    async fn before(&self, step: &Step, verdicts: &mut channel::Receiver<Vec<Verdict>>) -> Option<Problem> {
        let first = timeout(HOLDS, verdicts.wait_for(|verdicts| !verdicts.is_empty())).await;
        let line = step.checks[0].line;
        match first {
            Ok(Ok(verdicts)) if verdicts.iter().all(|verdict| verdict.holds) => {
                let message = "what this step checks holds before it has begun: it can't tell whether it was done";
                Some(Problem::at(&self.lesson.source, line, 1, message))
            }
            Ok(Ok(_)) => None,
            _ => Some(Problem::at(&self.lesson.source, line, 1, "what this step checks can't be looked at")),
        }
    }

    /// Checks have to hold after their step.
    async fn after(&self, step: &Step, verdicts: &mut channel::Receiver<Vec<Verdict>>) -> Vec<Problem> {
        let all = |verdicts: &Vec<Verdict>| !verdicts.is_empty() && verdicts.iter().all(|verdict| verdict.holds);
        // Nothing more will happen in a step without anything to do.
        let patience =
            if step.work.is_empty() { Duration::ZERO } else { step.timeout.map_or(HOLDS, Duration::from_secs) };
        if timeout(patience, verdicts.wait_for(all)).await.is_ok_and(|held| held.is_ok()) {
            return Vec::new();
        }
        let verdicts = verdicts.borrow();
        let failed = step.checks.iter().zip(verdicts.iter()).filter(|(_, verdict)| !verdict.holds);
        let problem = |(check, verdict): (&Check, &Verdict)| {
            let message = format!("the check \"{}\" does not hold after this step: {}", check.text, verdict.because);
            Problem::at(&self.lesson.source, check.line, 1, message)
        };
        failed.map(problem).collect()
    }

    async fn work(&mut self, work: &[Work], outcome: &mut StepOutcome) {
        for work in work {
            match work {
                Work::Write(written) => outcome.problems.extend(self.write(written)),
                Work::Run(command) if command.runnable => {
                    outcome.commands += 1;
                    outcome.problems.extend(self.command(command).await);
                }
                Work::Run(command) if command.typed => {
                    outcome.commands += 1;
                    outcome.problems.extend(self.type_into_shell(command).await);
                }
                Work::Run(_) => {}
            }
            if outcome.problems.len() >= ENOUGH {
                return;
            }
        }
    }

    fn write(&self, written: &Written) -> Option<Problem> {
        let stored = self.place.desk.store(&written.file.name, written.file.text.clone(), Author::CONSOLE);
        stored.err().map(|why| Problem::at(&self.lesson.source, written.place, 1, why.to_string()))
    }

    async fn command(&mut self, command: &Command) -> Option<Problem> {
        if shells::opens(&command.line) {
            return self.open_shell(command).await;
        }
        match manner::of(&command.line) {
            Manner::Does => {
                let came = self.run_once(command, limit(command, RUNS)).await;
                self.judge(command, &came, Reading::Whole)
            }
            Manner::Looks => self.look(command).await,
            Manner::Streams => self.stream(command).await,
            Manner::Forwards => self.forward(command).await,
        }
    }

    /// Runs a command to its end; one that takes too long is interrupted.
    async fn run_once(&self, command: &Command, limit: Duration) -> Came {
        let (cancel, mut output) = (CancellationToken::new(), String::new());
        let ended = {
            let running = self.place.run(&command.line, cancel.clone(), |text| output.push_str(text));
            tokio::pin!(running);
            tokio::select! {
                code = &mut running => Some(code),
                () = tokio::time::sleep(limit) => {
                    cancel.cancel();
                    running.await;
                    None
                }
            }
        };
        if ended.is_none() {
            output.push_str(&format!("\n[ended after {limit:?}]"));
        }
        Came { code: ended.unwrap_or(INTERRUPTED), output }
    }

    /// Looks until it sees what the text shows, as a learner would.
    async fn look(&self, command: &Command) -> Option<Problem> {
        let until = Instant::now() + limit(command, LOOKS);
        loop {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
            let came = self.run_once(command, left).await;
            let problem = self.judge(command, &came, Reading::Whole)?;
            if Instant::now() + AGAIN > until {
                return Some(problem);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Follows a command that never ends until it has shown what the text shows.
    async fn stream(&self, command: &Command) -> Option<Problem> {
        let cancel = CancellationToken::new();
        let (news, output) = (Notify::new(), Mutex::new(String::new()));
        let read = || output.lock().expect("nothing panics while it holds the output").clone();
        let running = self.place.run(&command.line, cancel.clone(), |text| {
            output.lock().expect("nothing panics while it holds the output").push_str(text);
            news.notify_one();
        });
        let enough = async {
            loop {
                news.notified().await;
                if command.expected.is_some() && matches_stream(command, &read()) {
                    return;
                }
                if command.expected.is_none() && timeout(QUIET, news.notified()).await.is_err() {
                    return;
                }
            }
        };
        tokio::pin!(running);
        let code = tokio::select! {
            code = &mut running => code,
            _ = timeout(limit(command, LOOKS), enough) => {
                cancel.cancel();
                running.await;
                0
            }
        };
        self.judge(command, &Came { code, output: read() }, Reading::Stream)
    }

    /// Opens a port and leaves it open; an earlier forward of the same port ends.
    async fn forward(&mut self, command: &Command) -> Option<Problem> {
        let port = manner::local_port(&command.line).unwrap_or_default().to_owned();
        for (_, cancel, task) in self.forwards.extract_if(.., |(held, ..)| *held == port) {
            cancel.cancel();
            let _ = task.await;
        }
        let cancel = CancellationToken::new();
        let (sender, mut output) = channel::channel((String::new(), None));
        let (place, line, ending) = (self.place.clone(), command.line.clone(), cancel.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let code = place.run(&line, ending, |text| sender.send_modify(|(all, _)| all.push_str(text))).await;
            sender.send_modify(|(_, ended)| *ended = Some(code));
        }));
        let open = |(text, ended): &(String, Option<i32>)| {
            ended.is_some() || (text.contains("Forwarding from") && matches_stream(command, text))
        };
        let _ = timeout(limit(command, LOOKS), output.wait_for(open)).await;
        let (text, ended) = output.borrow().clone();
        self.forwards.push((port, cancel, task));
        self.judge(command, &Came { code: ended.unwrap_or(0), output: text }, Reading::Stream)
    }

    /// Opens a shell for the commands after it; where the container is not there yet, again, as a learner would.
    async fn open_shell(&mut self, command: &Command) -> Option<Problem> {
        self.shell = None;
        let until = Instant::now() + limit(command, LOOKS);
        loop {
            let left = until.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
            match Shell::open(&self.place, &command.line, left).await {
                Ok(shell) => {
                    self.shell = Some(shell);
                    return None;
                }
                Err((code, output)) if Instant::now() + AGAIN > until => {
                    return self.judge(command, &Came { code, output }, Reading::Stream);
                }
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        }
    }

    /// Types a line into the shell, and looks for what the text shows.
    async fn type_into_shell(&mut self, command: &Command) -> Option<Problem> {
        let source = &self.lesson.source;
        let Some(open) = self.shell.as_mut().filter(|shell| !shell.is_over()) else {
            let message = format!("`{}` is typed into a shell, and none is open here", command.line);
            return Some(Problem::at(source, command.place, 1, message));
        };
        let leaves = shells::is_left_by(&command.line);
        let (within, quiet) = match command.expected {
            Some(_) => (limit(command, LOOKS), limit(command, LOOKS)),
            None => (limit(command, RUNS), QUIET),
        };
        let enough = |printed: &str| command.expected.is_some() && matches_stream(command, printed);
        let output = open.type_line(&command.line, within, quiet, enough).await;
        if leaves {
            self.shell = None;
            return None;
        }
        if let (None, Some(why)) = (&command.expected, shell::complaint(&output)) {
            let message = format!("`{}` is not understood: {why}", command.line);
            return Some(Problem::at(source, command.place, 1, message));
        }
        self.judge(command, &Came { code: 0, output }, Reading::Stream)
    }

    /// What is wrong with what a command came to.
    fn judge(&self, command: &Command, came: &Came, reading: Reading) -> Option<Problem> {
        let source = &self.lesson.source;
        let first = gist(&came.output);
        if let Some(exit) = command.exit.filter(|exit| *exit != came.code) {
            let message = format!("`{}` ended with {} instead of {exit}: {first}", command.line, came.code);
            return Some(Problem::at(source, command.place, 1, message));
        }
        if let Some(shown) = &command.expected {
            let (text, before) = excerpt(command, &shown.text, &came.output);
            let difference = compare(&text, shown.glob, &came.output, reading).err()?;
            let place = shown.place + difference.line.saturating_sub(before);
            return Some(Problem::at(source, place, 1, told(&command.line, &difference)));
        }
        if command.exit.is_none() && came.code != 0 {
            let message = format!("`{}` ended with {}: {first}", command.line, came.code);
            return Some(Problem::at(source, command.place, 1, message));
        }
        None
    }
}

/// The line of an output that says most: the error, else the last.
fn gist(output: &str) -> &str {
    let mut lines = output.trim().lines();
    let error = lines.clone().find(|line| line.to_lowercase().starts_with("error"));
    error.or_else(|| lines.next_back()).unwrap_or("nothing was printed")
}

/// Where checks look.
struct World {
    client: kube::Client,
    namespace: String,
}

/// What is shown of a command, and how many lines stand before it. Pages show the part of a description that they speak of
/// without saying that it is one.
fn excerpt<'s>(command: &Command, shown: &'s str, printed: &str) -> (Cow<'s, str>, usize) {
    let begins = |text: &str| text.trim_start().lines().next().map(|line| line.trim_end().to_owned());
    let words = command.line.split_whitespace().take(2).collect::<Vec<_>>();
    let is_part = matches!(words[..], ["kubectl" | "k", "describe"]) && !shown.trim_start().starts_with("Name:");
    if is_part && begins(shown) != begins(printed) {
        return (format!("...\n{}\n...", shown.trim_end()).into(), 1);
    }
    (shown.into(), 0)
}

fn limit(command: &Command, usual: Duration) -> Duration {
    command.timeout.map_or(usual, Duration::from_secs)
}

fn matches_stream(command: &Command, output: &str) -> bool {
    let shown = command.expected.as_ref();
    shown.is_none_or(|shown| compare(&shown.text, shown.glob, output, Reading::Stream).is_ok())
}

fn told(line: &str, difference: &Difference) -> String {
    match (&difference.shown, &difference.printed) {
        (Some(shown), Some(printed)) => format!("`{line}` prints {printed:?} where the text shows {shown:?}"),
        (Some(shown), None) => format!("`{line}` does not print {shown:?}"),
        (None, Some(printed)) => format!("`{line}` prints more than the text shows: {printed:?}"),
        (None, None) => format!("`{line}` prints something else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_of_a_description_may_be_shown_alone() {
        let command = |line: &str| Command {
            line: line.to_owned(),
            expected: None,
            exit: None,
            timeout: None,
            runnable: true,
            typed: false,
            place: 1,
        };
        let (describe, get) = (command("kubectl describe pod web"), command("kubectl get pods"));
        let printed = "Name:  web\nConditions:\n  Type  Status\nEvents:  <none>\n";
        assert_eq!(excerpt(&describe, "Conditions:\n", printed), ("...\nConditions:\n...".into(), 1));
        assert_eq!(excerpt(&describe, "Name:  other", printed), ("Name:  other".into(), 0));
        assert_eq!(excerpt(&get, "Conditions:", printed), ("Conditions:".into(), 0));
    }
}
