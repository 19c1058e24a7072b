//! The declaration of a service: from one list of operations come its error type, client stub, server trait and dispatch.
//!
//! ```text
//! service! {
//!     name "hello" version 1;
//!     errors {
//!         /// The name is empty.
//!         EmptyName,
//!     }
//!     /// Greets somebody.
//!     0: Idempotent fn greet(name: &str) -> Text<160>;
//!     /// Takes a frame and gives a notification.
//!     1: Never fn attach(len: u32) takes 1 -> (), gives 1;
//! }
//! ```
//!
//! Operation numbers are never reused. Arguments may borrow (`&str`, `&[u8]`): they lie in the received message. Results
//! are owned. `takes` and `gives` count capabilities; these stand last in the argument list and beside the result.
//!
//! Decided against: one request enum a service (a label in the message info lets the kernel's trace name the operation and
//! saves a byte and a jump); a procedural macro (a second crate and a parser for what sixty lines do).

/// The result type of an operation: with capabilities a pair.
macro_rules! outcome {
    ($ret:ty) => {
        $ret
    };
    ($ret:ty, $gives:literal) => {
        ($ret, [$crate::service::Slot; $gives])
    };
}

/// Puts an operation's outcome into the reply.
macro_rules! put_outcome {
    ($message:ident, $value:ident) => {
        $message.encode($crate::service::REPLY_OK, &$value)
    };
    ($message:ident, $value:ident, $gives:literal) => {{
        let (value, caps) = $value;
        $message.set_caps(&caps);
        $message.encode($crate::service::REPLY_OK, &value)
    }};
}

/// Takes an operation's outcome out of the reply.
macro_rules! take_outcome {
    ($message:ident) => {{
        let [] = $message.exact_caps::<0>()?;
        Ok($message.decode()?)
    }};
    ($message:ident, $gives:literal) => {{
        let caps = $message.exact_caps::<$gives>()?;
        Ok(($message.decode()?, caps))
    }};
}

/// See the [module](self).
macro_rules! service {
    (
        name $name:literal version $version:literal;
        errors { $($(#[$error_doc:meta])* $error:ident $({ $($(#[$field_doc:meta])* $field:ident: $field_ty:ty),* $(,)? })?,)* }
        $(
            $(#[$doc:meta])*
            $number:literal: $replay:ident fn $op:ident($($arg:ident: $ty:ty),* $(,)?) $(takes $takes:literal)? -> $ret:ty $(, gives $gives:literal)?;
        )*
    ) => {
        /// What tools know of this service.
        pub const DESCRIPTION: $crate::service::Description = $crate::service::Description {
            name: $name,
            version: $version,
            methods: &[$($crate::service::Method {
                name: stringify!($op),
                label: ($version << 8) | $number,
                replay: $crate::service::Replay::$replay,
                takes: 0 $(+ $takes)?,
                gives: 0 $(+ $gives)?,
            }),*],
        };

        /// Why an operation failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum Error {
            $($(#[$error_doc])* $error $({ $($(#[$field_doc])* $field: $field_ty),* })?,)*
            /// The server died before it answered and the operation may not be repeated, or was in vain.
            Restarted {
                /// The endpoint's generation after it.
                generation: u64,
            },
            /// One side did not understand the other's message.
            Refused($crate::service::Refusal),
            /// The kernel refused the call: the code of an [`abi::Error`](crate::abi::Error).
            Kernel(u32),
        }

        impl From<$crate::service::Refusal> for Error {
            fn from(refusal: $crate::service::Refusal) -> Self {
                Self::Refused(refusal)
            }
        }

        impl From<$crate::service::CallError> for Error {
            fn from(error: $crate::service::CallError) -> Self {
                match error {
                    $crate::service::CallError::Restarted { generation, .. } => {
                        Self::Restarted { generation }
                    }
                    $crate::service::CallError::Kernel(error) => Self::Kernel(error as u32),
                }
            }
        }

        impl core::fmt::Display for Error {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self {
                    Self::Kernel(code) => match $crate::abi::Error::from_code(u64::from(*code)) {
                        Some(error) => write!(f, "{error}"),
                        None => write!(f, "kernel error {code}"),
                    },
                    other => write!(f, "{other:?}"),
                }
            }
        }

        impl core::error::Error for Error {}

        /// Calls the service: one method an operation.
        #[derive(Debug)]
        pub struct Client<T> {
            transport: T,
        }

        impl<T: $crate::service::Transport> Client<T> {
            /// A client at the other end of `transport`.
            pub const fn new(transport: T) -> Self {
                Self { transport }
            }

            /// The way to the server.
            pub fn transport(&mut self) -> &mut T {
                &mut self.transport
            }

            $(
                $(#[$doc])*
                pub fn $op(&mut self, $($arg: $ty,)* $(caps: [$crate::service::Slot; $takes])?) -> Result<outcome!($ret $(, $gives)?), Error> {
                    const LABEL: u16 = ($version << 8) | $number;
                    let mut message = $crate::service::Message::new();
                    if !message.encode(LABEL, &($($arg,)*)) {
                        return Err(Error::Refused($crate::service::Refusal::TooLong));
                    }
                    $(
                        const { assert!($takes <= $crate::abi::message::MESSAGE_CAPS_MAX) };
                        message.set_caps(&caps);
                    )?
                    $crate::service::call(&mut self.transport, $crate::service::Replay::$replay, &mut message)?;
                    match message.label {
                        $crate::service::REPLY_OK => take_outcome!(message $(, $gives)?),
                        $crate::service::REPLY_ERROR => Err(message.decode()?),
                        $crate::service::REPLY_REFUSED => Err(Error::Refused(message.decode()?)),
                        _ => Err(Error::Refused($crate::service::Refusal::UnknownReply)),
                    }
                }
            )*
        }

        /// Implements the service: one method an operation.
        pub trait Server {
            $(
                $(#[$doc])*
                fn $op(&mut self, caller: $crate::service::Caller, $($arg: $ty,)* $(caps: [$crate::service::Slot; $takes])?) -> Result<outcome!($ret $(, $gives)?), Error>;
            )*
        }

        /// Runs the operation that `message` asks for and replaces it by the reply, whatever it holds.
        ///
        /// The capabilities that it returns belong to nobody: the caller of this function deletes them.
        pub fn dispatch<S: Server + ?Sized>(server: &mut S, caller: $crate::service::Caller, message: &mut $crate::service::Message) -> $crate::service::Unclaimed {
            match run(server, caller, message) {
                Ok(true) => $crate::service::Unclaimed::default(),
                Ok(false) => {
                    message.caps.clear();
                    message.refuse($crate::service::Refusal::TooLong)
                }
                Err(refusal) => message.refuse(refusal),
            }
        }

        /// Does [`dispatch`]'s work: whether the reply fits, or why there was nothing to run.
        fn run<S: Server + ?Sized>(server: &mut S, caller: $crate::service::Caller, message: &mut $crate::service::Message) -> Result<bool, $crate::service::Refusal> {
            if message.label >> 8 != $version {
                return Err($crate::service::Refusal::WrongVersion);
            }
            match message.label & 0xff {
                $($number => {
                    const TAKES: usize = 0 $(+ $takes)?;
                    let _caps = message.exact_caps::<TAKES>()?;
                    $(let caps: [$crate::service::Slot; $takes] = _caps;)?
                    let ($($arg,)*): ($($ty,)*) = message.decode()?;
                    #[allow(unused_parens, reason = "an operation without capabilities passes none")]
                    let outcome = server.$op(caller, $($arg,)* $(service!(@caps caps $takes))?);
                    message.caps.clear();
                    Ok(match outcome {
                        Ok(value) => put_outcome!(message, value $(, $gives)?),
                        Err(error) => message.encode($crate::service::REPLY_ERROR, &error),
                    })
                })*
                _ => Err($crate::service::Refusal::UnknownMethod),
            }
        }
    };
    (@caps $caps:ident $takes:literal) => { $caps };
}

pub(crate) use {outcome, put_outcome, service, take_outcome};
