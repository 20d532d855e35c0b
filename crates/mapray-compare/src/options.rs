//! The command line.

use std::path::PathBuf;

use crate::figures::Surroundings;
use crate::rows::Size;

/// What is to be compared, and with what.
pub struct Options {
    /// A part of the names of the rows; all of them otherwise.
    pub filter: Option<String>,
    pub rounds: usize,
    pub size: Size,
    pub surroundings: Surroundings,
    /// The folder for records; none are written otherwise.
    pub record: Option<PathBuf>,
}

/// As many as a figure in a document needs.
const ROUNDS: usize = 15;

impl Options {
    /// `[NAME] [--rounds N] [--size small|full] --python PATH --folder PATH [--command PATH] [--record PATH]`
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let scripts = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/python"));
        let (mut filter, mut rounds, mut size) = (None, ROUNDS, Size::Full);
        let (mut python, mut folder, mut command, mut record) = (None, None, None, None);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| format!("'{argument}' needs a value"));
            match argument.as_str() {
                "--rounds" => {
                    rounds = value()?.parse().map_err(|_| "'--rounds' needs a number")?;
                }
                "--size" => {
                    size = match value()?.as_str() {
                        "small" => Size::Small,
                        "full" => Size::Full,
                        _ => return Err("'--size' is small or full".to_owned()),
                    }
                }
                "--python" => python = Some(PathBuf::from(value()?)),
                "--folder" => folder = Some(PathBuf::from(value()?)),
                "--command" => command = Some(PathBuf::from(value()?)),
                "--record" => record = Some(PathBuf::from(value()?)),
                option if option.starts_with('-') => return Err(format!("no option '{option}'")),
                name => filter = Some(name.to_owned()),
            }
        }
        let python = python.ok_or("'--python' is missing")?;
        let folder = folder.ok_or("'--folder' is missing")?;
        let surroundings = Surroundings { folder, python, scripts, command };
        Ok(Options { filter, rounds, size, surroundings, record })
    }

    /// What the record is named after.
    pub fn title(&self) -> String {
        let name = self.filter.as_deref().unwrap_or("all");
        match self.size {
            Size::Small => format!("{name}-small"),
            Size::Full => name.to_owned(),
        }
    }

    /// How the same figures are had again.
    pub fn command_line(&self) -> String {
        let name = self.filter.as_ref().map_or(String::new(), |name| format!(" {name}"));
        let size = if self.size == Size::Small { "small" } else { "full" };
        format!("cargo xtask bench{name} --rounds {} --size {size}", self.rounds)
    }
}
