//! A file system on a file, mounted by a loop device.

use std::fs::File;
use std::path::PathBuf;

use crate::lab::{Folder, Stop, failed, run};

/// A file system, which goes with it.
#[derive(Debug)]
pub(in crate::lab) struct Image {
    folder: Folder,
}

impl Image {
    /// One of so many MiB, made by a program such as `mkfs.ext4` with these arguments, and mounted with these options.
    pub(in crate::lab) fn new(
        (name, mib): (&str, u64),
        maker: &[&str],
        options: &str,
    ) -> Result<Self, Stop> {
        let folder = Folder::new(name)?;
        let image = Self { folder };
        File::create(image.file())
            .and_then(|file| file.set_len(mib << 20))
            .map_err(failed("make a file"))?;
        std::fs::create_dir_all(image.point()).map_err(failed("make a folder"))?;
        let (program, arguments) = maker.split_first().ok_or("no program")?;
        let file = image.file();
        let file = file.to_string_lossy();
        let arguments: Vec<&str> = arguments.iter().copied().chain([file.as_ref()]).collect();
        run(program, &arguments)?;
        image.mount(options)?;
        Ok(image)
    }

    /// Mounts it again.
    pub(in crate::lab) fn mount(&self, options: &str) -> Result<(), Stop> {
        let options = format!("loop,{options}");
        let (file, point) = (self.file(), self.point());
        let mounted =
            run("mount", &["-o", &options, &file.to_string_lossy(), &point.to_string_lossy()]);
        mounted.map(drop).map_err(|stop| match stop {
            Stop::Failed(why)
                if why.contains("loop device") || why.contains("unknown filesystem") =>
            {
                Stop::Missing(format!("loop devices and this file system in the kernel: {why}"))
            }
            other => other,
        })
    }

    /// Takes it off its place.
    pub(in crate::lab) fn unmount(&self) -> Result<(), Stop> {
        run("umount", &[&self.point().to_string_lossy()]).map(drop)
    }

    /// Where it is mounted.
    pub(in crate::lab) fn point(&self) -> PathBuf {
        self.folder.path().join("mounted")
    }

    /// What it is on.
    pub(in crate::lab) fn file(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// How a record about it ends.
    pub(in crate::lab) fn target(&self) -> String {
        format!(" {}", self.point().to_string_lossy())
    }

    /// The name of its device, such as `loop3`.
    pub(in crate::lab) fn device(&self) -> Result<String, Stop> {
        let source = run("findmnt", &["-n", "-o", "SOURCE", &self.point().to_string_lossy()])?;
        let name = source.trim().trim_start_matches("/dev/").to_owned();
        if name.is_empty() { Err("it is not mounted".into()) } else { Ok(name) }
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // What is left of it goes with the next `lab --clean`; lazily, as a program may just be ending.
        let _left = run("umount", &["-l", &self.point().to_string_lossy()]);
    }
}
