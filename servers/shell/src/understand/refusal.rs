//! What is refused before anything is parsed: negations, and requests for what no command may do.
//!
//! Rights only shrink, code is only changed by its authority, and nothing erases a disk: such requests have no command,
//! so the answer is the same whoever asks. The tests here look at words of one line together; a line that is merely
//! unknown is not judged here.

use super::{frame::Term, lexer::Kind};

/// The reason to refuse the line, if its words alone decide it.
pub fn reason(terms: &[Term]) -> Option<&'static str> {
    let words: alloc::vec::Vec<&str> = terms
        .iter()
        .filter(|t| t.token.kind == Kind::Word)
        .map(|t| t.token.low.as_str())
        .collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(NEGATIONS) {
        return Some("negation: the line says what not to do, and nothing is done");
    }
    if has(&[
        "if", "when", "whenever", "unless", "until", "tomorrow", "tonight", "later", "hourly",
        "daily",
    ]) && terms.iter().any(Term::is_head)
    {
        return Some("conditions and times are out of scope: a line is done at once or not at all");
    }
    let system = has(SYSTEM)
        || terms
            .iter()
            .any(|t| t.class == super::vocabulary::Class::Server);
    let canvas = has(&["screen", "canvas", "background", "desktop", "backdrop"]);
    if has(DESTROY) && (system || has(&["everything", "all"])) && !canvas {
        return Some("destructive: no command erases, formats or overwrites what the system keeps");
    }
    if has(RIGHTS)
        && has(&[
            "give", "grant", "allow", "raise", "elevate", "add", "escalate", "get", "gain", "take",
            "make", "let", "enable", "obtain", "acquire", "assign", "want", "need", "hand",
            "forge", "extend", "promote", "become", "steal", "copy",
        ])
    {
        return Some("not permitted: rights only shrink, and no command gives any");
    }
    if has(&["root", "admin", "administrator", "superuser", "sudo"])
        && has(&["become", "make", "me", "as", "gain", "login", "sudo"])
        && !has(&["merkle", "hash", "show"])
    {
        return Some("not permitted: there is no root, and rights only shrink");
    }
    if has(GUARDS) && has(DISARM) {
        return Some("not permitted: no command switches a protection off");
    }
    if has(&["writable", "rwx"]) {
        return Some("not permitted: no page is ever writable and executable");
    }
    if has(HARM) {
        return Some("harmful: no command does this");
    }
    let everyone = has(&["all", "every", "everything", "everyone"]);
    let evolution = has(&["evolution", "evolving", "change", "changes", "improvement"]);
    if everyone
        && !evolution
        && has(&["kill", "terminate", "crash", "restart", "stop"])
        && (has(&[
            "servers",
            "server",
            "services",
            "service",
            "processes",
            "process",
        ]) || words.len() <= 3)
    {
        return Some("not permitted at once: name one server");
    }
    if has(&["kernel", "microkernel"])
        && has(&[
            "kill", "crash", "patch", "modify", "change", "replace", "stop", "write", "panic",
        ])
    {
        return Some(
            "not permitted: the kernel is no server, and nothing in user space changes it",
        );
    }
    if has(&["read", "dump", "write", "access", "peek", "poke", "map"])
        && has(&["memory"])
        && (has(&[
            "other", "another", "kernel", "someone", "process", "raw", "physical",
        ]) || system && has(&["read", "dump", "write"]))
        && !has(&["much", "usage"])
    {
        return Some("not permitted: no capability reaches another's memory");
    }
    None
}

const NEGATIONS: &[&str] = &[
    "don't",
    "dont",
    "don’t",
    "not",
    "never",
    "didn't",
    "doesn't",
    "shouldn't",
    "mustn't",
    "can't",
    "cannot",
    "won't",
    "wouldn't",
    "nothing",
    "avoid",
    "refrain",
    "without",
];
const DESTROY: &[&str] = &[
    "wipe",
    "erase",
    "format",
    "delete",
    "remove",
    "destroy",
    "nuke",
    "shred",
    "corrupt",
    "overwrite",
    "purge",
    "zero",
    "trash",
    "rm",
    "obliterate",
    "damage",
    "clean",
    "clear",
    "reformat",
    "drop",
    "mkfs",
    "dd",
    "burn",
    "annihilate",
    "ruin",
];
const SYSTEM: &[&str] = &[
    "disk",
    "disks",
    "drive",
    "drives",
    "storage",
    "ssd",
    "nvme",
    "partition",
    "partitions",
    "filesystem",
    "file",
    "files",
    "data",
    "memory",
    "ram",
    "kernel",
    "boot",
    "store",
    "biosphere",
    "registry",
    "modules",
    "module",
    "programs",
    "program",
    "log",
    "logs",
    "audit",
    "history",
    "system",
    "machine",
    "computer",
    "servers",
    "server",
    "code",
    "firmware",
    "page",
    "pages",
    "journal",
    "backup",
    "backups",
    "users",
    "user",
    "peers",
    "models",
    "model",
    "hash",
    "hashes",
    "os",
];
const RIGHTS: &[&str] = &[
    "capabilities",
    "capability",
    "caps",
    "rights",
    "permissions",
    "permission",
    "privileges",
    "privilege",
    "access",
    "authority",
];
const GUARDS: &[&str] = &[
    "protection",
    "protections",
    "security",
    "sandbox",
    "verification",
    "verifier",
    "isolation",
    "smep",
    "smap",
    "iommu",
    "checks",
    "safeguards",
    "confirmation",
    "confirmations",
    "limits",
    "limit",
    "audit",
    "instructions",
    "rules",
    "permissions",
    "restrictions",
    "healing",
    "supervision",
    "watchdog",
    "fuel",
    "w^x",
    "nx",
];
const DISARM: &[&str] = &[
    "disable",
    "bypass",
    "circumvent",
    "ignore",
    "skip",
    "remove",
    "break",
    "defeat",
    "evade",
    "escape",
    "deactivate",
    "override",
    "off",
];
const HARM: &[&str] = &[
    "attack",
    "hack",
    "exploit",
    "ddos",
    "steal",
    "spy",
    "eavesdrop",
    "infect",
    "virus",
    "malware",
    "backdoor",
    "rootkit",
    "keylogger",
    "ransomware",
    "exfiltrate",
    "leak",
    "tamper",
    "forge",
    "spoof",
    "impersonate",
    "brick",
    "sabotage",
    "smash",
    "poison",
];

/// Whether `word` decides here, so that typo repair leaves it alone.
pub fn knows(word: &str) -> bool {
    [NEGATIONS, DESTROY, SYSTEM, RIGHTS, GUARDS, DISARM, HARM]
        .iter()
        .any(|list| list.contains(&word))
}
