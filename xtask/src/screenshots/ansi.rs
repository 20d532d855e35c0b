//! What a terminal shows of text with escape sequences for colours.

/// Red, green and blue.
pub type Rgb = (u8, u8, u8);

/// How a character looks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Look {
    pub front: Option<Rgb>,
    pub back: Option<Rgb>,
    pub is_bold: bool,
    pub is_faint: bool,
}

/// Characters that look alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub text: String,
    pub look: Look,
}

/// The lines of the text, in runs.
pub fn lines(text: &str) -> Vec<Vec<Run>> {
    let mut look = Look::default();
    text.lines().map(|line| runs(line, &mut look)).collect()
}

fn runs(line: &str, look: &mut Look) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut push = |text: &str, look: Look| match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(run) if run.look == look => run.text.push_str(text),
        _ => runs.push(Run { text: text.to_owned(), look }),
    };
    let mut parts = line.split("\x1b[");
    push(parts.next().unwrap_or_default(), *look);
    for part in parts {
        let end = part.find(|it: char| it.is_ascii_alphabetic()).unwrap_or(part.len());
        let (codes, rest) = part.split_at(end);
        if rest.starts_with('m') {
            change(look, codes);
        }
        push(rest.get(1..).unwrap_or_default(), *look);
    }
    runs
}

fn change(look: &mut Look, codes: &str) {
    let mut codes = codes.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
    while let Some(code) = codes.next() {
        match code {
            0 => *look = Look::default(),
            1 => look.is_bold = true,
            2 => look.is_faint = true,
            38 | 48 => {
                let mut next = || codes.next().unwrap_or(0);
                let colour = (next() == 2).then(|| (next(), next(), next()));
                *(if code == 38 { &mut look.front } else { &mut look.back }) = colour;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_last_until_they_are_changed() {
        let found = lines("a\x1b[1mb\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m▀\n▀\x1b[0mc\x1b[2m");
        let plain = Look::default();
        let bold = Look { is_bold: true, ..plain };
        let both = Look { front: Some((1, 2, 3)), back: Some((4, 5, 6)), ..bold };
        let run = |text: &str, look| Run { text: text.to_owned(), look };
        assert_eq!(found[0], [run("a", plain), run("b", bold), run("▀", both)]);
        assert_eq!(found[1], [run("▀", both), run("c", plain)]);
    }
}
