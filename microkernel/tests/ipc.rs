//! Threads that meet: each test drives the kernel's IPC code as a sequence of system calls.

use std::ptr::NonNull;

use microkernel::ipc::{self, call, notification};
use microkernel::object::endpoint::{Endpoint, Waiting};
use microkernel::object::notification::Notification;
use microkernel::object::reply::Reply;
use microkernel::object::thread::Thread;
use microkernel::sched::run_queue::RunQueue;
use protocol::abi::Error;
use protocol::abi::message::{IpcBuffer, MESSAGE_WORDS_MAX, MessageInfo, MessageKind};
use protocol::abi::thread::ThreadState;

/// A thread that runs, with its own message page.
fn thread(priority: u8) -> Box<Thread> {
    let thread = Box::<Thread>::default();
    thread.set_priority(priority);
    let page = Box::leak(Box::new(IpcBuffer {
        words: [0; MESSAGE_WORDS_MAX],
        caps: [0; 4],
        receive_slots: [0; 4],
        reserved: [0; 4],
        user: [0; 3072],
    }));
    // SAFETY: the page is leaked, and only this test's thread uses it.
    unsafe { thread.set_ipc_buffer(Some(NonNull::from(page))) };
    let queue = RunQueue::new();
    ipc::resume(&thread, &queue).expect("it is stopped");
    assert!(std::ptr::eq(queue.pop().expect("it is ready"), &*thread));
    thread
}

fn registers(thread: &Thread) -> (u64, u64, MessageInfo) {
    thread.with_context(|context| {
        (
            context.rax,
            context.rdi,
            MessageInfo::from_kernel(context.rsi),
        )
    })
}

#[test]
fn a_call_reaches_a_waiting_receiver_and_its_reply_comes_back() {
    let (client, server) = (thread(1), thread(2));
    let (endpoint, reply, queue) = (Endpoint::default(), Reply::default(), RunQueue::new());
    assert_eq!(call::receive(&server, &endpoint, &reply), Ok(false));
    assert_eq!(server.state(), ThreadState::Receiving);
    client.with_context(|context| context.r9 = 44);
    call::call(&client, &endpoint, 7, MessageInfo::new(3, 32, 0), &queue);
    assert!(std::ptr::eq(
        queue.pop().expect("the server is ready"),
        &*server
    ));
    let (status, badge, info) = registers(&server);
    assert_eq!(
        (status, badge, info.label(), info.len_bytes()),
        (0, 7, 3, 32)
    );
    assert_eq!(server.with_context(|context| context.r9), 44);
    assert_eq!(client.state(), ThreadState::AwaitingReply);

    call::reply(&server, &reply, MessageInfo::new(9, 0, 0), &queue).expect("a caller waits");
    assert!(std::ptr::eq(
        queue.pop().expect("the client is ready"),
        &*client
    ));
    assert_eq!(registers(&client).2.label(), 9);
    let again = call::reply(&server, &reply, MessageInfo::new(9, 0, 0), &queue);
    assert_eq!(again, Err(Error::InvalidState), "one call, one reply");
}

#[test]
fn callers_are_served_in_their_order() {
    let clients: Vec<_> = (0..5).map(|_| thread(1)).collect();
    let server = thread(2);
    let (endpoint, queue) = (Endpoint::default(), RunQueue::new());
    for (badge, client) in (1u64..).zip(&clients) {
        call::call(client, &endpoint, badge, MessageInfo::new(0, 0, 0), &queue);
        assert_eq!(client.state(), ThreadState::Calling);
    }
    ipc::suspend(&clients[2], &queue);
    let replies: Vec<_> = (0..4).map(|_| Reply::default()).collect();
    let badges: Vec<u64> = replies
        .iter()
        .map(|reply| {
            assert_eq!(call::receive(&server, &endpoint, reply), Ok(true));
            registers(&server).1
        })
        .collect();
    assert_eq!(badges, [1, 2, 4, 5], "the third went away");
    assert_eq!(endpoint.waiting(), Waiting::Nobody);
    assert_eq!(registers(&clients[2]).0, Error::Cancelled as u64);
}

#[test]
fn a_caller_is_released_when_its_server_dies() {
    let (client, server) = (thread(1), thread(2));
    let (endpoint, reply, queue) = (Endpoint::default(), Reply::default(), RunQueue::new());
    call::call(&client, &endpoint, 0, MessageInfo::new(0, 0, 0), &queue);
    assert_eq!(call::receive(&server, &endpoint, &reply), Ok(true));
    call::abandon(&reply, &queue);
    assert!(std::ptr::eq(
        queue.pop().expect("the client is ready"),
        &*client
    ));
    assert_eq!(registers(&client).0, Error::PeerDied as u64);
    assert!(!reply.has_caller());
    assert_eq!(
        call::receive(&server, &endpoint, &reply),
        Ok(false),
        "the Reply is free again"
    );
}

#[test]
fn a_caller_that_is_stopped_leaves_no_trace_in_the_reply() {
    let (client, server) = (thread(1), thread(2));
    let (endpoint, reply, queue) = (Endpoint::default(), Reply::default(), RunQueue::new());
    call::call(&client, &endpoint, 0, MessageInfo::new(0, 0, 0), &queue);
    assert_eq!(call::receive(&server, &endpoint, &reply), Ok(true));
    ipc::suspend(&client, &queue);
    let late = call::reply(&server, &reply, MessageInfo::new(0, 0, 0), &queue);
    assert_eq!(late, Err(Error::InvalidState));
    assert_eq!(queue.highest(), None);
}

#[test]
fn one_reply_object_serves_one_receiver_at_a_time() {
    let (first, second) = (thread(1), thread(1));
    let (endpoint, reply) = (Endpoint::default(), Reply::default());
    assert_eq!(call::receive(&first, &endpoint, &reply), Ok(false));
    assert_eq!(
        call::receive(&second, &endpoint, &reply),
        Err(Error::InvalidState)
    );
}

#[test]
fn cancelling_an_endpoint_ends_every_wait() {
    let clients: Vec<_> = (0..3).map(|_| thread(1)).collect();
    let (endpoint, queue) = (Endpoint::default(), RunQueue::new());
    for client in &clients {
        call::call(client, &endpoint, 0, MessageInfo::new(0, 0, 0), &queue);
    }
    let mut ended = 0;
    while call::cancel_first(&endpoint, &queue) {
        ended += 1;
    }
    assert_eq!(ended, 3);
    for client in &clients {
        assert_eq!(registers(client).0, Error::PeerDied as u64);
        assert_eq!(client.state(), ThreadState::Ready);
    }
}

#[test]
fn signals_gather_until_somebody_waits() {
    let waiter = thread(1);
    let (signals, queue) = (Notification::default(), RunQueue::new());
    notification::signal(&signals, 0b10, &queue);
    notification::signal(&signals, 0b100, &queue);
    assert_eq!(notification::wait(&waiter, &signals), Ok(Some(0b110)));
    assert_eq!(notification::poll(&signals), Err(Error::WouldBlock));
    assert_eq!(notification::wait(&waiter, &signals), Ok(None));
    let other = thread(1);
    assert_eq!(
        notification::wait(&other, &signals),
        Err(Error::InvalidState)
    );
    notification::signal(&signals, 0, &queue);
    assert!(std::ptr::eq(
        queue.pop().expect("the waiter is ready"),
        &*waiter
    ));
    assert_eq!(registers(&waiter).1, 1, "no badge sets bit 0");
}

#[test]
fn a_bound_notification_interrupts_a_receive() {
    let server = thread(1);
    let (endpoint, reply, queue) = (Endpoint::default(), Reply::default(), RunQueue::new());
    let signals = Notification::default();
    notification::bind(&server, Some(&signals)).expect("it is free");
    let other = thread(1);
    assert_eq!(
        notification::bind(&other, Some(&signals)),
        Err(Error::InvalidState)
    );
    assert_eq!(call::receive(&server, &endpoint, &reply), Ok(false));
    notification::signal(&signals, 8, &queue);
    let (status, bits, info) = registers(&server);
    assert_eq!(
        (status, bits, info.kind()),
        (0, 8, MessageKind::Notification)
    );
    assert_eq!(endpoint.waiting(), Waiting::Nobody);
    notification::signal(&signals, 16, &queue);
    assert_eq!(
        call::receive(&server, &endpoint, &reply),
        Ok(true),
        "pending signals come first"
    );
    assert_eq!(registers(&server).1, 16);
}

#[test]
fn the_highest_priority_runs_first_and_equals_take_turns() {
    let threads: Vec<_> = [3, 200, 3, 64, 255].map(thread).into_iter().collect();
    let queue = RunQueue::new();
    for thread in &threads {
        queue.push(thread);
    }
    queue.remove(&threads[3]);
    let order: Vec<usize> = std::iter::from_fn(|| queue.pop())
        .map(|ready| {
            threads
                .iter()
                .position(|thread| std::ptr::eq(&**thread, ready))
                .unwrap()
        })
        .collect();
    assert_eq!(order, [4, 1, 0, 2]);
}
