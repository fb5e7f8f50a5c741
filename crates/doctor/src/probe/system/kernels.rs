//! Kernels that are installed: a folder of modules, and an image for it, as leftovers of modules alone are none.

use std::fs;
use std::path::Path;

use crate::probe::unseen;
use crate::snapshot::Probed;

const MODULES: &str = "/lib/modules";

pub(super) fn look() -> Probed<Vec<String>> {
    match fs::read_dir(MODULES) {
        Ok(entries) => {
            let names = entries.flatten().map(|it| it.file_name().to_string_lossy().into_owned());
            let mut kernels: Vec<String> = names.filter(|name| has_image(name)).collect();
            kernels.sort_unstable();
            Probed::Seen(kernels)
        }
        Err(error) => unseen(&error, MODULES),
    }
}

/// Debian has it in `/boot`, Fedora and Arch beside the modules.
fn has_image(release: &str) -> bool {
    Path::new(&format!("/boot/vmlinuz-{release}")).exists()
        || Path::new(&format!("{MODULES}/{release}/vmlinuz")).exists()
}
