//! H44: what runs is not what is configured, and the next start of the machine brings the other.
//!
//! Source: sysctl.d(5), fstab(5), systemd-sysctl.service(8); the order of files is that of systemd. `/etc/sysctl.conf` counts only where a file
//! of `/etc/sysctl.d` leads there, as in Debian up to 12: systemd itself does not read it.

use crate::check::{Blind, Check, Fault, Page, Proof, Rule, Verdict};
use crate::record::{Confidence, Evidence, Severity};
use crate::snapshot::{Host, Probed, Setting, Unmounted, Window};

mod release;

use release::Release;

pub(super) static CHECK: Check = Check {
    id: "H44",
    title: "what runs is not what is configured: the next start of the machine brings the other",
    severity: Severity::Warning,
    needs: "nothing; root, where files of sysctl.d are not for everybody",
    expected: "settings of the kernel are as sysctl.d has them, disks of fstab are mounted, the newest kernel that is installed runs",
    guardrail: "after each change by hand: sysctl --system, findmnt --verify, and a start of the machine at a time of your choice",
    probes: &[
        "/etc/sysctl.d, /run/sysctl.d, /usr/local/lib/sysctl.d, /usr/lib/sysctl.d: names on a list, and /proc/sys of those",
        "/etc/fstab, /proc/self/mountinfo",
        "/lib/modules, /boot/vmlinuz-*: names",
    ],
    proof: Proof::Lab,
    catalogue: &[],
    page: Page {
        symptom: "After an unplanned start of the machine something that worked for a year does not: a limit is back at its default, a folder of data is empty. Or the other way round: what was written into the configuration never took effect, and nobody looked.",
        culprit: "Somebody used sysctl -w or umount in an incident and wrote down nothing; or changed a file and did not apply it; or the file is applied before the module is loaded that has the setting. A disk of fstab with nofail that was not there at the start is passed over silently: what is written to its folder fills the disk below. A kernel that was upgraded runs only after a start; if the modules of the running one were removed, it can load none any more.",
        proof: "Settings: of files with the same name that of the first folder counts, of lines about the same setting the last; those that only a file of the distribution sets are left out, and so are net.* in a network namespace of its own. A program that sets them later, such as tuned or kubelet, is told of, too: then two have a say. Disks: only lines with a device, without noauto, automount and bind. Kernels: only those with an image, and of the same flavour. In a container disks and kernels are not looked at. A newer kernel is information.",
        fix: "Decide which of both is right. If the file: sysctl -w with its value, or mount. If what runs: change the file. Before mounting over a folder see what is in it, as it is hidden from then on.",
        cost: "Setting a value by sysctl takes effect at once and is undone by setting the old one. A start of the machine for a kernel is an outage of its own.",
        lab: "A file in /run/sysctl.d that gives vm.max_map_count another value than the kernel has; mended by giving it the same. Disks and kernels are not touched.",
    },
    rule: Rule::Host(rule),
};

fn rule(window: &Window<'_>) -> Result<Verdict, Blind> {
    let host = &window.after.host;
    let system = host.system.seen()?;
    super::own_kernel(system)?;
    let (mut faults, mut told, mut unseen) = (Vec::new(), Vec::new(), None);
    match system.settings.seen() {
        Ok(settings) => {
            for setting in settings {
                match of_setting(setting) {
                    Ok(fault) => faults.extend(fault),
                    Err(blind) => unseen = Some(blind),
                }
            }
            told.push(format!(
                "settings in files of sysctl.d that were looked at: {}",
                settings.len()
            ));
        }
        Err(blind) => unseen = Some(blind),
    }
    // The disks and kernels of a container's image are nobody's.
    if host.view.container.is_none() {
        match system.unmounted.seen() {
            Ok(lines) => faults.extend(lines.iter().map(of_mount)),
            // Without such a file nothing is to be mounted.
            Err(Blind::Absent(_)) => {}
            Err(blind) => unseen = unseen.or(Some(blind)),
        }
        match of_kernel(host, &system.kernels) {
            Ok(fault) => faults.extend(fault),
            Err(blind) => unseen = unseen.or(Some(blind)),
        }
    }
    Ok(Verdict { observed: told.join("; "), faults, unseen })
}

fn of_setting(setting: &Setting) -> Result<Option<Fault>, Blind> {
    let Setting { name, configured, file, running } = setting;
    match running.seen() {
        Ok(running) if is_same(configured, running) => Ok(None),
        Ok(running) => Ok(Some(differs(setting, running))),
        Err(Blind::Absent(_)) => Ok(Some(Fault {
            severity: Severity::Info,
            aspect: Some("setting"),
            at: Some(name.clone()),
            observed: format!("{file} sets {name} to {configured}, and the kernel has no such setting now"),
            impact: "if a module brings it later, it begins with its default: the file was applied before".to_owned(),
            fix: format!("if the module is wanted, name it in /etc/modules-load.d and start it, then sysctl -p {file}; else take the line out"),
            actions: Vec::new(),
            risk: "none".to_owned(),
            reversible: true,
            evidence: vec![Evidence { probe: file.clone(), value: format!("{name} = {configured}") }],
            confidence: Confidence::Low,
        })),
        Err(blind) => Err(blind),
    }
}

fn differs(setting: &Setting, running: &str) -> Fault {
    let Setting { name, configured, file, .. } = setting;
    Fault {
        severity: Severity::Warning,
        aspect: Some("setting"),
        at: Some(name.clone()),
        observed: format!("{name} is {running}, and {file} sets it to {configured}"),
        impact: format!("from the next start of the machine on it is {configured}; until then the file has no effect"),
        fix: format!("if the file is right: sysctl -w {name}='{configured}' (undo: sysctl -w {name}='{running}'); if what runs is: change the line in {file}"),
        // Which of both is right, a person has to say.
        actions: Vec::new(),
        risk: "it takes effect at once, for the whole machine; first see what set it: tuned, kubelet and others do".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: file.clone(), value: format!("{name} = {configured}") },
            Evidence { probe: format!("/proc/sys/{}", name.replace('.', "/")), value: running.to_owned() },
        ],
        confidence: Confidence::High,
    }
}

/// Word by word, and numbers as numbers.
fn is_same(configured: &str, running: &str) -> bool {
    let is_same_word = |(one, other): (&str, &str)| {
        one == other
            || matches!((one.parse::<i128>(), other.parse::<i128>()), (Ok(one), Ok(other)) if one == other)
    };
    let words = |text: &str| text.split_whitespace().count();
    words(configured) == words(running)
        && configured.split_whitespace().zip(running.split_whitespace()).all(is_same_word)
}

fn of_mount(line: &Unmounted) -> Fault {
    let Unmounted { source, point, nofail } = line;
    Fault {
        severity: Severity::Warning,
        aspect: Some("mount"),
        at: Some(point.clone()),
        observed: format!("{source} is not mounted at {point}, though /etc/fstab has it"),
        impact: if *nofail {
            "what is written there goes to the disk below, and is hidden once it is mounted again"
                .to_owned()
        } else {
            "what is written there goes to the disk below; if the device is gone, the next start of the machine stops in the emergency shell".to_owned()
        },
        fix: format!(
            "see that {point} holds nothing that is needed (ls -la), stop who writes there, then mount {point} (undo: umount {point}); if it is not wanted any more, take the line out"
        ),
        actions: Vec::new(),
        risk: "what was written to the folder meanwhile is hidden by the mount, not lost"
            .to_owned(),
        reversible: true,
        evidence: vec![Evidence {
            probe: "/etc/fstab".to_owned(),
            value: format!("{source} {point}"),
        }],
        confidence: Confidence::High,
    }
}

fn of_kernel(host: &Host, kernels: &Probed<Vec<String>>) -> Result<Option<Fault>, Blind> {
    let kernels = match kernels.seen() {
        Ok(kernels) => kernels,
        // A kernel without modules, as many virtual machines have.
        Err(Blind::Absent(_)) => return Ok(None),
        Err(blind) => return Err(blind),
    };
    let running = Release::parse(&host.kernel);
    // One of another flavour comes from elsewhere, and is not what a start would bring.
    let same = kernels.iter().map(|name| (Release::parse(name), name));
    let newest = same.filter(|(it, _)| it.flavour == running.flavour).max();
    let Some((newest, name)) = newest else { return Ok(None) };
    let fault = |severity, observed, impact: &str| {
        Fault {
        severity,
        aspect: Some("kernel"),
        at: None,
        observed,
        impact: impact.to_owned(),
        fix: "start the machine at a time of your choice: systemctl reboot, after its services were moved".to_owned(),
        actions: Vec::new(),
        risk: "an outage of this machine for minutes; the older kernel is in the boot menu".to_owned(),
        reversible: true,
        evidence: vec![
            Evidence { probe: "/lib/modules".to_owned(), value: kernels.join(" ") },
            Evidence { probe: "/proc/sys/kernel/osrelease".to_owned(), value: host.kernel.clone() },
        ],
        confidence: Confidence::High,
    }
    };
    if !kernels.contains(&host.kernel) && newest.numbers >= running.numbers {
        return Ok(Some(fault(
            Severity::Warning,
            format!("{} runs, its modules are removed, and {name} is installed", host.kernel),
            "a module that is not loaded yet cannot be any more: file systems, firewall rules, tunnels and devices that need one fail",
        )));
    }
    let is_newer = newest.numbers > running.numbers;
    Ok(is_newer.then(|| {
        fault(
            Severity::Info,
            format!("{} runs, and {name} is installed", host.kernel),
            "what the newer kernel mends is not mended; it comes with the next start, planned or not",
        )
    }))
}

#[cfg(test)]
mod tests;
