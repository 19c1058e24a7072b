//! Typo repair: an unknown word becomes the nearest known one, at most two edits away.
//!
//! The distance is optimal string alignment (insertion, deletion, substitution, swap of neighbours), computed in a band of
//! a fixed number of rows, so the cost is bounded by the vocabulary and [`WORD_MAX`]. Short words tolerate fewer edits,
//! because one edit turns most of them into another word; common English words are never repaired, because "read" is not
//! a misspelt "red". Decided against: phonetic codes (they merge "write" and "right", which are both in the vocabulary).

use alloc::vec::Vec;

use super::{
    colors,
    lexer::{Kind, Token},
    vocabulary::{self, Class},
};

/// Most characters of a word that is still looked at. No word of the vocabulary comes near.
const WORD_MAX: usize = 24;
/// Most repairs in one line: a line with more unknown words is not a misspelt request.
const REPAIRS_MAX: usize = 24;
/// Cost of one edit; the rest of the scale only breaks ties.
const EDIT: u32 = 10;

/// Repairs unknown words in place. `servers` are names that count as known.
pub fn repair(tokens: &mut [Token], servers: &[&str]) {
    let titled: Vec<bool> = tokens
        .iter()
        .map(|t| t.raw.starts_with(char::is_uppercase))
        .collect();
    let all_titled = tokens
        .iter()
        .zip(&titled)
        .all(|(t, titled)| t.kind != Kind::Word || *titled);
    let mut left = REPAIRS_MAX;
    for at in 0..tokens.len() {
        let named = (at > 0 && names_next(&tokens[at - 1].low))
            || tokens
                .get(at + 1)
                .is_some_and(|next| names_previous(&next.low))
            || (titled[at] && at > 0 && !all_titled);
        let token = &tokens[at];
        if left == 0 || token.kind != Kind::Word || is_known(&token.low, servers) {
            continue;
        }
        // A name is kept as typed unless the slip is a plain one in a long word.
        if named {
            continue;
        }
        if let Some(word) = nearest(&token.low, servers) {
            left -= 1;
            tokens[at].low = word.into();
        }
    }
}

/// Whether the word after `word` is a name that the user made up.
fn names_next(word: &str) -> bool {
    matches!(
        word,
        "titled"
            | "called"
            | "named"
            | "title"
            | "name"
            | "entitled"
            | "program"
            | "module"
            | "run"
            | "execute"
            | "launch"
            | "model"
            | "attach"
            | "file"
            | "invoke"
            | "app"
    )
}

/// Whether the word before `word` is such a name.
fn names_previous(word: &str) -> bool {
    matches!(word, "window" | "program" | "module" | "app" | "model")
}

fn is_known(word: &str, servers: &[&str]) -> bool {
    vocabulary::look_up(word).is_some()
        || servers.contains(&word)
        || colors::is_name(word)
        || colors::Shade::of(word).is_some()
        || is_common(word)
        || super::refusal::knows(word)
        || number_words().any(|n| n == word)
        || super::numbers::ordinal(word).is_some()
        || word.contains('-')
}

fn number_words() -> impl Iterator<Item = &'static str> {
    [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
        "thirty",
        "forty",
        "fifty",
        "sixty",
        "seventy",
        "eighty",
        "ninety",
        "hundred",
        "thousand",
        "million",
        "dozen",
    ]
    .into_iter()
}

/// The known word nearest to `word`, if one is near enough.
pub fn nearest<'a>(word: &str, servers: &[&'a str]) -> Option<&'a str> {
    let typed: Vec<char> = word.chars().take(WORD_MAX + 1).collect();
    if typed.len() > WORD_MAX || typed.len() < 3 || !typed.iter().all(|c| c.is_alphabetic()) {
        return None;
    }
    let mut best: Option<(u32, &'a str)> = None;
    let known = vocabulary::words()
        .map(|(word, class)| (word, handicap(word, class)))
        .chain(colors::names().map(|name| (name, 0)))
        .chain(number_words().map(|word| (word, 0)))
        .chain(["light", "dark"].map(|word| (word, 2)));
    for (candidate, handicap) in known.chain(servers.iter().map(|name| (*name, 0))) {
        let cost = cost(&typed, candidate).map(|cost| cost + handicap);
        if let Some(cost) = cost.filter(|c| best.is_none_or(|(least, _)| *c < least)) {
            best = Some((cost, candidate));
        }
    }
    best.map(|(_, word)| word)
}

/// Short words of little meaning are the less likely ones: "whit" is rather "white" than "what".
fn handicap(word: &str, class: Class) -> u32 {
    if class == Class::Filler || (class == Class::Part && word.len() <= 4) {
        3
    } else {
        0
    }
}

/// What turning `typed` into `known` costs, if that is a slip a person makes.
fn cost(typed: &[char], known: &str) -> Option<u32> {
    let target: Vec<char> = known.chars().collect();
    let (n, m) = (typed.len(), target.len());
    // Two letters more or less make another form of the word ("printer"), unless it is long.
    if m < 3 || n.abs_diff(m) > if n >= 9 { 2 } else { 1 } {
        return None;
    }
    let distance = alignment(typed, &target);
    let allowed = match n {
        // In three letters only a missing or a swapped one is recognisable.
        3 if m == 4 || (m == 3 && swapped(typed, &target)) => 1,
        3 => 0,
        4 | 5 => 1,
        _ => 2,
    };
    let edits = distance / EDIT;
    let first_differs = typed[0] != target[0];
    if edits == 0 || edits > allowed || (first_differs && (edits > 1 || n < 5)) {
        return None;
    }
    Some(distance + if first_differs { 3 } else { 0 })
}

fn swapped(a: &[char], b: &[char]) -> bool {
    let (mut left, mut right) = (a.to_vec(), b.to_vec());
    left.sort_unstable();
    right.sort_unstable();
    left == right
}

/// Optimal string alignment, an edit costing [`EDIT`]; a substitution costs one more, so that a missing letter wins ties.
fn alignment(a: &[char], b: &[char]) -> u32 {
    let width = b.len() + 1;
    let mut before: Vec<u32> = Vec::new();
    let mut above: Vec<u32> = (0..width as u32).map(|j| j * EDIT).collect();
    for i in 1..=a.len() {
        let mut row = Vec::with_capacity(width);
        row.push(i as u32 * EDIT);
        for j in 1..width {
            let change = if a[i - 1] == b[j - 1] { 0 } else { EDIT + 1 };
            let mut least = (above[j - 1] + change)
                .min(above[j] + EDIT)
                .min(row[j - 1] + EDIT);
            if i > 1
                && j > 1
                && a[i - 1] == b[j - 2]
                && a[i - 2] == b[j - 1]
                && a[i - 1] != a[i - 2]
            {
                least = least.min(before[j - 2] + EDIT);
            }
            row.push(least);
        }
        before = core::mem::replace(&mut above, row);
    }
    above[b.len()]
}

/// Frequent English words near the vocabulary that mean something else, or nothing, to this grammar.
fn is_common(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "able", "above", "act", "age", "ago", "air", "alone", "along", "always", "army", "art",
        "away", "baby", "bad", "bake", "bank", "base", "bath", "bear", "bed", "bell", "below",
        "best", "better", "big", "bill", "bird", "blow", "boat", "body", "book", "born", "both",
        "bread", "break", "buy", "cake", "call", "came", "car", "card", "care", "cash", "cat",
        "chair", "cheap", "child", "city", "class", "cold", "come", "cook", "cool", "cost", "cup",
        "cut", "dance", "date", "day", "deal", "dear", "delete", "dinner", "dog", "done", "door",
        "dream", "dress", "drink", "dust", "ear", "east", "email", "even", "ever", "eye", "face",
        "fact", "fall", "family", "far", "farm", "fear", "feel", "find", "fire", "fish", "fit",
        "flight", "flow", "fly", "food", "foot", "forget", "form", "format", "found", "friend",
        "fun", "game", "girl", "glad", "good", "got", "great", "ground", "grow", "guess", "hair",
        "hall", "hard", "hat", "hate", "head", "hear", "hell", "her", "him", "his", "hire", "hold",
        "home", "hope", "horse", "hot", "hour", "house", "hurt", "ice", "idea", "island", "job",
        "joke", "key", "kid", "king", "kiss", "knee", "knew", "know", "lake", "land", "late",
        "laugh", "law", "lead", "learn", "leave", "less", "lie", "life", "lift", "live", "lock",
        "look", "lose", "lost", "lot", "love", "low", "lunch", "mad", "mail", "main", "man", "map",
        "mark", "meal", "mean", "meat", "meet", "milk", "mind", "miss", "money", "moon", "more",
        "movie", "music", "near", "neck", "never", "news", "nobody", "none", "nose", "not", "note",
        "nothing", "order", "other", "out", "own", "pain", "pair", "paper", "part", "party",
        "pass", "past", "path", "pay", "phone", "piano", "pick", "pizza", "plan", "plane", "plant",
        "play", "poem", "poor", "post", "pull", "push", "rain", "ran", "reach", "read", "real",
        "remove", "rest", "rice", "rich", "ride", "ring", "river", "road", "rock", "room", "rose",
        "safe", "said", "sale", "salt", "same", "sand", "sad", "school", "sea", "search", "seat",
        "sell", "send", "sent", "ship", "shirt", "shoe", "shop", "shot", "show", "sick", "sing",
        "sit", "skin", "sky", "sleep", "slow", "smile", "snow", "soap", "sock", "soft", "sold",
        "son", "song", "soon", "sort", "sound", "soup", "spend", "stand", "star", "stay", "steal",
        "steam", "still", "stone", "story", "street", "strong", "such", "sun", "sure", "swim",
        "tail", "talk", "taxi", "tea", "teach", "team", "tear", "test", "than", "ticket", "tie",
        "tired", "today", "told", "took", "town", "train", "trap", "tree", "trip", "true", "try",
        "type", "uncle", "under", "unless", "wait", "walk", "wall", "war", "warm", "wash", "water",
        "wave", "way", "wear", "weather", "week", "went", "west", "wet", "when", "while", "wife",
        "wild", "win", "wind", "wine", "wing", "wish", "without", "woman", "won", "wood", "world",
        "worst", "wrong", "year", "yes", "zoo", "why", "loud", "mouth", "month", "mouse",
        "printer", "painter", "starter", "reader", "writer", "player", "locks", "clock", "house",
        "minute", "second", "hours", "days", "dinner", "winner", "feed", "hide", "pet", "bet",
        "let", "met", "got", "bit", "net", "man", "wallet",
    ];
    WORDS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: &[&str] = &["nvme", "net", "biosphere", "compositor"];

    #[test]
    fn common_slips_are_repaired() {
        for (typed, meant) in [
            ("rectangel", "rectangle"),
            ("sqaure", "square"),
            ("sqare", "square"),
            ("cirlce", "circle"),
            ("yelow", "yellow"),
            ("gren", "green"),
            ("blu", "blue"),
            ("rde", "red"),
            ("widnow", "window"),
            ("restrat", "restart"),
            ("memroy", "memory"),
            ("drwa", "draw"),
            ("biospher", "biosphere"),
            ("nmve", "nvme"),
            ("hunderd", "hundred"),
            ("ircle", "circle"),
            ("lsit", "list"),
            ("kil", "kill"),
            ("wiht", "with"),
            ("whit", "white"),
            ("purpel", "purple"),
        ] {
            assert_eq!(nearest(typed, SERVERS), Some(meant), "{typed}");
        }
    }

    #[test]
    fn other_words_stay_as_they_are() {
        let mut tokens =
            super::super::lexer::tokens("read a fire taxi titled Cirlce 'sqaure' zzz Sqaure");
        repair(&mut tokens, SERVERS);
        let low: Vec<&str> = tokens.iter().map(|t| t.low.as_str()).collect();
        assert_eq!(
            low,
            [
                "read", "a", "fire", "taxi", "titled", "cirlce", "sqaure", "zzz", "sqaure"
            ]
        );
    }
}
