//! The manifest of the tables: its contents and its list of tables are read or refused; behind right
//! checksums too.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs, process};

use libfuzzer_sys::fuzz_target;
use xxhash_rust::xxh3::xxh3_128;

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = env::temp_dir().join(format!("groundsill-fuzz-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder for the manifest");
    folder
});

/// A file that begins with `sections` and ends with `contents`, behind a trailer that is right.
fn sealed(sections: &[u8], contents: &[u8]) -> Vec<u8> {
    let mut file = [sections, contents, b"SFA!\x01\x00"].concat();
    file.extend_from_slice(&xxh3_128(contents).to_le_bytes());
    file.extend_from_slice(&(sections.len() as u64).to_le_bytes());
    file.extend_from_slice(&(contents.len() as u64).to_le_bytes());
    file
}

/// Contents that name all of the sections as the list of tables.
fn contents(len: usize) -> Vec<u8> {
    let mut contents = b"TOC!\x01\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    contents.extend_from_slice(&(len as u64).to_le_bytes());
    contents.extend_from_slice(b"\x06\0tables");
    contents
}

fn read(version: &[u8], current: &[u8]) {
    fs::write(FOLDER.join("v0"), version).expect("written");
    fs::write(FOLDER.join("current"), current).expect("written");
    let _ = tables::verify(&FOLDER);
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let version = match choice % 4 {
        0 => bytes.to_vec(),
        1 => sealed(bytes, &contents(bytes.len())),
        2 => sealed(&[0; 64], bytes),
        _ => return read(b"", bytes),
    };
    let mut current = 0_u64.to_le_bytes().to_vec();
    current.extend_from_slice(&xxh3_128(&version).to_le_bytes());
    current.push(0);
    read(&version, &current);
});
