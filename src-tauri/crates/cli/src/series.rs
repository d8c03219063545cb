//! Metrics and attributes as people type them.

use hostrounds_core::metric::Metric;
use hostrounds_core::observation::Attributes;

use crate::output::safe;
use crate::problem::Problem;

/// How like a name must be to be offered instead of a wrong one.
const ALIKE: f64 = 0.85;

/// The metric of that name.
pub(crate) fn metric_named(name: &str) -> Result<Metric, Problem> {
    Metric::named(name).ok_or_else(|| {
        let near = near(name);
        let hint = if near.is_empty() {
            "`hostrounds metrics` lists all of them.".to_owned()
        } else {
            format!("Did you mean {}? `hostrounds metrics` lists all of them.", near.join(", "))
        };
        Problem::usage(format!("--metric: There is no metric `{}`.", safe(name)), hint)
    })
}

/// The metrics that may have been meant, most alike first.
fn near(name: &str) -> Vec<&'static str> {
    let name = name.to_lowercase();
    let mut alike: Vec<(f64, &'static str)> = Metric::ALL
        .iter()
        .map(|metric| metric.info())
        .filter_map(|info| {
            let part = name.len() >= 3 && (info.name.contains(&name) || info.label.to_lowercase().contains(&name));
            let score = if part { 1.0 } else { strsim::jaro_winkler(&name, info.name) };
            (score >= ALIKE).then_some((score, info.name))
        })
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    alike.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Attributes from pairs such as `network.interface.name=eth0`.
pub(crate) fn attributes(pairs: &[String]) -> Result<Attributes, Problem> {
    let mut attributes = Attributes::none();
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Problem::usage(
                format!("--attribute: `{}` has no value.", safe(pair)),
                "Write NAME=VALUE, for example network.interface.name=eth0.",
            ));
        };
        if attributes.get(name).is_some() {
            return Err(Problem::usage(
                format!("--attribute: `{}` is given twice.", safe(name)),
                "A series has one value for each attribute.",
            ));
        }
        attributes = attributes.with(name, value);
    }
    Ok(attributes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_metric_is_guessed() {
        assert!(near("system.cpu.utilisation").contains(&"system.cpu.utilization"));
        assert!(near("load").contains(&"system.cpu.load_average.1m"));
        assert!(near("xyzzy").is_empty());
    }

    #[test]
    fn attributes_are_names_and_values() {
        let pairs = ["a=b=c".to_owned(), "d=".to_owned()];
        assert_eq!(attributes(&pairs).unwrap(), Attributes::none().with("a", "b=c").with("d", ""));
        for wrong in [vec!["a".to_owned()], vec!["=b".to_owned()], vec!["a=1".to_owned(), "a=2".to_owned()]] {
            assert!(attributes(&wrong).is_err(), "{wrong:?}");
        }
    }
}
