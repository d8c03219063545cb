//! `--without units --with gpus`: which families of metrics are read.

use clap::Args;
use hostrounds_core::probe::Family;

use crate::problem::Problem;

/// The families that are switched; the others stay.
#[derive(Args)]
pub(super) struct FamilyArguments {
    /// Do not read this family of metrics, as `hostrounds metrics` names it; may be given several times
    #[arg(long, value_name = "FAMILY", value_parser = named)]
    without: Vec<Family>,
    /// Read this family of metrics again; may be given several times
    #[arg(long, value_name = "FAMILY", value_parser = named)]
    with: Vec<Family>,
}

impl FamilyArguments {
    pub(super) fn is_empty(&self) -> bool {
        self.without.is_empty() && self.with.is_empty()
    }

    /// What is off then; a problem where a family is switched both ways.
    pub(super) fn over(&self, mut off: Vec<Family>) -> Result<Vec<Family>, Problem> {
        let both: Vec<Family> = self.with.iter().copied().filter(|family| self.without.contains(family)).collect();
        if !both.is_empty() {
            return Err(Problem::usage(
                format!("--with and --without both name {}.", names(&both)),
                "Say one of the two.",
            ));
        }
        off.extend(&self.without);
        off.retain(|family| !self.with.contains(family));
        Ok(off)
    }
}

/// The name under which a family stands in JSON.
pub(crate) fn name(family: Family) -> String {
    serde_json::to_value(family).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The names of several families.
pub(crate) fn names(families: &[Family]) -> String {
    families.iter().map(|family| name(*family)).collect::<Vec<_>>().join(", ")
}

/// The family of that name, however it is written.
pub(super) fn named(text: &str) -> Result<Family, String> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_lowercase();
    let found = Family::ALL.iter().find(|family| plain(&name(**family)) == plain(text));
    found.copied().ok_or_else(|| format!("the families are {}", names(Family::ALL)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_found_by_its_name_however_it_is_written() {
        for text in ["diskIo", "disk-io", "DISKIO"] {
            assert_eq!(named(text), Ok(Family::DiskIo));
        }
        assert!(named("disc").unwrap_err().contains("cpu, load"));
    }

    #[test]
    fn what_is_not_named_stays() {
        let named = FamilyArguments { without: vec![Family::Gpus], with: vec![Family::Load] };
        assert_eq!(named.over(vec![Family::Load, Family::Users]).unwrap(), [Family::Users, Family::Gpus]);
    }
}
