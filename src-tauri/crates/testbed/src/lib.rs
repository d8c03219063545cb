//! Servers to test against: a private sshd on loopback and servers that misbehave.
