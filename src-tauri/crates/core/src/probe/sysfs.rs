//! Small files of `/sys/class`, as `grep` prints several at once: `path:line`.

/// One file that has something in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Entry<'a> {
    /// The device, such as `hwmon0`.
    pub(super) device: &'a str,
    /// The file below it, such as `temp1_input`.
    pub(super) file: &'a str,
    /// Its first line.
    pub(super) value: &'a str,
}

/// The files of one class. A device may have a colon in its name, a file cannot.
pub(super) fn entries<'a>(listing: &'a str, class: &'a str) -> impl Iterator<Item = Entry<'a>> {
    listing.lines().filter_map(move |line| {
        let (device, rest) =
            line.strip_prefix("/sys/class/")?.strip_prefix(class)?.strip_prefix('/')?.split_once('/')?;
        let (file, value) = rest.split_once(':')?;
        Some(Entry { device, file, value: value.trim() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_may_hold_a_colon() {
        let listing =
            "/sys/class/hwmon/hwmon0/name:x\n/sys/class/power_supply/hid-0:1-battery/status:Not charging \nnoise\n";
        let found: Vec<_> = entries(listing, "power_supply").collect();
        assert_eq!(found, [Entry { device: "hid-0:1-battery", file: "status", value: "Not charging" }]);
    }
}
