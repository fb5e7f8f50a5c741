//! What no text of the repository holds: notes to self, traces of the machine that it was written
//! on, white space that nobody sees.

use crate::files::File;
use crate::{finds, hold};

/// Whether `line` holds `word` and not just a longer word around it.
fn holds_word(line: &str, word: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        !line[..at].ends_with(is_inside) && !line[at + word.len()..].starts_with(is_inside)
    })
}

fn notes_to_self(file: &File) -> Vec<String> {
    // In pieces, so that this file passes too.
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    file.complain("a note to self: do it now, open an issue, or leave it out", |line| {
        marks.iter().any(|mark| holds_word(line, mark))
    })
}

#[test]
fn nothing_is_left_for_later_in_a_comment() {
    hold(notes_to_self);
    finds(notes_to_self, 2, "a.rs", concat!("// TO", "DO: x\nlet y = 1;\n# XX", "X\n"));
    finds(notes_to_self, 0, "a.md", "todo lists, mktemp XXXXXX\n");
}

fn traces_of_a_machine(file: &File) -> Vec<String> {
    let folders = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
    ];
    let hosts = [
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("npmjs", ".org"),
        concat!("deb.debian", ".org"),
        concat!("static.crates", ".io"),
        concat!("index.crates", ".io"),
    ];
    file.complain("a path or a host of one machine: name it by what it is for", |line| {
        folders.iter().chain(&hosts).any(|trace| line.contains(trace))
    })
}

#[test]
fn no_file_names_a_place_on_the_machine_it_was_written_on() {
    hold(traces_of_a_machine);
    finds(traces_of_a_machine, 2, "a.md", concat!("see /ro", "ot/x\nok\nfrom pypi", ".org\n"));
    finds(traces_of_a_machine, 0, "a.md", "the root/of, framework/x, /var/lib/work\n");
}

fn names_of_assistants(file: &File) -> Vec<String> {
    let names = [
        concat!("clau", "de"),
        concat!("anthro", "pic"),
        concat!("chat", "gpt"),
        concat!("open", "ai"),
        concat!("copi", "lot"),
        concat!("gemi", "ni"),
        concat!("co", "dex"),
        concat!("ll", "m"),
        concat!("sub", "agent"),
        concat!("language", " model"),
    ];
    file.complain("the project speaks of itself, not of the tools it was written with", |line| {
        let line = line.to_lowercase();
        names.iter().any(|name| holds_word(&line, name))
    })
}

#[test]
fn the_project_speaks_of_itself_alone() {
    hold(names_of_assistants);
    finds(names_of_assistants, 1, "a.md", concat!("written with Copi", "lot\n"));
    finds(names_of_assistants, 0, "a.md", "the helmsman of a codec\n");
}

fn unseen_white_space(file: &File) -> Vec<String> {
    // In a script every character of a reply counts, also a blank at its end.
    let is_script = file.path.starts_with("testdata/") && file.is("txt");
    // In such a table a tab parts the columns.
    let is_table = file.is("tsv");
    let advice = "white space that nobody sees: no tabs, no blanks at the end, lines end in \\n";
    let mut complaints = file.complain(advice, |line| {
        let is_tab = line.contains('\t') && !is_table;
        is_tab || line.contains('\r') || (line.ends_with(' ') && !is_script)
    });
    let ends_well =
        file.text.is_empty() || (file.text.ends_with('\n') && !file.text.ends_with("\n\n"));
    if !ends_well {
        complaints.push(format!("{}: end it with one line end", file.path));
    }
    complaints
}

#[test]
fn white_space_is_plain() {
    hold(unseen_white_space);
    finds(unseen_white_space, 2, "a.rs", "a\tb\nc \nd\n");
    finds(unseen_white_space, 0, "a.tsv", "a\tb\n");
    finds(unseen_white_space, 1, "a.rs", "a\r\nb\n");
    finds(unseen_white_space, 0, "testdata/a.txt", "(error) ERR with args: \n");
    finds(unseen_white_space, 1, "a.rs", "a");
    finds(unseen_white_space, 1, "a.rs", "a\n\n");
}
