//! The vocabulary: every word the grammar knows, grouped under the one canonical word that the rules are written in.
//!
//! A synonym is added by writing it into its row; no rule changes. A word stands in one row only, and words whose
//! meaning depends on their company ("stop", "turn", "show") have rows of their own and are told apart by the rules.

/// What part a word plays in splitting and matching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Asks for something to be done: begins a request.
    Verb,
    /// Something that can be asked about: its mention alone can be a request.
    Topic,
    /// A shape that can be drawn.
    Shape,
    /// A name of a running server.
    Server,
    /// Carries meaning only beside a verb or topic.
    Part,
    /// A number, hash, quoted string or other token that is known by its form.
    Form,
    /// Carries no meaning of its own; any rule may skip it.
    Filler,
    /// Not known.
    Unknown,
}

use Class::{Filler, Part, Shape, Topic, Verb};

/// One row: the class, the canonical word, and all the words that stand for it (the canonical one among them, if it is
/// itself English).
type Row = (Class, &'static str, &'static [&'static str]);

/// The canonical word and class of `word`, which must be in lower case.
pub fn look_up(word: &str) -> Option<(&'static str, Class)> {
    ROWS.iter()
        .find(|(_, _, words)| words.contains(&word))
        .map(|(class, canonical, _)| (*canonical, *class))
}

/// Every word with its class, for typo repair.
pub fn words() -> impl Iterator<Item = (&'static str, Class)> {
    ROWS.iter()
        .flat_map(|(class, _, words)| words.iter().map(|word| (*word, *class)))
}

#[rustfmt::skip]
static ROWS: &[Row] = &[
    // Drawing.
    (Verb, "draw", &["draw", "paint", "plot", "sketch", "render", "drawing", "draws"]),
    (Verb, "put", &["put", "place", "insert", "stick", "drop"]),
    (Verb, "make", &["make", "create", "build", "produce", "generate"]),
    (Verb, "give", &["give", "grant", "hand"]),
    (Verb, "add", &["add"]),
    (Verb, "set", &["set", "change"]),
    (Verb, "turn", &["turn", "switch", "power"]),
    (Verb, "write", &["write", "say", "type", "label"]),
    (Verb, "show", &["show", "list", "display", "view", "see", "print", "read", "enumerate", "tell", "report"]),
    (Verb, "clear", &["clear", "erase", "wipe", "clean", "blank", "cls"]),
    (Verb, "fill", &["fill", "flood", "cover"]),
    (Part, "color", &["color", "colour", "colored", "coloured", "colors", "colours"]),
    (Part, "filled", &["filled", "solid"]),
    (Part, "hollow", &["hollow", "outline", "outlined", "outlines", "empty", "unfilled", "border", "frame"]),
    (Shape, "square", &["square", "squares"]),
    (Shape, "rect", &["rectangle", "rectangles", "rect", "rects", "box", "boxes", "bar", "bars"]),
    (Shape, "circle", &["circle", "circles", "disc", "discs", "ball", "balls"]),
    (Shape, "line", &["line", "lines", "segment", "segments"]),
    (Shape, "triangle", &["triangle", "triangles"]),
    (Shape, "pixel", &["pixel", "pixels", "dot", "dots"]),
    (Shape, "othershape", &["ellipse", "ellipses", "oval", "ovals", "star", "stars", "hexagon", "hexagons", "pentagon",
        "polygon", "polygons", "heart", "hearts", "arrow", "arrows", "cube", "sphere", "spiral", "curve", "arc", "cross",
        "diamond", "octagon", "trapezoid", "parabola"]),
    (Part, "point", &["point", "points", "coordinates", "coordinate", "coords", "location", "spot", "position"]),
    (Topic, "text", &["text", "texts", "string", "caption"]),
    (Part, "words", &["word", "words", "letters", "message", "sentence"]),
    (Topic, "screen", &["screen", "canvas", "background", "desktop", "backdrop"]),
    (Part, "center", &["center", "centre", "middle", "centered", "centred"]),
    (Part, "top", &["top", "upper"]),
    (Part, "bottom", &["bottom", "lower"]),
    (Part, "left", &["left"]),
    (Part, "right", &["right"]),
    (Part, "corner", &["corner", "corners", "vertices", "vertex"]),
    (Part, "side", &["side", "sides", "edge", "edges", "half"]),
    (Part, "size", &["size", "sized", "sizes", "dimensions", "dimension", "measuring"]),
    (Part, "width", &["width", "w"]),
    (Part, "wide", &["wide", "broad", "across"]),
    (Part, "height", &["height", "h"]),
    (Part, "tall", &["tall", "high"]),
    (Part, "radius", &["radius", "r", "radii"]),
    (Part, "diameter", &["diameter"]),
    (Part, "length", &["length", "long"]),
    (Part, "thickness", &["thickness", "thick", "stroke"]),
    (Part, "px", &["px"]),
    (Part, "x", &["x"]),
    (Part, "y", &["y"]),
    (Part, "x1", &["x1"]), (Part, "y1", &["y1"]), (Part, "x2", &["x2"]), (Part, "y2", &["y2"]),
    (Part, "x3", &["x3"]), (Part, "y3", &["y3"]),
    (Part, "row", &["row", "rows", "horizontally"]),
    (Part, "column", &["column", "columns", "stack", "stacked", "vertically", "cols"]),
    (Part, "grid", &["grid", "matrix", "lattice"]),
    (Part, "horizontal", &["horizontal"]),
    (Part, "vertical", &["vertical"]),
    (Part, "apart", &["apart"]),
    (Part, "spacing", &["spacing", "spaced", "gap", "gaps", "space", "distance"]),
    (Part, "beside", &["beside"]),
    (Part, "each", &["each"]),
    (Part, "starting", &["starting", "beginning", "ending"]),
    (Part, "something", &["something", "anything", "stuff", "thing", "things", "picture", "shape", "shapes", "figure"]),
    // Windows.
    (Topic, "window", &["window", "win"]),
    (Topic, "windows", &["windows"]),
    (Verb, "open", &["open"]),
    (Verb, "close", &["close", "shut", "dismiss"]),
    (Verb, "move", &["move", "drag", "shift", "relocate"]),
    (Verb, "resize", &["resize", "rescale"]),
    (Verb, "focus", &["focus", "activate", "select", "raise"]),
    (Verb, "bring", &["bring"]),
    (Part, "front", &["front", "foreground", "forward"]),
    (Part, "titled", &["titled", "called", "named", "title", "entitled", "name"]),
    (Part, "new", &["new", "another"]),
    // Servers.
    (Topic, "servers", &["servers", "services", "processes", "daemons", "tasks", "ps"]),
    (Part, "server", &["server", "service", "daemon", "driver", "process"]),
    (Verb, "restart", &["restart", "relaunch", "respawn", "reload"]),
    (Verb, "kill", &["kill", "terminate"]),
    (Verb, "stop", &["stop", "halt", "end", "quit", "abort"]),
    (Verb, "take", &["take"]),
    (Verb, "crash", &["crash", "crashes"]),
    (Verb, "provoke", &["provoke", "cause", "trigger", "inject"]),
    (Part, "fault", &["fault", "error", "exception"]),
    (Part, "null", &["null"]),
    (Part, "pointer", &["pointer", "dereference", "instruction", "overflow", "overrun", "infinite", "endless", "undefined",
        "illegal", "invalid", "opcode"]),
    (Part, "ud2", &["ud2"]),
    (Part, "loop", &["loop"]),
    (Part, "garbage", &["garbage"]),
    (Topic, "caps", &["caps", "capabilities", "capability", "rights", "permissions", "privileges"]),
    (Part, "allowed", &["allowed", "permitted", "able", "may"]),
    (Topic, "log", &["log", "logs", "journal", "logged"]),
    (Part, "lines-of", &["entries", "happened", "output", "recent", "latest", "last"]),
    (Topic, "status", &["status", "state", "condition"]),
    (Part, "alive", &["alive", "running", "up", "healthy", "working", "responding", "well", "fine", "dead"]),
    (Part, "doing", &["doing", "going"]),
    // The machine.
    (Topic, "memory", &["memory", "mem", "ram"]),
    (Topic, "disk", &["disk", "disks", "drive", "storage"]),
    (Topic, "cpu", &["cpu", "cpus", "processor", "processors"]),
    (Topic, "core", &["core", "cores"]),
    (Topic, "top", &["resources", "resource"]),
    (Part, "busy", &["busy", "load", "loaded"]),
    (Part, "usage", &["usage", "use", "used", "uses", "using", "utilisation", "utilization", "consumption", "consume", "need",
        "needs", "occupy", "occupies", "takes"]),
    (Part, "free", &["free", "available", "full", "remaining"]),
    (Part, "most", &["most", "biggest", "heaviest"]),
    (Part, "eat", &["eating", "eats", "eat", "hogging", "hogs", "hog", "consuming", "busiest", "taking", "burning"]),
    (Topic, "trace", &["trace", "tracing"]),
    (Verb, "watch", &["watch", "follow", "monitor"]),
    (Part, "ipc", &["ipc", "traffic", "messages", "calls"]),
    (Topic, "version", &["version", "release"]),
    (Topic, "help", &["help", "manual", "commands", "assistance"]),
    (Topic, "root", &["root"]),
    (Part, "merkle", &["merkle"]),
    (Topic, "audit", &["audit"]),
    (Topic, "pages", &["pages", "page"]),
    (Part, "executable", &["executable"]),
    (Part, "share", &["share", "shares", "sharing", "shared"]),
    (Part, "physical", &["physical"]),
    (Topic, "code", &["code"]),
    (Verb, "poweroff", &["poweroff", "shutdown", "power-off"]),
    (Verb, "reboot", &["reboot"]),
    (Part, "machine", &["machine", "computer", "system", "pc", "os", "velocity", "velocity-os"]),
    (Part, "machines", &["machines", "computers"]),
    (Part, "off", &["off"]),
    (Part, "down", &["down"]),
    (Part, "on", &["on"]),
    (Part, "back", &["back"]),
    (Part, "again", &["again"]),
    (Part, "all", &["all", "every", "everything", "whole", "entire"]),
    // Modules.
    (Topic, "module", &["module", "program", "programme", "app", "binary"]),
    (Topic, "modules", &["modules", "programs", "programmes", "apps"]),
    (Part, "stored", &["stored", "installed", "known", "saved"]),
    (Verb, "store", &["store", "save", "keep"]),
    (Verb, "fetch", &["fetch", "get", "retrieve", "download"]),
    (Verb, "import", &["import"]),
    (Verb, "run", &["run", "execute", "launch", "invoke"]),
    (Verb, "start", &["start", "begin"]),
    (Verb, "time", &["time"]),
    (Part, "timed", &["timed", "timing", "stopwatch", "measured"]),
    (Verb, "measure", &["measure"]),
    (Part, "args", &["args", "arguments", "argument", "arg", "parameters", "parameter", "inputs"]),
    (Part, "hash", &["hash", "content", "contents", "object", "blob"]),
    (Part, "file", &["file", "document"]),
    // Evolution and healing.
    (Verb, "freeze", &["freeze", "pause", "suspend"]),
    (Verb, "thaw", &["thaw", "resume", "unfreeze", "unpause", "continue"]),
    (Verb, "evolve", &["evolve", "improve", "optimize", "optimise"]),
    (Part, "evolution-topic", &["evolving", "self-improvement", "optimizer", "optimiser", "improvement", "optimization",
        "optimisation"]),
    (Part, "frozen", &["frozen", "paused"]),
    (Part, "changed", &["changed", "changes", "decisions", "decide", "decided", "improved", "evolved", "history"]),
    (Verb, "rollback", &["rollback", "revert", "undo"]),
    (Verb, "roll", &["roll"]),
    (Verb, "go", &["go"]),
    (Part, "previous", &["previous", "older", "old", "before", "earlier"]),
    (Verb, "scrub", &["scrub", "verify", "validate", "rescan", "scan"]),
    (Verb, "check", &["check", "inspect", "examine"]),
    (Verb, "heal", &["heal", "repair"]),
    (Part, "integrity", &["integrity", "health", "intact", "corrupted", "damaged"]),
    (Part, "against", &["against", "hashes"]),
    // Inference and the network.
    (Topic, "model", &["model", "ai", "llm", "assistant"]),
    (Topic, "models", &["models"]),
    (Topic, "infer", &["infer"]),
    (Verb, "ask", &["ask", "query", "prompt"]),
    (Verb, "attach", &["attach", "mount"]),
    (Topic, "bench", &["bench", "benchmark"]),
    (Part, "fast", &["fast", "faster", "quick", "quicker", "speed"]),
    (Part, "ready", &["ready", "attached"]),
    (Verb, "connect", &["connect", "link", "join"]),
    (Topic, "peers", &["peers", "nodes", "neighbours", "neighbors"]),
    (Topic, "peer", &["peer", "node"]),
    (Part, "connected", &["connected"]),
    (Part, "network", &["network"]),
    // Arithmetic.
    (Part, "plus", &["plus"]),
    (Part, "minus", &["minus"]),
    (Part, "times", &["times", "multiplied"]),
    (Part, "divided", &["divided", "over"]),
    (Verb, "calculate", &["calculate", "compute", "calc", "evaluate", "work"]),
    (Verb, "multiply", &["multiply"]),
    (Verb, "divide", &["divide"]),
    (Verb, "subtract", &["subtract"]),
    (Part, "mod", &["mod", "modulo"]),
    (Part, "power", &["squared", "cubed"]),
    (Part, "sum", &["sum", "product", "difference", "quotient", "remainder", "twice", "double", "percent"]),
    // Pronouns are content: a rule must know what to do with them.
    (Part, "it", &["it", "that", "this", "them", "these", "those"]),
    (Part, "can", &["can"]),
    (Part, "do", &["do", "does", "did", "hold", "holds", "have", "has"]),
    (Part, "what", &["whats", "what's", "what", "which"]),
    (Part, "who", &["who", "who's"]),
    (Part, "how", &["how", "how's"]),
    (Part, "much", &["much", "many"]),
    (Part, "where", &["where", "whose", "origin", "come", "comes"]),
    (Filler, "at", &["at"]),
    (Filler, "to", &["to", "onto", "into", "towards", "until"]),
    (Filler, "from", &["from"]),
    (Filler, "between", &["between"]),
    (Filler, "in", &["in", "inside", "within"]),
    (Filler, "with", &["with", "having"]),
    (Filler, "by", &["by"]),
    (Filler, "of", &["of"]),
    (Filler, "as", &["as"]),
    (Filler, "and", &["and", "also", "then", "afterwards", "after", "next", "finally", "too", "&", "followed"]),
    (Filler, "a", &["a", "an"]),
    (Filler, "the", &["the"]),
    (Filler, "filler", &["please", "pls", "plz", "kindly", "could", "would", "will", "you", "i", "we", "me", "my", "us", "our",
        "want", "like", "just", "now", "so", "ok", "okay", "hey", "there", "here", "for", "is", "are", "was", "be",
        "been", "being", "it's", "its", "there's", "am", "i'd", "i'll", "let's", "lets", "let", "some", "any", "current",
        "currently", "still", "thanks", "thank", "quickly", "actually", "really", "immediately", "nice", "nicely",
        "kind", "should", "shall", "exactly", "ahead", "your", "their", "were",
        "away", "live", "moment", "about", "lovely"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn each_word_stands_in_one_row_only() {
        let mut seen = BTreeSet::new();
        for (word, _) in words() {
            assert!(seen.insert(word), "{word} stands twice");
        }
    }
}
