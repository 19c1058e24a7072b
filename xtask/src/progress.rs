//! What the person sees while something takes long: a bar or spinner on a terminal, plain lines elsewhere, nothing with
//! `--quiet`. Always on standard error: standard output is for results.

use std::cell::RefCell;
use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Shows what is going on.
pub struct Progress {
    quiet: bool,
    terminal: bool,
    bar: RefCell<Option<ProgressBar>>,
}

impl Progress {
    /// Decides once how to show progress.
    pub fn new(quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            quiet,
            terminal,
            bar: RefCell::new(None),
        }
    }

    /// Whether a program that is started may draw its own progress bar.
    pub fn may_draw(&self) -> bool {
        self.terminal && !self.quiet
    }

    /// Says that a step of unknown length begins.
    pub fn step(&self, text: &str) {
        self.end();
        if self.quiet {
            return;
        }
        if !self.terminal {
            eprintln!("{text}");
            return;
        }
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
        let bar = ProgressBar::new_spinner().with_message(text.to_string());
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        *self.bar.borrow_mut() = Some(bar);
    }

    /// Says that `total` parts begin; [`Progress::advance`] counts them.
    pub fn count(&self, text: &str, total: u64) {
        self.end();
        if self.quiet || !self.terminal {
            return;
        }
        let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} {elapsed}");
        let bar = ProgressBar::new(total).with_message(text.to_string());
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.tick();
        *self.bar.borrow_mut() = Some(bar);
    }

    /// One part is done.
    pub fn advance(&self) {
        if let Some(bar) = &*self.bar.borrow() {
            bar.inc(1);
        }
    }

    /// Prints a result line on standard output without tearing a bar that is on the screen.
    pub fn line(&self, text: &str) {
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(|| println!("{text}")),
            None => println!("{text}"),
        }
    }

    /// Prints a remark on standard error, unless `--quiet`.
    pub fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        match &*self.bar.borrow() {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    /// Takes the bar or spinner away.
    pub fn end(&self) {
        if let Some(bar) = self.bar.borrow_mut().take() {
            bar.finish_and_clear();
        }
    }
}
