//! The server as its clients see it, over an in-memory transport.

use hello::Hello;
use protocol::service::hello::{Client, CrashKind, Error, NAME_LEN_MAX, dispatch};
use protocol::service::{Caller, Message, Unclaimed};

#[test]
fn it_greets_by_name_and_counts() {
    let mut server = Hello::default();
    let mut client = Client::new(|message: &mut Message| {
        assert_eq!(
            dispatch(&mut server, Caller(1), message),
            Unclaimed::default()
        );
        Ok(())
    });
    assert_eq!(
        client.greet("Ada").expect("greeted"),
        "Hello, Ada! You are number 1."
    );
    assert_eq!(client.greet(""), Err(Error::EmptyName));
    assert_eq!(
        client.greet(&"x".repeat(NAME_LEN_MAX + 1)),
        Err(Error::NameTooLong)
    );
    assert_eq!(
        client.greet("Bo").expect("greeted"),
        "Hello, Bo! You are number 2."
    );
}

#[test]
#[should_panic(expected = "asked to crash: Panic")]
fn it_dies_when_asked() {
    let mut message = Message::new();
    assert!(message.encode(0x0101, &(CrashKind::Panic,)));
    let _dies_before = dispatch(&mut Hello::default(), Caller(1), &mut message);
}
