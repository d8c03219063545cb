//! The server's side of the SSH transport (RFC 4253), by hand.
//!
//! A library keeps the rules, and a server that misbehaves has to break them after a key exchange that every client
//! accepts. This one knows one algorithm of each kind: `curve25519-sha256` (RFC 8731), `ssh-ed25519` (RFC 8709) and
//! `chacha20-poly1305@openssh.com`.

use std::io;

use ring::aead::chacha20_poly1305_openssh::{KEY_LEN, OpeningKey, PACKET_LENGTH_LEN, SealingKey, TAG_LEN};
use ring::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::packet::{Fields, Packet, broken, message};

/// What it calls itself.
pub(crate) const IDENTIFICATION: &str = "SSH-2.0-OpenSSH_9.2p1";
/// A client sends no larger packets here.
const MAX_PACKET: usize = 1 << 20;
const BLOCK: usize = 8;

/// An ed25519 host key.
pub(crate) struct HostKey(Ed25519KeyPair);

impl HostKey {
    pub(crate) fn random() -> io::Result<Self> {
        let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(no_key)?;
        Ed25519KeyPair::from_pkcs8(pair.as_ref()).map(Self).map_err(no_key)
    }

    /// As it stands in packets and, in base64, in files of known hosts.
    pub(crate) fn public(&self) -> Vec<u8> {
        Packet::part().string("ssh-ed25519").string(self.0.public_key()).as_slice().to_vec()
    }

    fn signature(&self, hash: &[u8]) -> Packet {
        Packet::part().string("ssh-ed25519").string(self.0.sign(hash))
    }
}

/// How far a handshake goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Both sides have said what they can, and the server says no more.
    Proposals,
    /// The connection is encrypted.
    End,
}

/// What comes from the client.
pub(crate) struct Receiver {
    stream: OwnedReadHalf,
    held: Vec<u8>,
    key: Option<OpeningKey>,
    sequence: u32,
}

/// What goes to the client.
pub(crate) struct Sender {
    stream: OwnedWriteHalf,
    key: Option<SealingKey>,
    sequence: u32,
}

pub(crate) fn halves(stream: TcpStream) -> (Receiver, Sender) {
    let (read, write) = stream.into_split();
    let receiver = Receiver { stream: read, held: Vec::new(), key: None, sequence: 0 };
    (receiver, Sender { stream: write, key: None, sequence: 0 })
}

/// Identifies and, as far as wanted, agrees on keys.
pub(crate) async fn handshake(
    receiver: &mut Receiver,
    sender: &mut Sender,
    host_key: &HostKey,
    until: Until,
) -> io::Result<()> {
    sender.raw(format!("{IDENTIFICATION}\r\n").as_bytes()).await?;
    let theirs = receiver.line().await?;
    let ours = proposal();
    sender.send(&ours).await?;
    let their_proposal = receiver.packet().await?;
    if their_proposal.first() != Some(&message::KEXINIT) {
        return Err(broken("no proposal"));
    }
    if until == Until::Proposals {
        return Ok(());
    }
    let init = receiver.packet().await?;
    let mut fields = Fields(&init);
    if fields.byte()? != message::KEX_ECDH_INIT {
        return Err(broken("another key exchange"));
    }
    let their_point = fields.string()?;

    let random = SystemRandom::new();
    let private = EphemeralPrivateKey::generate(&X25519, &random).map_err(|Unspecified| no_key("no random numbers"))?;
    let public = private.compute_public_key().map_err(|Unspecified| no_key("no public half"))?;
    let peer = UnparsedPublicKey::new(&X25519, their_point);
    let secret = agree_ephemeral(private, &peer, |secret| Packet::part().large_number(secret))
        .map_err(|Unspecified| broken("a bad point"))?;
    let hashed = Packet::part()
        .string(&theirs)
        .string(IDENTIFICATION)
        .string(&their_proposal)
        .string(ours.as_slice())
        .string(host_key.public())
        .string(their_point)
        .string(&public)
        .bytes(secret.as_slice());
    let hash = digest(&SHA256, hashed.as_slice());
    let reply = Packet::new(message::KEX_ECDH_REPLY)
        .string(host_key.public())
        .string(&public)
        .string(host_key.signature(hash.as_ref()).as_slice());
    sender.send(&reply).await?;
    sender.send(&Packet::new(message::NEWKEYS)).await?;
    sender.key = Some(SealingKey::new(&derived(&secret, hash.as_ref(), b'D')?));
    if receiver.packet().await?.first() != Some(&message::NEWKEYS) {
        return Err(broken("no new keys"));
    }
    receiver.key = Some(OpeningKey::new(&derived(&secret, hash.as_ref(), b'C')?));
    Ok(())
}

fn proposal() -> Packet {
    let cipher = "chacha20-poly1305@openssh.com";
    let mac = "hmac-sha2-256";
    // A fixed cookie: nothing secret is said here.
    let lists = ["curve25519-sha256", "ssh-ed25519", cipher, cipher, mac, mac, "none", "none", "", ""];
    let packet = Packet::new(message::KEXINIT).bytes(&[7; 16]);
    lists.iter().fold(packet, Packet::string).byte(0).number(0)
}

/// RFC 4253, section 7.2; the first hash of a connection is its session id as well.
fn derived(secret: &Packet, hash: &[u8], letter: u8) -> io::Result<[u8; KEY_LEN]> {
    let base = secret.clone().bytes(hash);
    let first = digest(&SHA256, base.clone().byte(letter).bytes(hash).as_slice());
    let second = digest(&SHA256, base.bytes(first.as_ref()).as_slice());
    [first.as_ref(), second.as_ref()].concat().try_into().map_err(|_| broken("a key of the wrong length"))
}

fn no_key(error: impl ToString) -> io::Error {
    io::Error::other(error.to_string())
}

impl Sender {
    /// Bytes as they are.
    pub(crate) async fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// A packet, encrypted once there are keys.
    pub(crate) async fn send(&mut self, packet: &Packet) -> io::Result<()> {
        let packet = self.sealed(packet)?;
        self.raw(&packet).await
    }

    /// The same packet again and again, until the client goes away. Many at once, so that a client that is slow is
    /// slow by its own work.
    pub(crate) async fn send_for_ever(&mut self, packet: &Packet) -> io::Result<()> {
        loop {
            let mut many = Vec::new();
            while many.len() < 64 * 1024 {
                many.extend(self.sealed(packet)?);
            }
            self.raw(&many).await?;
        }
    }

    /// The beginning of a packet that claims this length.
    pub(crate) async fn send_length(&mut self, length: u32) -> io::Result<()> {
        let mut bytes = length.to_be_bytes().to_vec();
        if let Some(key) = &self.key {
            bytes.extend([0; BLOCK]);
            key.seal_in_place(self.sequence, &mut bytes, &mut [0; TAG_LEN]);
        }
        self.raw(&bytes).await
    }

    fn sealed(&mut self, packet: &Packet) -> io::Result<Vec<u8>> {
        let payload = packet.as_slice();
        let length_counts = if self.key.is_some() { 0 } else { PACKET_LENGTH_LEN };
        let used = length_counts + 1 + payload.len();
        let least = BLOCK - used % BLOCK;
        let padding = if least < 4 { least + BLOCK } else { least };
        let length = u32::try_from(1 + payload.len() + padding).map_err(|_| broken("a packet too long"))?;
        let padding_length = u8::try_from(padding).unwrap_or(u8::MAX);
        let mut bytes = Packet::part().number(length).byte(padding_length).bytes(payload).as_slice().to_vec();
        bytes.resize(bytes.len() + padding, 0);
        if let Some(key) = &self.key {
            let mut tag = [0; TAG_LEN];
            key.seal_in_place(self.sequence, &mut bytes, &mut tag);
            bytes.extend(tag);
        }
        self.sequence = self.sequence.wrapping_add(1);
        Ok(bytes)
    }
}

impl Receiver {
    /// The client's identification, without the end of the line.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.held.iter().position(|byte| *byte == b'\n') {
                let mut line: Vec<u8> = self.held.drain(..=end).collect();
                line.truncate(line.trim_ascii_end().len());
                return Ok(line);
            }
            self.more().await?;
        }
    }

    /// The next packet's payload. May be given up at any moment and asked again.
    pub(crate) async fn packet(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(payload) = self.opened()? {
                self.sequence = self.sequence.wrapping_add(1);
                return Ok(payload);
            }
            self.more().await?;
        }
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.held).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// The next packet, if it is complete.
    fn opened(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(head) = self.held.first_chunk::<PACKET_LENGTH_LEN>() else { return Ok(None) };
        let head = match &self.key {
            Some(key) => key.decrypt_packet_length(self.sequence, *head),
            None => *head,
        };
        let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > MAX_PACKET {
            return Err(broken("a packet too long"));
        }
        let tag_length = if self.key.is_some() { TAG_LEN } else { 0 };
        let whole = PACKET_LENGTH_LEN + length;
        if self.held.len() < whole + tag_length {
            return Ok(None);
        }
        let mut bytes: Vec<u8> = self.held.drain(..whole).collect();
        let tag: Vec<u8> = self.held.drain(..tag_length).collect();
        let inner = match &self.key {
            Some(key) => {
                let tag = tag.as_slice().try_into().map_err(|_| broken("no tag"))?;
                key.open_in_place(self.sequence, &mut bytes, tag).map_err(|Unspecified| broken("a forged packet"))?
            }
            None => bytes.get(PACKET_LENGTH_LEN..).unwrap_or_default(),
        };
        let (padding, rest) = inner.split_first().ok_or_else(|| broken("an empty packet"))?;
        let payload = rest.len().checked_sub(usize::from(*padding)).and_then(|end| rest.get(..end));
        payload.map(|payload| Some(payload.to_vec())).ok_or_else(|| broken("more padding than packet"))
    }
}
