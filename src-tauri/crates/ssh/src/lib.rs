//! SSH sessions that stay: connect, check the host key, log in, run one shell.
