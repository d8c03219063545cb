//! `ProxyJump`: the hosts on the way.

use hostrounds_core::address::Address;

/// The hosts that `ProxyJump` names, in the order of the way; none where it is `none`. Nothing where it cannot be understood.
pub(crate) fn chain(text: &str) -> Option<Vec<Address>> {
    let text = text.split('#').next().unwrap_or_default().trim().trim_matches('"');
    if text.eq_ignore_ascii_case("none") {
        return Some(Vec::new());
    }
    text.split(',').map(Address::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_is_read_in_its_order() {
        let hosts = |text: &str| chain(text).map(|chain| chain.into_iter().map(|jump| jump.host).collect::<Vec<_>>());
        assert_eq!(hosts("None"), Some(vec![]));
        assert_eq!(hosts("a,ops@b:2222 # by night"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(hosts("a,"), None);
    }
}
