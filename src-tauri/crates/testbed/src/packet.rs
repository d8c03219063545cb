//! The fields of SSH packets (RFC 4251, section 5), written and read.

use std::io;

/// Message numbers (RFC 4250, section 4.1) that are used here.
pub(crate) mod message {
    pub(crate) const DISCONNECT: u8 = 1;
    pub(crate) const IGNORE: u8 = 2;
    pub(crate) const UNIMPLEMENTED: u8 = 3;
    pub(crate) const DEBUG: u8 = 4;
    pub(crate) const SERVICE_REQUEST: u8 = 5;
    pub(crate) const SERVICE_ACCEPT: u8 = 6;
    pub(crate) const KEXINIT: u8 = 20;
    pub(crate) const NEWKEYS: u8 = 21;
    pub(crate) const KEX_ECDH_INIT: u8 = 30;
    pub(crate) const KEX_ECDH_REPLY: u8 = 31;
    pub(crate) const USERAUTH_REQUEST: u8 = 50;
    pub(crate) const USERAUTH_FAILURE: u8 = 51;
    pub(crate) const USERAUTH_SUCCESS: u8 = 52;
    pub(crate) const USERAUTH_BANNER: u8 = 53;
    pub(crate) const USERAUTH_INFO_REQUEST: u8 = 60;
    pub(crate) const USERAUTH_INFO_RESPONSE: u8 = 61;
    pub(crate) const GLOBAL_REQUEST: u8 = 80;
    pub(crate) const REQUEST_FAILURE: u8 = 82;
    pub(crate) const CHANNEL_OPEN: u8 = 90;
    pub(crate) const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
    pub(crate) const CHANNEL_WINDOW_ADJUST: u8 = 93;
    pub(crate) const CHANNEL_DATA: u8 = 94;
    pub(crate) const CHANNEL_EXTENDED_DATA: u8 = 95;
    pub(crate) const CHANNEL_EOF: u8 = 96;
    pub(crate) const CHANNEL_CLOSE: u8 = 97;
    pub(crate) const CHANNEL_REQUEST: u8 = 98;
    pub(crate) const CHANNEL_SUCCESS: u8 = 99;
}

/// A packet that is being put together, or a part of one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Packet(Vec<u8>);

impl Packet {
    /// Begins with the number of the message.
    pub(crate) fn new(message: u8) -> Self {
        Self(vec![message])
    }

    /// A part that is hashed or stands inside another one.
    pub(crate) fn part() -> Self {
        Self::default()
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn number(self, number: u32) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn string(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.number(u32::try_from(bytes.len()).unwrap_or(u32::MAX)).bytes(bytes)
    }

    /// A positive number of any length, most significant byte first.
    pub(crate) fn large_number(self, bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = bytes.get(zeros..).unwrap_or_default();
        // A set highest bit would say that it is negative.
        let sign: &[u8] = if digits.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
        self.string([sign, digits].concat())
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

/// Reads a packet from its beginning.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| broken("a packet that ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn byte(&mut self) -> io::Result<u8> {
        self.take(1).map(|taken| taken.first().copied().unwrap_or_default())
    }

    pub(crate) fn number(&mut self) -> io::Result<u32> {
        let bytes: [u8; 4] = self.take(4)?.try_into().unwrap_or_default();
        Ok(u32::from_be_bytes(bytes))
    }

    pub(crate) fn string(&mut self) -> io::Result<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }
}

/// The client did something that this small server does not understand.
pub(crate) fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
