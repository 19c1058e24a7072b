//! The hello server.
