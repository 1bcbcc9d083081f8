//! Executes the steps of a flow: what comes next, what is repeated, what is counted together.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use kilobar_clock::{now_ns, sleep_until};
use kilobar_core::plan::{Exit, Think};
use kilobar_core::random::{Random, mix};
use kilobar_core::stats::ErrorClass;
use kilobar_core::template::{ReadyTemplate, Value};

use crate::dial::Failure;
use crate::iteration::{Engine, Given, User};
use crate::recorder::Shown;
use crate::steps::ReadyStep;

/// How often one `repeat` may repeat.
const MAX_TURNS: u64 = 1_000_000;
/// How many entries one `for_each` may have.
const MAX_ENTRIES: usize = 100_000;

/// How far an iteration is.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// When it was meant to start.
    pub start_ns: u64,
    /// When its next step was meant to start.
    pub intended_ns: u64,
    /// The present, as far as it matters.
    pub now_ns: u64,
    /// How long it was idle so far: thinking, or in Python.
    pub idle_ns: u64,
    /// Something was sent in it.
    pub has_sent: bool,
    /// How long its user rests before the next one.
    pub pause_ns: u64,
    /// A schedule meant it to start just when it was meant to, and Python tells when it did.
    pub starts_in_python: bool,
}

impl Pace {
    /// That of an iteration which starts now and was meant to start at `intended_ns`.
    pub fn new(intended_ns: u64) -> Self {
        Self {
            start_ns: intended_ns,
            intended_ns,
            now_ns: now_ns(),
            idle_ns: 0,
            has_sent: false,
            pause_ns: 0,
            starts_in_python: false,
        }
    }

    /// What was done until now is part of no step.
    fn resume(&mut self) {
        self.now_ns = now_ns();
        self.intended_ns = self.now_ns;
    }

    /// Values were computed, or others had their turn: that is no service time of the next request, but its response
    /// was to be there sooner.
    fn computed(&mut self) {
        self.now_ns = now_ns();
    }

    /// As [`Self::resume`], after a time in which nothing was to be done.
    fn resume_from_idling(&mut self) {
        let from_ns = self.now_ns;
        self.resume();
        self.idle_ns += self.now_ns.saturating_sub(from_ns);
    }
}

/// When a think time that starts now ends.
fn end_of_think(think: Think, pace: &Pace, random: &mut Random) -> u64 {
    match think {
        Think::Uniform { min_ns, max_ns } => pace.now_ns + min_ns + random.below(max_ns - min_ns + 1),
        Think::Exponential { mean_ns, max_ns } => {
            let drawn_ns = -(1.0 - random.unit_f64()).ln() * mean_ns as f64;
            pace.now_ns + (drawn_ns as u64).min(max_ns)
        }
        Think::Pacing { period_ns } => pace.start_ns + period_ns,
    }
}

/// Why the rest of an iteration is not executed.
#[derive(Debug)]
pub enum Stop {
    /// A step failed; a request has counted it already.
    Failed(ErrorClass),
    /// The user leaves, nothing failed.
    User,
    /// The run ends, for this reason.
    Run(String),
}

impl Stop {
    /// Of several branches, what ends most counts.
    fn outranks(&self, other: &Self) -> bool {
        let rank = |stop: &Self| match stop {
            Self::Failed(_) => 0,
            Self::User => 1,
            Self::Run(_) => 2,
        };
        rank(self) > rank(other)
    }
}

impl Engine {
    /// Executes steps in order, up to the first that ends the iteration.
    ///
    /// # Errors
    /// Why the rest is not executed.
    #[inline]
    pub async fn execute(&self, user: &mut User, steps: &[ReadyStep], pace: &mut Pace) -> Result<(), Stop> {
        for step in steps {
            match step {
                ReadyStep::Request(request) => {
                    match self.request(user, request, pace.intended_ns, pace.now_ns).await {
                        Ok(end_ns) => {
                            pace.has_sent = true;
                            pace.intended_ns = end_ns;
                            // What was done with the response since its last byte is no service time of the next one.
                            pace.now_ns = if !request.judge.is_about_status() { now_ns() } else { end_ns };
                        }
                        Err(failure) => {
                            pace.now_ns = now_ns();
                            pace.has_sent |= !failure.class.nothing_was_sent();
                            return Err(Stop::Failed(failure.class));
                        }
                    }
                }
                ReadyStep::Think(think) => self.think(user, *think, pace).await,
                ReadyStep::Code { class, act } => Box::pin(self.turn(user, *class, *act, pace)).await?,
                // Rare, and its future is large: it is kept out of the hot one.
                _ => Box::pin(self.compound(user, step, pace)).await?,
            }
        }
        Ok(())
    }

    async fn think(&self, user: &mut User, think: Think, pace: &mut Pace) {
        let mut until_ns = end_of_think(think, pace, &mut user.random);
        if let Some(watch) = &self.watch {
            until_ns = until_ns.min(pace.now_ns.saturating_add(watch.longest_think_ns()));
        }
        if until_ns > pace.now_ns {
            sleep_until(until_ns).await;
        }
        pace.resume_from_idling();
    }

    async fn compound(&self, user: &mut User, step: &ReadyStep, pace: &mut Pace) -> Result<(), Stop> {
        match step {
            ReadyStep::Request(_) | ReadyStep::Think(_) | ReadyStep::Code { .. } => {
                unreachable!("they are executed without a detour")
            }
            ReadyStep::Set { variable, value } => {
                let value = self.value(user, value)?;
                user.variables[*variable] = Some(value);
                pace.computed();
            }
            ReadyStep::Python(call) => {
                let mut arguments = Vec::with_capacity(call.arguments.len());
                for argument in &call.arguments {
                    arguments.push(self.value(user, argument)?);
                }
                let from_ns = now_ns();
                let called = self
                    .python
                    .call(self.program.plan.python_path.as_ref(), &call.function, &arguments)
                    .await;
                pace.resume_from_idling();
                let took_ns = pace.now_ns - from_ns;
                let failed = called.is_err().then_some(ErrorClass::Script);
                self.recorder.group(call.series, took_ns, took_ns, failed);
                let value =
                    called.map_err(|problem| self.stumble(user, format!("{}: {problem}", call.function)))?;
                // What a function makes of a secret, such as a signature, is one too.
                let is_secret = arguments.iter().any(Value::is_secret);
                user.variables[call.variable] = Some(value.marked_secret(is_secret));
            }
            ReadyStep::If { condition, then, otherwise } => {
                let holds = condition.holds(&mut user.scope()).map_err(|error| self.stumble(user, error))?;
                pace.computed();
                let steps = if holds { then } else { otherwise };
                Box::pin(self.execute(user, steps, pace)).await?;
            }
            ReadyStep::Repeat { times, variable, steps } => {
                self.repeat(user, (times, *variable, steps), pace).await?;
            }
            ReadyStep::While { condition, max, steps } => {
                for turn in 0.. {
                    if !condition.holds(&mut user.scope()).map_err(|error| self.stumble(user, error))? {
                        break;
                    }
                    if turn == *max {
                        return Err(self.stumble(user, format!("`while` still holds after {max} turns")));
                    }
                    tokio::task::consume_budget().await;
                    pace.computed();
                    Box::pin(self.execute(user, steps, pace)).await?;
                }
            }
            ReadyStep::ForEach { items, variable, steps } => {
                self.for_each(user, (items, *variable, steps), pace).await?;
            }
            ReadyStep::Group { series, steps } => self.group(user, *series, steps, pace).await?,
            ReadyStep::Parallel { max, branches } => self.parallel(user, *max, branches, pace).await?,
            ReadyStep::Exit { what, message } => {
                let message = self.text(user, message)?;
                return Err(match what {
                    Exit::Fail => self.stumble(user, message),
                    Exit::StopUser => Stop::User,
                    Exit::StopRun => Stop::Run(self.hide(user, message)),
                });
            }
        }
        Ok(())
    }

    async fn repeat(
        &self,
        user: &mut User,
        (times, variable, steps): (&ReadyTemplate, Option<usize>, &[ReadyStep]),
        pace: &mut Pace,
    ) -> Result<(), Stop> {
        let text = self.text(user, times)?;
        let Some(times) = text.trim().parse::<u64>().ok().filter(|times| *times <= MAX_TURNS) else {
            let problem = format!("`repeat` needs a whole number from 0 to {MAX_TURNS}, not {text:?}");
            return Err(self.stumble(user, problem));
        };
        for turn in 1..=times {
            if let Some(variable) = variable {
                user.variables[variable] = Some(Value::from_json_text(&turn.to_string()));
            }
            tokio::task::consume_budget().await;
            pace.computed();
            Box::pin(self.execute(user, steps, pace)).await?;
        }
        Ok(())
    }

    async fn for_each(
        &self,
        user: &mut User,
        (items, variable, steps): (&ReadyTemplate, usize, &[ReadyStep]),
        pace: &mut Pace,
    ) -> Result<(), Stop> {
        let items = self.value(user, items)?;
        let text = String::from_utf8_lossy(items.text());
        let entries: Vec<Box<serde_json::value::RawValue>> = match serde_json::from_str(&text) {
            Ok(entries) => entries,
            Err(_) => {
                let start: String = text.chars().take(40).collect();
                return Err(self.stumble(user, format!("`for_each` needs a JSON array, not {start:?}")));
            }
        };
        if entries.len() > MAX_ENTRIES {
            let problem = format!("`for_each`: {} entries, at most {MAX_ENTRIES} are allowed", entries.len());
            return Err(self.stumble(user, problem));
        }
        for entry in entries {
            user.variables[variable] =
                Some(Value::from_json_text(entry.get()).marked_secret(items.is_secret()));
            tokio::task::consume_budget().await;
            pace.computed();
            Box::pin(self.execute(user, steps, pace)).await?;
        }
        Ok(())
    }

    async fn group(
        &self,
        user: &mut User,
        series: usize,
        steps: &[ReadyStep],
        pace: &mut Pace,
    ) -> Result<(), Stop> {
        let before = *pace;
        let done = Box::pin(self.execute(user, steps, pace)).await;
        let idle_ns = pace.idle_ns - before.idle_ns;
        let failed = match &done {
            Err(Stop::Failed(class)) => Some(*class),
            _ => None,
        };
        self.recorder.group(
            series,
            pace.now_ns.saturating_sub(before.intended_ns + idle_ns),
            pace.now_ns.saturating_sub(before.now_ns + idle_ns),
            failed,
        );
        done
    }

    async fn parallel(
        &self,
        user: &mut User,
        max: usize,
        branches: &[Vec<ReadyStep>],
        pace: &mut Pace,
    ) -> Result<(), Stop> {
        let seed = user.random.next_u64();
        let mut done: Vec<Option<(User, Result<(), Stop>)>> = branches.iter().map(|_| None).collect();
        let mut waiting = branches.iter().enumerate();
        let mut running: Vec<(usize, Branch<'_>)> = Vec::with_capacity(max.min(branches.len()));
        poll_fn(|context| {
            loop {
                while running.len() < max {
                    let Some((index, steps)) = waiting.next() else { break };
                    let own = user.branch(self, mix(seed, index as u64));
                    own.alarm.belongs_to(context);
                    let mut own_pace = *pace;
                    if index >= max {
                        own_pace.resume();
                    }
                    running.push((index, Box::pin(self.branch(own, steps, own_pace))));
                }
                let before = running.len();
                running.retain_mut(|(index, branch)| match branch.as_mut().poll(context) {
                    Poll::Ready(result) => {
                        done[*index] = Some(result);
                        false
                    }
                    Poll::Pending => true,
                });
                if running.is_empty() && waiting.len() == 0 {
                    return Poll::Ready(());
                }
                if running.len() == before {
                    return Poll::Pending;
                }
            }
        })
        .await;
        pace.resume();
        pace.has_sent = true;
        let mut stopped = Ok(());
        for (branch, result) in done.into_iter().flatten() {
            user.join(branch);
            stopped = match (stopped, result) {
                (Ok(()), result) => result,
                (Err(first), Err(other)) if other.outranks(&first) => Err(other),
                (stopped, _) => stopped,
            };
        }
        stopped
    }

    async fn branch(&self, mut user: User, steps: &[ReadyStep], mut pace: Pace) -> (User, Result<(), Stop>) {
        let result = self.execute(&mut user, steps, &mut pace).await;
        (user, result)
    }

    /// The filled text of a template.
    fn text(&self, user: &mut User, template: &ReadyTemplate) -> Result<String, Stop> {
        let mut text = Vec::new();
        match template.render(&mut user.scope(), &mut text) {
            Ok(()) => Ok(String::from_utf8_lossy(&text).into_owned()),
            Err(error) => Err(self.stumble(user, error)),
        }
    }

    fn value(&self, user: &mut User, template: &ReadyTemplate) -> Result<Value, Stop> {
        template.value(&mut user.scope()).map_err(|error| self.stumble(user, error))
    }

    /// A step that is no request has failed: its words are kept, under the name of its flow.
    #[cold]
    pub fn stumble(&self, user: &User, problem: impl ToString) -> Stop {
        let failure = Failure::new(ErrorClass::Script, problem.to_string());
        self.fail(user, &failure);
        Stop::Failed(failure.class)
    }

    /// A text for people, without what this user must not let them see.
    fn hide(&self, user: &User, text: String) -> String {
        self.secrets_of(user, None).hide_in_message(&text)
    }

    /// Keeps the words of a failure that belongs to no request.
    #[cold]
    pub fn fail(&self, user: &User, failure: &Failure) {
        let flow = &self.program.plan.flows[user.flow].name;
        let at_ns = now_ns().saturating_sub(self.start_ns);
        let hidden = || self.secrets_of(user, None).hide_in_message(&failure.message);
        let shown = || Shown { message: hidden(), ..Shown::default() };
        self.recorder.sample(flow, failure.class, at_ns, 0, shown);
        if let Some(watch) = &self.watch {
            watch.failed(self, user, &Failure::new(failure.class, hidden()));
        }
    }
}

type Branch<'a> = Pin<Box<dyn Future<Output = (User, Result<(), Stop>)> + 'a>>;

impl User {
    /// A user that executes a branch beside this one: it knows the same and keeps its connections in the same place.
    fn branch(&self, engine: &Engine, seed: u64) -> Self {
        let mut branch = engine.user(engine.new_alarm(), seed);
        branch.number = self.number;
        branch.variables.clone_from(&self.variables);
        branch.rows.clone_from(&self.rows);
        branch.sequence = self.sequence;
        branch.flow = self.flow;
        branch.own_pool = Rc::clone(&self.own_pool);
        branch.own_http2 = Rc::clone(&self.own_http2);
        branch.tls = self.tls.clone();
        branch.jar = self.jar.clone();
        branch.started_with = Some(Given { variables: self.variables.clone(), jar: self.jar.clone() });
        branch
    }

    /// Takes over what a branch has saved.
    fn join(&mut self, branch: Self) {
        let Some(before) = branch.started_with else { return };
        let Given { variables: before, jar } = before;
        for (index, (old, new)) in before.iter().zip(&branch.variables).enumerate() {
            if old != new {
                self.variables[index].clone_from(new);
            }
        }
        self.jar.absorb(&jar, branch.jar);
    }
}

#[cfg(test)]
mod tests;
