//! One connection to a server that speaks SSH properly up to the point where it does not.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::account::{Account, Said};
use crate::misbehaving::Misbehaviour;
use crate::packet::{Fields, Packet, broken, message};
use crate::stage::Stage;
use crate::transport::{HostKey, Receiver, Sender, Until, halves, handshake};

/// A length that no packet can have.
pub(crate) const TWO_GIB: u32 = 1 << 31;
/// What a client may send before it has to be told that it may send more; it never sends so much.
const WINDOW: u32 = 1 << 30;
const MAX_PACKET: u32 = 32 * 1024;
/// Output that waits for the client's window, before the program that makes it has to wait.
const MAX_PENDING: usize = 256 * 1024;
/// Output in one packet.
const PIECE: usize = 1024;
/// Between two bytes of an answer that never ends.
const TRICKLE: Duration = Duration::from_millis(50);
/// `SSH_EXTENDED_DATA_STDERR`
const STDERR: u32 = 1;

/// Talks to a client until one of the two has enough. Every user is let in, with any key or password.
pub(crate) async fn talk(
    stream: TcpStream,
    misbehaviour: Option<Misbehaviour>,
    stage: Option<Arc<Stage>>,
    host_key: &HostKey,
) -> io::Result<()> {
    // Without it each packet waits for the client to acknowledge the last.
    stream.set_nodelay(true)?;
    let (mut receiver, mut sender) = halves(stream);
    if misbehaviour == Some(Misbehaviour::HangsUpInKeyExchange) {
        return handshake(&mut receiver, &mut sender, host_key, Until::Proposals).await;
    }
    handshake(&mut receiver, &mut sender, host_key, Until::End).await?;
    if misbehaviour == Some(Misbehaviour::HangsUpAfterHostKey) {
        return Ok(());
    }
    let (heard, outputs) = mpsc::channel(4);
    let mut peer = Peer { receiver, sender, misbehaviour, stage, channels: HashMap::new(), heard };
    if peer.login().await? {
        peer.serve(outputs).await?;
    }
    Ok(())
}

struct Peer {
    receiver: Receiver,
    sender: Sender,
    misbehaviour: Option<Misbehaviour>,
    stage: Option<Arc<Stage>>,
    channels: HashMap<u32, Channel>,
    heard: mpsc::Sender<(u32, Said)>,
}

/// A channel, by the number that the client has given it.
struct Channel {
    account: Option<Account>,
    window: usize,
    /// Packets, and what each takes of the window.
    pending: VecDeque<(usize, Packet)>,
    /// Whether the program has said anything, so that what the client sends from now on is a question.
    has_spoken: bool,
    is_asked: bool,
}

impl Channel {
    fn pending_bytes(&self) -> usize {
        self.pending.iter().map(|(takes, _)| takes).sum()
    }
}

impl Peer {
    /// Whether the client is in. When it is not, one of the two hung up.
    async fn login(&mut self) -> io::Result<bool> {
        loop {
            let packet = self.receiver.packet().await?;
            let mut fields = Fields(&packet);
            match fields.byte()? {
                message::SERVICE_REQUEST => {
                    self.sender.send(&Packet::new(message::SERVICE_ACCEPT).string(fields.string()?)).await?;
                }
                message::USERAUTH_REQUEST => {
                    let (_user, _service) = (fields.string()?, fields.string()?);
                    let method = fields.string()?;
                    match self.misbehaviour {
                        Some(Misbehaviour::HangsUpInLogin) => return Ok(false),
                        Some(Misbehaviour::SilentLogin) => self.hold().await?,
                        Some(Misbehaviour::HugeSealedPacket) => {
                            self.sender.send_length(TWO_GIB).await?;
                            self.hold().await?;
                        }
                        Some(Misbehaviour::EndlessLoginBanner) => {
                            let banner = Packet::new(message::USERAUTH_BANNER).string("welcome\r\n".repeat(100));
                            self.sender.send_for_ever(&banner.string("")).await?;
                        }
                        Some(Misbehaviour::EndlessRefusals) => {
                            self.sender.send_for_ever(&refusal("password,publickey")).await?;
                        }
                        Some(Misbehaviour::EndlessQuestions) if method == b"keyboard-interactive" => {
                            self.sender.send(&question()).await?;
                        }
                        Some(Misbehaviour::EndlessQuestions) => {
                            self.sender.send(&refusal("keyboard-interactive")).await?;
                        }
                        _ if method == b"none" => {
                            self.sender.send(&refusal("password,publickey")).await?;
                        }
                        _ => {
                            self.sender.send(&Packet::new(message::USERAUTH_SUCCESS)).await?;
                            return Ok(true);
                        }
                    }
                }
                message::USERAUTH_INFO_RESPONSE => self.sender.send(&question()).await?,
                message::DISCONNECT => return Ok(false),
                message::IGNORE | message::DEBUG | message::UNIMPLEMENTED => {}
                _ => return Err(broken("no login")),
            }
        }
    }

    async fn serve(&mut self, mut outputs: mpsc::Receiver<(u32, Said)>) -> io::Result<()> {
        match self.misbehaviour {
            Some(Misbehaviour::OpensChannels) => return self.intrude().await,
            Some(Misbehaviour::AsksForReplies) => {
                let request = Packet::new(message::GLOBAL_REQUEST).string("keepalive@openssh.com").byte(1);
                return self.sender.send_for_ever(&request).await;
            }
            _ => {}
        }
        loop {
            let pending = self.channels.values().map(Channel::pending_bytes).sum::<usize>();
            let goes_on = tokio::select! {
                packet = self.receiver.packet() => self.take(&packet?).await?,
                Some((number, said)) = outputs.recv(), if pending < MAX_PENDING => self.say(number, said).await?,
            };
            if !goes_on {
                return Ok(());
            }
        }
    }

    /// Does what the client wants. Whether the connection goes on.
    async fn take(&mut self, packet: &[u8]) -> io::Result<bool> {
        let mut fields = Fields(packet);
        match fields.byte()? {
            message::DISCONNECT => return Ok(false),
            message::GLOBAL_REQUEST => {
                let _name = fields.string()?;
                if fields.byte()? != 0 {
                    self.sender.send(&Packet::new(message::REQUEST_FAILURE)).await?;
                }
            }
            message::CHANNEL_OPEN => {
                let _kind = fields.string()?;
                let number = fields.number()?;
                let window = usize::try_from(fields.number()?).unwrap_or(usize::MAX);
                match self.misbehaviour {
                    Some(Misbehaviour::HangsUpAtChannel) => return Ok(false),
                    Some(Misbehaviour::SilentChannel) => return Ok(true),
                    _ => {}
                }
                let channel =
                    Channel { account: None, window, pending: VecDeque::new(), has_spoken: false, is_asked: false };
                self.channels.insert(number, channel);
                let confirmation = Packet::new(message::CHANNEL_OPEN_CONFIRMATION).number(number).number(number);
                self.sender.send(&confirmation.number(WINDOW).number(MAX_PACKET)).await?;
            }
            // Our numbers of channels are the client's own.
            message::CHANNEL_REQUEST => {
                let (number, kind, wants_reply) = (fields.number()?, fields.string()?, fields.byte()? != 0);
                if wants_reply {
                    self.sender.send(&Packet::new(message::CHANNEL_SUCCESS).number(number)).await?;
                }
                if kind == b"exec" {
                    self.execute(number, &String::from_utf8_lossy(fields.string()?)).await?;
                }
            }
            message::CHANNEL_DATA => {
                let number = fields.number()?;
                if let Some(channel) = self.channels.get_mut(&number) {
                    channel.is_asked |= channel.has_spoken;
                    if let Some(account) = &mut channel.account {
                        account.feed(fields.string()?).await;
                    }
                }
            }
            message::CHANNEL_WINDOW_ADJUST => {
                let number = fields.number()?;
                let more = usize::try_from(fields.number()?).unwrap_or(usize::MAX);
                if let Some(channel) = self.channels.get_mut(&number) {
                    channel.window = channel.window.saturating_add(more);
                }
                self.flush(number).await?;
            }
            message::CHANNEL_EOF => {
                if let Some(channel) = self.channels.get_mut(&fields.number()?) {
                    channel.account.iter_mut().for_each(Account::end_input);
                }
            }
            message::CHANNEL_CLOSE => {
                let number = fields.number()?;
                let was_open = self.channels.remove(&number).is_some();
                if self.misbehaviour == Some(Misbehaviour::FloodsClosedChannels) {
                    self.sender.send_for_ever(&data(number, &[b'x'; PIECE])).await?;
                }
                if was_open && self.misbehaviour != Some(Misbehaviour::NeverCloses) {
                    self.sender.send(&Packet::new(message::CHANNEL_CLOSE).number(number)).await?;
                }
            }
            _ => {}
        }
        Ok(true)
    }

    async fn execute(&mut self, number: u32, command: &str) -> io::Result<()> {
        match self.misbehaviour {
            Some(Misbehaviour::SilentShell) => {}
            Some(Misbehaviour::EndlessNoise) => self.sender.send_for_ever(&data(number, &[b'x'; PIECE])).await?,
            _ => {
                let account = Account::start(command, self.stage.clone(), number, self.heard.clone())?;
                if let Some(channel) = self.channels.get_mut(&number) {
                    channel.account = Some(account);
                }
            }
        }
        Ok(())
    }

    /// Passes on what a program says, if that is what this server does. Whether the connection goes on.
    async fn say(&mut self, number: u32, said: Said) -> io::Result<bool> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(true) };
        let is_answer = channel.is_asked && matches!(&said, Said::Output(bytes) if !bytes.is_empty());
        if let (true, Some(misbehaviour), Said::Output(bytes)) = (is_answer, self.misbehaviour, &said) {
            let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            let beginning = data(number, bytes.get(..end).unwrap_or_default());
            match misbehaviour {
                Misbehaviour::HangsUpInAnswer => {
                    self.sender.send(&beginning).await?;
                    return Ok(false);
                }
                Misbehaviour::EndlessAnswer => {
                    self.sender.send(&beginning).await?;
                    self.sender.send_for_ever(&data(number, &[b'x'; PIECE])).await?;
                }
                Misbehaviour::EndlessErrors => {
                    self.sender.send_for_ever(&error(number, &[b'e'; PIECE])).await?;
                }
                Misbehaviour::Trickle => {
                    self.sender.send(&beginning).await?;
                    loop {
                        self.sender.send(&data(number, b"x")).await?;
                        sleep(TRICKLE).await;
                    }
                }
                Misbehaviour::ForgedDelimiters => self.sender.send(&data(number, forgery().as_bytes())).await?,
                _ => {}
            }
        }
        match said {
            Said::Output(bytes) => {
                channel.has_spoken |= !bytes.is_empty();
                channel.pending.extend(bytes.chunks(PIECE).map(|bytes| (bytes.len(), data(number, bytes))));
            }
            Said::Error(bytes) => {
                channel.pending.extend(bytes.chunks(PIECE).map(|bytes| (bytes.len(), error(number, bytes))));
            }
            Said::Ended(status) => {
                let ended = Packet::new(message::CHANNEL_REQUEST).number(number).string("exit-status").byte(0);
                channel.pending.push_back((0, ended.number(status)));
                if self.misbehaviour != Some(Misbehaviour::NeverCloses) {
                    channel.pending.push_back((0, Packet::new(message::CHANNEL_EOF).number(number)));
                    channel.pending.push_back((0, Packet::new(message::CHANNEL_CLOSE).number(number)));
                }
            }
        }
        self.flush(number).await?;
        Ok(true)
    }

    /// Sends what the client's window lets through.
    async fn flush(&mut self, number: u32) -> io::Result<()> {
        let Some(channel) = self.channels.get_mut(&number) else { return Ok(()) };
        while let Some((takes, packet)) = channel.pending.pop_front() {
            let Some(left) = channel.window.checked_sub(takes) else {
                channel.pending.push_front((takes, packet));
                break;
            };
            channel.window = left;
            self.sender.send(&packet).await?;
        }
        Ok(())
    }

    /// Opens channels of every kind, on and on, whatever the answers are.
    async fn intrude(&mut self) -> io::Result<()> {
        let open =
            |kind: &str| Packet::new(message::CHANNEL_OPEN).string(kind).number(0).number(1 << 20).number(MAX_PACKET);
        let address = |packet: Packet| packet.string("127.0.0.1").number(22);
        let kinds = [
            address(address(open("forwarded-tcpip"))),
            address(open("x11")),
            open("auth-agent@openssh.com"),
            open("session"),
        ];
        let Self { receiver, sender, .. } = self;
        let opening = async {
            loop {
                for packet in &kinds {
                    sender.send(packet).await?;
                }
            }
        };
        let hearing = async {
            loop {
                receiver.packet().await?;
            }
        };
        tokio::select! {
            ended = opening => ended,
            ended = hearing => ended,
        }
    }

    /// Waits, saying nothing, until the client goes away.
    async fn hold(&mut self) -> io::Result<()> {
        loop {
            self.receiver.packet().await?;
        }
    }
}

fn data(number: u32, bytes: &[u8]) -> Packet {
    Packet::new(message::CHANNEL_DATA).number(number).string(bytes)
}

fn error(number: u32, bytes: &[u8]) -> Packet {
    Packet::new(message::CHANNEL_EXTENDED_DATA).number(number).number(STDERR).string(bytes)
}

fn refusal(methods: &str) -> Packet {
    Packet::new(message::USERAUTH_FAILURE).string(methods).byte(0)
}

/// One hidden prompt.
fn question() -> Packet {
    let empty = Packet::new(message::USERAUTH_INFO_REQUEST).string("").string("").string("");
    empty.number(1).string("Password: ").byte(0)
}

/// Markers like those around an answer, with tokens that are wrong.
fn forgery() -> String {
    let tokens = ["", "00112233445566778899aabbccddeeff", "$_hostrounds"];
    let around = |token: &&str| (0..4).map(|n| format!("{token}-{n}-b\nforged\n{token}-{n}-e\n")).collect::<String>();
    let nonces = "\n@hr 0 hostname\nforged\n@hr 0 end\n==> /proc/stat <==\nforged\n";
    tokens.iter().map(around).collect::<String>() + nonces
}
