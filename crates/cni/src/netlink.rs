//! Netlink over a blocking socket: just the requests that the plugins make.
//!
//! The kernel answers while the request is being sent, so there is nothing to wait for and no runtime is needed. A socket
//! belongs to the network namespace of the thread that opened it, whichever thread uses it later.

mod conntrack;
mod link;
mod message;

use std::fs::File;
use std::io::{self, Read, Write};

use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket};

pub use conntrack::forget_udp_flows;
pub use link::{Link, NewLink};
use message::{Message, Messages, attribute, attribute_string};

use crate::error::{CniError, Context};
use crate::netns::Netns;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP: u16 = 0x300;
const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFT_MSG_GETCHAIN: u16 = 4;
const NFPROTO_INET: u8 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;

/// Larger than any datagram the kernel sends in answer to the requests made here.
const RECEIVE_BYTES: usize = 64 << 10;
/// An answer is read to its end or given up after this many datagrams.
const MAX_DATAGRAMS: usize = 4096;

/// A socket of one netlink family in one network namespace.
pub struct Socket {
    file: File,
    sequence: u32,
}

impl Socket {
    /// Links, addresses and routes of the namespace of this thread.
    pub fn route() -> Result<Self, CniError> {
        Self::open(SockProtocol::NetlinkRoute)
    }

    /// Links, addresses and routes of `netns`.
    pub fn route_in(netns: &Netns) -> Result<Self, CniError> {
        netns.run(Self::route)
    }

    fn open(protocol: SockProtocol) -> Result<Self, CniError> {
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
            .map_err(io::Error::from)
            .context("open a netlink socket")?;
        Ok(Self { file: File::from(fd), sequence: 0 })
    }

    /// Sends `message` and collects what comes back until it is acknowledged or refused.
    fn request(&mut self, message: Message) -> io::Result<Vec<(u16, Vec<u8>)>> {
        self.sequence += 1;
        let is_dump = message.flags() & NLM_F_DUMP == NLM_F_DUMP;
        self.file.write_all(&message.finish(self.sequence))?;
        let mut replies = Vec::new();
        let mut buffer = vec![0; RECEIVE_BYTES];
        for _ in 0..MAX_DATAGRAMS {
            let length = self.file.read(&mut buffer)?;
            for reply in Messages::of(&buffer[..length]) {
                if reply.sequence != self.sequence {
                    continue;
                }
                match reply.kind {
                    NLMSG_DONE => return Ok(replies),
                    NLMSG_ERROR => match message::error_code(reply.payload) {
                        0 if is_dump => {}
                        0 => return Ok(replies),
                        code => return Err(io::Error::from_raw_os_error(code)),
                    },
                    kind => replies.push((kind, reply.payload.to_vec())),
                }
            }
        }
        Err(io::Error::other("the netlink answer does not end"))
    }
}

/// The chains of the table `table` of family `inet` whose names begin with `prefix`.
pub fn nft_chains(table: &str, prefix: &str) -> Result<Vec<String>, CniError> {
    let mut socket = Socket::open(SockProtocol::NetlinkNetFilter)?;
    let message = chain_request(NLM_F_DUMP);
    let replies = socket.request(message).context("list the chains of nftables")?;
    let named = replies.iter().filter_map(|(_, payload)| {
        let attributes = payload.get(NFGENMSG_BYTES..)?;
        let in_table = attribute_string(attribute(attributes, NFTA_CHAIN_TABLE)?) == table;
        let name = attribute_string(attribute(attributes, NFTA_CHAIN_NAME)?);
        (in_table && name.starts_with(prefix)).then_some(name)
    });
    Ok(named.collect())
}

/// Whether the table `table` of family `inet` has the chain `chain`: what saves most calls from starting `nft`.
pub fn nft_chain_exists(table: &str, chain: &str) -> Result<bool, CniError> {
    let mut socket = Socket::open(SockProtocol::NetlinkNetFilter)?;
    let mut message = chain_request(0);
    message.string(NFTA_CHAIN_TABLE, table);
    message.string(NFTA_CHAIN_NAME, chain);
    match socket.request(message) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CniError::io(format_args!("look for the nftables chain {chain:?}"), &error)),
    }
}

const NFGENMSG_BYTES: usize = 4;

fn chain_request(flags: u16) -> Message {
    let mut message = Message::new(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, flags);
    message.put(&[NFPROTO_INET, 0, 0, 0]);
    message
}
