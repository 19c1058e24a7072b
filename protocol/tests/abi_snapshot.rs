//! Pins the numbers of the kernel ABI: a number that is in use is never given to anything else.

use protocol::abi::{Error, ObjectType, Syscall};

#[test]
fn system_call_numbers_do_not_change() {
    let numbers: Vec<String> = Syscall::ALL
        .iter()
        .map(|call| format!("{call:?}={}", *call as u64))
        .collect();
    assert_eq!(
        numbers.join(" "),
        "Null=0 Call=1 ReplyRecv=2 Recv=3 Reply=4 Signal=5 Wait=6 Poll=7 Yield=8 Retype=16 CapCopy=24 CapMove=25 \
         CapDelete=26 CapRevoke=27 CapIdentify=28 FrameMap=32 FrameUnmap=33 FrameProtect=34 FrameSeal=35 \
         FrameGrantExecute=36 FrameReplace=37 FrameAddress=38 TableMap=40 TableUnmap=41 ThreadConfigure=48 \
         ThreadWriteRegisters=49 ThreadResume=50 ThreadSuspend=51 ThreadBindSched=52 ThreadBindNotification=53 \
         ThreadInspect=54 SchedConfigure=56 IrqCreate=64 IrqBind=65 IrqAck=66 PortRead=72 PortWrite=73 \
         PortDerive=74 EndpointCancel=80 KernelStatus=88"
    );
    for call in Syscall::ALL {
        assert_eq!(Syscall::from_number(call as u64), Some(call));
    }
    assert_eq!(Syscall::from_number(9), None);
}

#[test]
fn error_codes_do_not_change() {
    let codes: Vec<String> = Error::ALL
        .iter()
        .map(|error| format!("{error:?}={}", *error as u32))
        .collect();
    assert_eq!(
        codes.join(" "),
        "InvalidSyscall=1 InvalidCapability=2 WrongObject=3 MissingRight=4 SlotOccupied=5 InvalidArgument=6 \
         Misaligned=7 OutOfMemory=8 AlreadyMapped=9 NotMapped=10 MissingTable=11 Sealed=12 NotSealed=13 NotSole=14 \
         WriteExecute=15 InvalidState=16 PeerDied=17 Cancelled=18 TimedOut=19 MessageTooLong=20 \
         IdentifiersExhausted=21 DerivationTooDeep=22 WouldBlock=23 ObjectDestroyed=24 HasChildren=25 \
         InterruptUnavailable=26"
    );
    for error in Error::ALL {
        assert_eq!(Error::from_code(error as u64), Some(error));
    }
    assert_eq!(Error::from_code(0), None);
}

#[test]
fn object_types_do_not_change() {
    let numbers: Vec<String> = ObjectType::ALL
        .iter()
        .map(|kind| format!("{kind:?}={}", *kind as u8))
        .collect();
    assert_eq!(
        numbers.join(" "),
        "Untyped=1 Frame=2 PageTable=3 AddressSpace=4 CSpace=5 Thread=6 SchedContext=7 Endpoint=8 Notification=9 \
         Reply=10 IrqHandler=11 IoPort=12 DmaSpace=13 CodeAuthority=14 IrqControl=15 SchedControl=16"
    );
    for kind in ObjectType::ALL {
        assert_eq!(ObjectType::from_u64(kind as u64), Some(kind));
    }
}
