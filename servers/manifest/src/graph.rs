//! Pictures of the topology: who may call whom, who drives what.

use std::fmt::Write;

use protocol::manifest::Manifest;

/// An arrow from a server to what it reaches.
struct Edge {
    from: String,
    to: String,
    label: String,
}

/// Calls as arrows between servers.
fn calls(manifest: &Manifest) -> Vec<Edge> {
    let mut edges = Vec::new();
    for server in &manifest.servers {
        for service in &server.calls {
            if let Some(provider) = manifest.provider(service) {
                edges.push(Edge {
                    from: server.name.to_string(),
                    to: provider.name.to_string(),
                    label: service.to_string(),
                });
            }
        }
    }
    edges
}

/// Names allow hyphens, which Mermaid takes for arrows.
fn identifier(name: &str) -> String {
    name.replace('-', "_")
}

/// A Mermaid flowchart, as the book shows it.
pub fn mermaid(manifest: &Manifest) -> String {
    let mut out = "flowchart LR\n".to_string();
    for server in &manifest.servers {
        let (name, core) = (&server.name, server.core);
        line(
            &mut out,
            format_args!("    {}[\"{name}<br/>core {core}\"]", identifier(name)),
        );
        for device in &server.devices {
            let device = device.name();
            line(
                &mut out,
                format_args!("    {} --- dev_{device}([{device}])", identifier(name)),
            );
        }
    }
    for Edge { from, to, label } in calls(manifest) {
        let (from, to) = (identifier(&from), identifier(&to));
        line(&mut out, format_args!("    {from} -->|{label}| {to}"));
    }
    out
}

/// Graphviz input.
pub fn dot(manifest: &Manifest) -> String {
    let mut out = "digraph system {\n    rankdir=LR;\n    node [shape=box];\n".to_string();
    for server in &manifest.servers {
        let (name, core) = (&server.name, server.core);
        line(
            &mut out,
            format_args!("    \"{name}\" [label=\"{name}\\ncore {core}\"];"),
        );
        for device in &server.devices {
            let device = device.name();
            line(
                &mut out,
                format_args!("    \"dev {device}\" [label=\"{device}\", shape=ellipse];"),
            );
            line(
                &mut out,
                format_args!("    \"{name}\" -> \"dev {device}\" [dir=none];"),
            );
        }
    }
    for Edge { from, to, label } in calls(manifest) {
        line(
            &mut out,
            format_args!("    \"{from}\" -> \"{to}\" [label=\"{label}\"];"),
        );
    }
    out.push_str("}\n");
    out
}

/// A line a server, in start order, for terminals.
pub fn text(manifest: &Manifest) -> String {
    let mut out = String::new();
    let width = manifest
        .servers
        .iter()
        .map(|server| server.name.len())
        .max()
        .unwrap_or(0);
    for server in &manifest.servers {
        let mut parts = vec![format!(
            "core {}, priority {}",
            server.core, server.priority
        )];
        let mut part = |what: &str, names: Vec<String>| {
            if !names.is_empty() {
                parts.push(format!("{what} {}", names.join(", ")));
            }
        };
        part(
            "calls",
            server.calls.iter().map(ToString::to_string).collect(),
        );
        part(
            "drives",
            server
                .devices
                .iter()
                .map(|device| device.name().to_string())
                .collect(),
        );
        part(
            "may",
            server
                .authorities
                .iter()
                .map(|right| right.name().to_string())
                .collect(),
        );
        line(
            &mut out,
            format_args!("{:width$}  {}", server.name, parts.join("; ")),
        );
    }
    out
}

fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a String takes everything");
}
