//! The hello server's process.
#![cfg_attr(target_env = "musl", no_std, no_main)]

use hello::Hello;
use libnda::start::Start;
use protocol::service::hello::dispatch;

libnda::entry!(main_loop);

fn main_loop(mut start: Start) -> ! {
    let mut state = Hello::default();
    libnda::server::serve(&mut start, &mut state, dispatch, |_state, _signals| {})
}
